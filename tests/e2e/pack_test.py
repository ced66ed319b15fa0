#!/usr/bin/env python3
"""An auditor takes a pack of the demo's log home and reaches the same đồng.

Method: the small demo is played on built programs; `thon audit pack` makes a
folder and a tar of its log; a copy of thon-verify verifies each in a folder
with nothing else in it. Then one bit of the pack is turned, which it must name.

  pack_test.py BIN_DIR
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from packs import Auditor, make_packs

ROOT = Path(__file__).resolve().parents[2]
BIN_DIR = ""
TOTAL = 59_500_000  # 17 teams of registered communes, seven months.


def names(report, weight):
    return {f["name"] for f in report["findings"] if f["weight"] == weight}


class PackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="thon-pack-test.")  # pylint: disable=consider-using-with
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = Path(cls.folder.name)
        subprocess.run([ROOT / "tools" / "demo", "--json", "--no-build", "--bin-dir", BIN_DIR, "--once", "--scale",
                        "small", "--dir", cls.path / "demo"], stdout=subprocess.DEVNULL, check=True)
        cls.packs = make_packs(BIN_DIR, cls.path / "demo" / "data", cls.path, ["folder", "tar"])

    def check_holds(self, report):
        self.assertEqual(names(report, "FAILED"), set())
        self.assertEqual(names(report, "NOT_CHECKED"), set())
        self.assertEqual(report["verdict"], "HELD")
        money = report["money"]
        self.assertEqual(money["payable"]["vnd"], TOTAL)
        self.assertEqual(money["on_server_signed"]["vnd"], TOTAL)
        for check in ("ENTRIES", "TILES", "ROOT", "CHECKPOINT", "CHAINS", "SIGNATURES", "AUTHORS", "FOLD", "STATE_ROOTS",
                      "ROWS", "MONEY"):
            result = next(c for c in report["checks"] if c["name"] == check)
            self.assertEqual(result["result"], "HELD", check)

    def test_folder_and_tar_hold_away_from_the_server(self):
        for pack in self.packs:
            with self.subTest(pack=pack.name):
                auditor = Auditor(BIN_DIR, pack, self.path / f"auditor-{pack.name}")
                status, report = auditor.verify("--expect-total", str(TOTAL))
                self.assertEqual(status, 0, report)
                self.check_holds(report)
                status, report = auditor.verify("--expect-total", str(TOTAL + 1))
                self.assertEqual(status, 1)
                self.assertEqual(names(report, "FAILED"), {"TOTAL_DIFFERS"})

    def test_one_bit_in_an_entry_is_named(self):
        auditor = Auditor(BIN_DIR, self.packs[0], self.path / "auditor-bit")
        bundle = next((auditor.pack / "tile" / "entries").rglob("000*"))
        if bundle.is_dir():
            bundle = next(bundle.iterdir())
        content = bytearray(bundle.read_bytes())
        content[40] ^= 1
        bundle.write_bytes(content)
        status, report = auditor.verify()
        self.assertEqual(status, 1)
        leaf = next(f for f in report["findings"] if f["name"] == "LEAF_DIFFERS")
        self.assertEqual((leaf["count"], leaf["places"][0]["entry"]), (1, 0))

    def test_what_is_no_pack_is_refused(self):
        auditor = Auditor(BIN_DIR, self.packs[1], self.path / "auditor-truncated")
        with open(auditor.pack, "r+b") as tar:
            tar.truncate(auditor.pack.stat().st_size // 2)
        status, report = auditor.verify()
        self.assertEqual(status, 2)
        self.assertIn("truncated", report["error"])


if __name__ == "__main__":
    BIN_DIR = sys.argv.pop(1)
    unittest.main()
