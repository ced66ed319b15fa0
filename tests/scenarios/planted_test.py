#!/usr/bin/env python3
"""A scenario that expects something wrong fails, and says what a person needs.

Usage: planted_test.py THON FILE. The file's first lines say how it must end and
what the output must hold: `# exit: 1` and `# says: TEXT`.
"""
import pathlib
import subprocess
import sys


def main():
    thon, file = sys.argv[1:]
    wanted_exit, says = None, []
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# exit: "):
            wanted_exit = int(line[8:])
        elif line.startswith("# says: "):
            says.append(line[8:])
    if wanted_exit not in (1, 2) or not says:
        print(f"{file} does not say how it must end")
        return 1
    run = subprocess.run([thon, "scenario", "run", file], capture_output=True, text=True, timeout=100)
    output = run.stdout + run.stderr
    missing = [text for text in says if text not in output]
    if run.returncode == wanted_exit and not missing:
        return 0
    print(f"exit {run.returncode}, expected {wanted_exit}; not said: {missing}\n{output}")
    return 1


sys.exit(main())
