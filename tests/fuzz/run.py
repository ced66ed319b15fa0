#!/usr/bin/env python3
"""Runs the fuzzers of build/fuzz, two at a time; `tools/test --only fuzz` does.

Each starts with the seeds of seeds.py, what earlier runs found worth keeping
(build/fuzz/corpus), and regressions/<target>/. First a fault that was planted
must be found, so that silence means something.
"""

import argparse
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import xml.sax.saxutils

import seeds

HERE = pathlib.Path(__file__).parent
SHARED = ["-max_len=8192", "-timeout=20", "-rss_limit_mb=2048", "-malloc_limit_mb=64", "-use_value_profile=1",
          "-print_final_stats=1", "-verbosity=1"]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build", type=pathlib.Path, help="where the preset fuzz was built")
    parser.add_argument("--seconds", type=int, default=60, help="of each fuzzer")
    parser.add_argument("--jobs", type=int, default=2, help="fuzzers at a time")
    parser.add_argument("--filter", default="", help="only targets whose name matches")
    parser.add_argument("--report", type=pathlib.Path, help="a JUnit file to write")
    return parser.parse_args()


def run(build, target, seconds):
    """The exit status and the output of one fuzzer."""
    fresh = build / "seeds" / target
    shutil.rmtree(fresh, ignore_errors=True)
    seeds.write(fresh, target)
    corpus = build / "corpus" / target
    if target == "planted":
        shutil.rmtree(corpus, ignore_errors=True)  # What found the fault before is not to find it again.
    corpus.mkdir(parents=True, exist_ok=True)
    found = build / "found"
    found.mkdir(exist_ok=True)
    folders = [corpus, fresh] + [folder for folder in [HERE / "regressions" / target] if folder.is_dir()]
    command = [build / "bin" / f"fuzz_{target}", *folders, *SHARED, f"-max_total_time={seconds}",
               f"-artifact_prefix={found}/{target}-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds + 120, check=False)
        return done.returncode, done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return -1, (late.stderr or b"").decode(errors="replace") + "\nit did not end by itself"


def planted_was_found(build):
    status, output = run(build, "planted", 60)
    print(f"   planted fault: {'found' if status else 'NOT FOUND'}", flush=True)
    return status != 0 and "AddressSanitizer: stack-buffer-overflow" in output, output


def fuzz(build, target, seconds):
    status, output = run(build, target, seconds)
    count = re.search(r"stat::number_of_executed_units: *(\d+)", output)
    print(f"   {target}: {count[1] if count else 'unknown'} inputs, {'no fault' if status == 0 else 'FAULT'}", flush=True)
    # A fuzzer that ran nothing found nothing.
    return status == 0 and count is not None and int(count[1]) > 1000, output


def main():
    arguments = parse()
    build = arguments.build.resolve()
    results = {}
    if re.search(arguments.filter, "planted"):
        results["planted"] = planted_was_found(build)
    targets = [target for target in seeds.TARGETS if re.search(arguments.filter, target)]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        futures = {target: pool.submit(fuzz, build, target, arguments.seconds) for target in targets}
        results.update({target: future.result() for target, future in futures.items()})
    for target, (good, output) in results.items():
        if not good:
            print(f"FAILED fuzz_{target}:\n{output[-6000:]}")
            print(f"Again: {build}/bin/fuzz_{target} {build}/found/{target}-<hash>. When it is mended, keep the input in "
                  f"tests/fuzz/regressions/{target}/.")
    if arguments.report:
        cases = "".join(f'<testcase name={xml.sax.saxutils.quoteattr("fuzz_" + target)} status="{"run" if good else "fail"}"/>'
                        for target, (good, _) in results.items())
        arguments.report.write_text(f"<testsuite>{cases}</testsuite>\n")
    bad = sum(not good for good, _ in results.values())
    print(f"{len(results) - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
