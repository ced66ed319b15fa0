#!/usr/bin/env python3
"""Goal: each bench of thon-bench that is quick measures what it says, on a small log.

Method: bin/thon-bench on logs of a few thousand events, for a second each. No figure is held to a
value (a machine under test is no place to measure), but each must be there and be possible:
something was done, all of the log was looked at, and what is compared was compared.

    bench_test.py BIN_DIR
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BIN = Path(sys.argv[1])
SECONDS_MAX = 300
EVENTS = 4000


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thon-bench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_bench(self, *arguments):
        """The figures that it prints, a dict a line."""
        done = subprocess.run([BIN / "thon-bench", "--json", *arguments], env={**os.environ, "TMPDIR": self.folder},
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(list(Path(self.folder).iterdir()), [], "a bench left files behind")
        return figures

    def of_log(self, bench, *arguments):
        """The figures of a bench over a log that is made for it."""
        (figures,) = self.run_bench(bench, "--events", str(EVENTS), *arguments)
        self.assertEqual(figures["bench"], bench)
        self.assertGreaterEqual(figures["events"], EVENTS)
        return figures

    def test_rebuild_folds_the_whole_log(self):
        figures = self.of_log("rebuild")
        self.assertGreater(figures["events_per_s"], 0)
        self.assertGreater(figures["events_per_cpu_s"], 0)

    def test_proofs_are_made_in_process_and_over_grpc(self):
        figures = self.of_log("proofs", "--seconds", "1", "--streams", "2")
        for proof in ("inclusion", "consistency"):
            self.assertGreater(figures[f"{proof}_per_s"], 0)
            self.assertGreater(figures[f"grpc_{proof}_per_s"], 0)

    def test_tiles_and_bundles_come_whole_beside_a_plain_file(self):
        # More than 256 entries, so that there is a full tile.
        figures = self.of_log("tiles", "--batch", "8", "--seconds", "1", "--streams", "2")
        self.assertEqual(figures["tiles_bytes"], 256 * 32)
        self.assertGreater(figures["bundles_bytes"], 256 * 8)
        for served in ("tiles", "bundles"):
            self.assertGreater(figures[f"{served}_per_s"], 0)
            self.assertGreater(figures[f"{served}_plain_file_per_s"], 0)

    def test_replay_looks_at_the_same_log_with_and_without_filters(self):
        figures = self.of_log("replay")
        self.assertEqual(figures["all_entries"], figures["entries"])
        for some in ("of_kind", "of_team"):
            self.assertGreater(figures[f"{some}_entries"], 0)
            self.assertLess(figures[f"{some}_entries"], figures["entries"])
            self.assertGreater(figures[f"{some}_events_per_s"], 0)
        self.assertGreater(figures["in_process_events_per_s"], 0)

    def test_verify_holds_the_pack_of_the_log(self):
        figures = self.of_log("verify")
        self.assertGreater(figures["pack_bytes"], 100 * EVENTS)
        self.assertGreater(figures["peak_mb"], 0)
        # The fold is a part of the run.
        self.assertGreaterEqual(figures["folded_events_per_s"], figures["events_per_s"])

    def test_the_tree_is_weighed_on_two_sizes_of_batches(self):
        figures = self.run_bench("tree", "--events", str(EVENTS))
        self.assertEqual([one["batch"] for one in figures], [64, 4])
        for one in figures:
            self.assertGreater(one["events"], 0)
            for work in ("admit", "commit", "leaves", "checkpoint"):
                self.assertGreater(one[f"{work}_cpu_ns_per_event"], 0)
            self.assertGreater(one["commit_cpu_ns_per_event_without"], 0)
            self.assertIn("tree_percent_of_ingest_cpu", one)

    def test_signatures_are_checked_on_one_core_and_on_all(self):
        (figures,) = self.run_bench("signatures", "--seconds", "1")
        self.assertGreater(figures["signatures_per_s_one_core"], 0)
        self.assertGreater(figures["signatures_per_s"], 0)

    def test_a_directory_that_is_no_log_is_an_error(self):
        done = subprocess.run([BIN / "thon-bench", "rebuild", "--data", str(Path(self.folder) / "none" / "there")],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 1)
        self.assertIn("thon-bench:", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
