#!/usr/bin/env python3
"""The table of tests/scenarios/README.md is true.

Goal: who looks for a fact or a case finds what shows it, and nothing that shows
one is missing from the table.

Method: each row names ids and what shows them: a scenario file of this folder or
a test, `Suite.Name` of a C++ source. Files must exist and carry the row's ids;
every scenario file must be in the table with all of its ids; a named test must be
written in a source under tests/. `--self-test` plants one fault of each kind and
requires it to be seen.
"""
import pathlib
import re
import sys

import yaml

ROW = re.compile(r"^\| *([^|]+?) *\| *([^|]+?) *\| *([^|]+?) *\|$")
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.M)


def rows_of(text):
    """(ids, things) of each row below a header whose first cell is `id`."""
    rows, inside = [], False
    for line in text.splitlines():
        cells = ROW.match(line)
        if not cells:
            inside = False
        elif cells[1] == "id":
            inside = True
        elif inside and not set(cells[1]) <= set("-: "):
            ids = [one.strip() for one in cells[1].split(",")]
            rows.append((ids, re.findall(r"`([^`]+)`", cells[2])))
    return rows


def faults(text, scenarios, tests):
    """What is wrong; `scenarios`: file name -> ids, `tests`: set of names."""
    found, shown = [], {}
    for ids, things in rows_of(text):
        for thing in things:
            if thing.endswith(".yaml"):
                if thing not in scenarios:
                    found.append(f"{thing}: there is no such scenario")
                    continue
                shown.setdefault(thing, set()).update(ids)
                found += [f"{thing}: does not name {one} in its ids"
                          for one in ids if one not in scenarios[thing]]
            elif thing not in tests:
                found.append(f"{thing}: there is no such test")
        if not things:
            found.append(f"{', '.join(ids)}: nothing shows it")
    for name, ids in scenarios.items():
        found += [f"{name}: {one} is not in the table"
                  for one in ids if one not in shown.get(name, set())]
    return found


def main():
    here = pathlib.Path(__file__).resolve().parent
    text = (here / "README.md").read_text()
    scenarios = {p.name: [str(one) for one in yaml.load(p.read_text(), yaml.BaseLoader)["ids"]]
                 for p in sorted(here.glob("*.yaml"))}
    sources = [p.read_text() for p in here.parent.rglob("*_test.cc")]
    tests = {f"{suite}.{name}" for s in sources for suite, name in TEST.findall(s)}
    if "--self-test" in sys.argv:
        name, ids = next(iter(scenarios.items()))
        planted = [
            (text + f"\n| id | shown by | result |\n|---|---|---|\n| {ids[0]} | `none.yaml` | 0 |\n", scenarios),
            (text + f"\n| id | shown by | result |\n|---|---|---|\n| {ids[0]} | `No.Test` | 0 |\n", scenarios),
            (text + f"\n| id | shown by | result |\n|---|---|---|\n| ZZ-99 | `{name}` | 0 |\n", scenarios),
            (text, {**scenarios, "new.yaml": ["YB-02"]}),
        ]
        unseen = [i for i, (t, s) in enumerate(planted) if not faults(t, s, tests)]
        print(f"{len(planted) - len(unseen)} of {len(planted)} planted faults seen")
        return 1 if unseen else 0
    wrong = faults(text, scenarios, tests)
    print("\n".join(wrong) or f"{len(scenarios)} scenarios, all in the table")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
