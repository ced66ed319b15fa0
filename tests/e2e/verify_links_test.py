#!/usr/bin/env python3
"""The auditor's program is linked with no storage, no gRPC and no server.

Method: what ldd says of it, and which of our own rooms its symbols come from.
thond is the control: there, all of it must be found.

  verify_links_test.py BIN_DIR
"""

import subprocess
import sys
import unittest
from pathlib import Path

BIN_DIR = Path()
FOREIGN = ("rocksdb", "grpc", "gpr", "boost", "prometheus")
# A class of each room that the program must do without.
SERVER_SYMBOLS = ("thon::EntryLog::Open", "thon::RowStore::Open", "thon::Engine::Open", "thon::WatchHub")


def libraries_of(program):
    text = subprocess.run(["ldd", BIN_DIR / program], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in text.splitlines() if line.strip()]


def symbols_of(program):
    return subprocess.run(["nm", "-C", "--defined-only", BIN_DIR / program], capture_output=True, text=True,
                          check=True).stdout


class VerifyLinksTest(unittest.TestCase):
    def foreign(self, program):
        return {name for name in FOREIGN for library in libraries_of(program) if name in library}

    def test_no_foreign_library_is_linked(self):
        self.assertEqual(self.foreign("thon-verify"), set())
        self.assertTrue({"rocksdb", "grpc"} <= self.foreign("thond"))

    def test_nothing_of_the_server_is_inside(self):
        inside = symbols_of("thon-verify")
        self.assertEqual([name for name in SERVER_SYMBOLS if name in inside], [])
        server = symbols_of("thond")
        self.assertEqual([name for name in SERVER_SYMBOLS if name not in server], [])


if __name__ == "__main__":
    BIN_DIR = Path(sys.argv.pop(1))
    unittest.main()
