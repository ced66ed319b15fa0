"""Goal: a server whose disk holds something else than what it recorded signs
nothing, says where, and is seen to be unwell by whoever watches it.

Method: bin/thond records some hundred days; while it is stopped one bit of a
table file, in the middle of the entries, is flipped; it is started again and
asked over gRPC (bin/thon) and HTTP. The same steps without the flip must end
with a good server. It is killed and started again with the flip still there,
and once more with the bit put back.

    bit_flip_test.py BIN_DIR
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from thond import Thond

BIN = Path(sys.argv[1])
COMMAND_SECONDS_MAX = 300
WAIT_SECONDS_MAX = 120
# Recorded in the first entry, so in the table file that holds the entries.
OF_ENTRIES = b"Asia/Ho_Chi_Minh"


class BitFlip(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="thon_flip_"))
        self.data = self.folder / "data"
        self.server = None

    def tearDown(self):
        if self.server is not None:
            self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def serve(self):
        self.server = Thond(BIN, self.data, "thon.example/flip", "--http-insecure-loopback")

    def stop(self):
        self.assertEqual(self.server.stop(), 0)
        self.server = None

    def thon(self, *arguments):
        return subprocess.run([str(BIN / "thon"), "--data", str(self.data), *arguments], capture_output=True,
                              text=True, timeout=COMMAND_SECONDS_MAX, check=False,
                              env={**os.environ, "THON_TRUST": str(self.folder / "trust")})

    def get(self, path):
        """Status and text of a page."""
        try:
            with urllib.request.urlopen(self.server.url + path, timeout=COMMAND_SECONDS_MAX) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, name):
        status, text = self.get("/metrics")
        self.assertEqual(status, 200)
        return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE).group(1))

    def record_days(self):
        """A log of some 500 entries in table files, its head signed."""
        self.serve()
        done = self.thon("admin", "advance-clock", "--to", "2024-10-12T08:00:00+07:00")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.await_checkpoint()
        self.stop()
        # What is replayed at a start goes into table files.
        self.serve()
        self.stop()

    def await_checkpoint(self):
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            status, text = self.get("/checkpoint")
            if status == 200 and int(text.split("\n")[1]) >= 500:
                return text
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.05)

    def table_of_entries(self):
        tables = [path for path in (self.data / "log").glob("*.sst") if OF_ENTRIES in path.read_bytes()]
        self.assertEqual(len(tables), 1)
        return tables[0]

    def await_metric(self, name, at_least):
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while self.metric(name) < at_least:
            self.assertLess(time.monotonic(), deadline, name)
            time.sleep(0.05)

    def assert_refuses(self, names_it):
        status, text = self.get("/checkpoint")
        self.assertEqual(status, 503)
        self.assertRegex(text, names_it)
        status, text = self.get("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("LOG_DAMAGED", text)

    def test_a_good_disk_is_checked_and_signed(self):
        self.record_days()
        self.serve()
        checkpoint = self.await_checkpoint()
        self.await_metric("thon_log_entries_checked", int(checkpoint.split("\n")[1]))
        self.assertEqual(self.metric("thon_log_damaged"), 0)
        self.assertEqual(self.get("/readyz")[0], 200)
        self.assertEqual(self.get("/checkpoint")[0], 200)
        done = self.thon("audit", "checkpoint")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_flipped_bit_in_an_old_entry_is_named_and_nothing_is_signed(self):
        self.record_days()
        table = self.table_of_entries()
        content = bytearray(table.read_bytes())
        content[len(content) * 2 // 5] ^= 0x04
        table.write_bytes(content)

        self.serve()
        self.await_metric("thon_log_damaged", 1)
        names_it = r"entry \d+ \(position \d+\) is damaged"
        self.assert_refuses(names_it)
        done = self.thon("audit", "checkpoint")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout + done.stderr, names_it)

        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not re.search(names_it, "".join(self.server.log)):
            self.assertLess(time.monotonic(), deadline, "thond's own log does not name it")
            time.sleep(0.1)

        # What is recorded now is not signed either.
        signed = self.metric("thon_checkpoints_signed_total")
        self.thon("admin", "advance-clock", "--to", "2024-10-14T08:00:00+07:00")
        self.assertNotEqual(self.thon("audit", "checkpoint").returncode, 0)
        self.assertEqual(self.get("/checkpoint")[0], 503)
        self.assertEqual(self.metric("thon_checkpoints_signed_total"), signed)

    def test_what_was_found_outlives_a_kill_and_ends_with_the_repair(self):
        self.record_days()
        table = self.table_of_entries()
        good = table.read_bytes()
        content = bytearray(good)
        content[len(content) * 2 // 5] ^= 0x04
        table.write_bytes(content)
        self.serve()
        self.await_metric("thon_log_damaged", 1)
        named = re.search(r"entry \d+ \(position \d+\) is damaged", self.get("/checkpoint")[1]).group()

        for _ in range(2):
            self.server.kill()
            self.serve()
            self.assert_refuses(re.escape(named))
            # By what it remembers: it has not looked elsewhere.
            self.assertEqual(self.metric("thon_log_entries_checked"), 0)
            self.assertEqual(self.metric("thon_log_damaged"), 1)
            self.assertNotEqual(self.thon("audit", "checkpoint").returncode, 0)

        self.server.kill()
        table.write_bytes(good)
        self.serve()
        self.assertEqual(self.get("/readyz")[0], 200)
        self.assertIn("is whole", "".join(self.server.log))
        done = self.thon("audit", "checkpoint")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.get("/checkpoint")[0], 200)
        self.assertEqual(self.metric("thon_log_damaged"), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
