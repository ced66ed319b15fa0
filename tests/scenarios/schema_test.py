#!/usr/bin/env python3
"""Every scenario file satisfies scenario.schema.json, and files that do not are seen.

Goal: editors that know JSON Schema complete and check what the program reads.

Method: values are read as text, as the program reads them. Then one valid file is
spoilt in several ways, and each must be refused.
"""
import copy
import json
import pathlib
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent


def load(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def main():
    schema = json.loads((HERE / "scenario.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    bad = 0
    files = sorted(HERE.glob("*.yaml"))
    if not files:
        print("no scenario files")
        return 1
    for path in files:
        for error in validator.iter_errors(load(path)):
            place = "/".join(str(part) for part in error.absolute_path)
            print(f"{path.name}: {place}: {error.message[:200]}")
            bad += 1
    good = load(HERE / "t01.yaml")
    spoils = {
        "an unknown field": lambda one: one.update(phone={}),
        "no expectation": lambda one: one.pop("expect"),
        "an empty expectation": lambda one: one.update(expect=[]),
        "an unknown payload": lambda one: one["steps"][0].update(record={"outreach": {}}),
        "a unit without a kind": lambda one: one["map"]["thon-1"].pop("kind"),
        "an expectation about nothing": lambda one: one["expect"].append({"state": "HELD"}),
    }
    for what, spoil in spoils.items():
        spoilt = copy.deepcopy(good)
        spoil(spoilt)
        if validator.is_valid(spoilt):
            print(f"{what} passes the schema")
            bad += 1
    return 1 if bad else 0


sys.exit(main())
