#!/usr/bin/env python3
"""The demo prints Yên Bái's figures, and cleans up behind itself.

Method: runs tools/demo on built programs and compares its JSON, which holds the
server's own answers, with the figures of the decisions, written out here once
more. The clean-up is looked for among the machine's processes.

  demo_test.py full|small|watched|interrupted BIN_DIR
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from packs import Auditor, make_packs

ROOT = Path(__file__).resolve().parents[2]
MONTHS = ["2023-06", "2023-07", "2023-08", "2023-09", "2023-10", "2023-11", "2023-12"]
BIN_DIR = ""


def demo(folder, *more):
    return [ROOT / "tools" / "demo", "--json", "--no-build", "--bin-dir", BIN_DIR, "--dir", folder, *more]


def processes_of(folder):
    """Command lines of living processes that name `folder`."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # It has just ended.
        if str(folder) in command:
            found.append(command)
    return found


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="thon-demo-test.")  # pylint: disable=consider-using-with
        self.addCleanup(self.folder.cleanup)

    def run_once(self, *more):
        done = subprocess.run(demo(self.folder.name, "--once", *more), stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(processes_of(self.folder.name), [])
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        return json.loads(done.stdout)

    def states(self, result, date):
        """{state: [(month, teams, vnd)]} of the teams as of a date."""
        states = {}
        for row in result["as_of"]:
            if row["date"] == date:
                states.setdefault(row["state"], []).append((row["month"], row["teams"], row["vnd"]))
        return states

    def check_log(self, result):
        """What was recorded is in the log exactly once, and nothing else is."""
        self.assertEqual(result["events_in_log"], result["events_recorded"])
        self.assertEqual((result["lost"], result["duplicates"], result["never_recorded"]), (0, 0, 0))
        self.assertGreater(result["batches_sent_again"], 0)
        # Phones hold proofs of what they sent, and nothing against the log.
        self.assertEqual(result["evidence"], 0)
        self.assertGreaterEqual(result["proofs"], result["phones"])


class Full(DemoTest):
    def test_the_payroll_of_2023_comes_out_to_the_dong(self):
        result = self.run_once()
        self.assertEqual(result["teams"], 1356)
        self.assertEqual(result["supported_teams"], 771)
        self.assertEqual(result["team_months"], 5397)
        self.assertEqual(result["total_vnd"], 2_698_500_000)
        self.assertEqual(result["month_vnd"], {month: 385_500_000 for month in MONTHS})

        # Nothing is paid before the funding decision of 12 October is recorded;
        # then it reaches back.
        for date, months in (("2023-09-30", MONTHS[:4]), ("2023-10-11", MONTHS[:5])):
            self.assertEqual(self.states(result, date), {
                "COVERED_UNFUNDED": [(month, 771, 0) for month in months],
                "NOT_COVERED": [(month, 585, 0) for month in months]})
        self.assertEqual(self.states(result, "2023-10-13"), {
            "PROVISIONAL": [(month, 771, 385_500_000) for month in MONTHS[:5]],
            "NOT_COVERED": [(month, 585, 0) for month in MONTHS[:5]]})

        others = result["unsupported_teams"]
        self.assertEqual((others["count"], others["vnd"]), (585, 0))
        self.assertEqual(others["reasons"], {"COMMUNE_NOT_REGISTERED": 585})
        self.assertEqual(others["with_activity"], 585)
        organisations = result["organisations"]
        self.assertEqual((organisations["count"], organisations["vnd"]), (18, 0))
        self.assertEqual(organisations["reasons"], {"NOT_A_TEAM": 18})
        self.assertEqual(organisations["with_activity"], 18)

        self.check_log(result)
        self.assertGreaterEqual(result["phones"], 1374)
        self.assertGreaterEqual(result["events_recorded"], 200_000)
        self.assertGreaterEqual(result["phones_killed"] * 20, result["phones"])
        self.assertGreaterEqual(result["longest_offline_days"], 49)
        self.assertGreater(result["successor_keys"], 0)
        self.assertGreater(result["seconds"], 0)
        self.check_pack()

    def check_pack(self):
        """An auditor folds the log again, away from the server, and reaches the same đồng."""
        folder = Path(self.folder.name)
        pack, = make_packs(BIN_DIR, folder / "data", folder, ["tar"])
        status, report = Auditor(BIN_DIR, pack, folder / "auditor").verify("--expect-total", "2698500000")
        self.assertEqual(status, 0, [f for f in report["findings"] if f["weight"] != "NOTED"])
        self.assertEqual(report["money"]["payable"], {"determinations": 5397, "vnd": 2_698_500_000})


class Small(DemoTest):
    def test_another_seed_draws_another_life_and_the_same_money(self):
        result = self.run_once("--scale", "small", "--seed", "5")
        self.assertEqual((result["teams"], result["supported_teams"], result["team_months"]), (30, 17, 119))
        self.assertEqual(result["total_vnd"], 59_500_000)
        self.check_log(result)
        self.assertRegex(result["dashboard_url"], r"^http://127\.0\.0\.1:\d+$")


class Watched(DemoTest):
    def test_while_the_phones_play_a_browser_can_log_in_and_watch(self):
        command = demo(self.folder.name, "--scale", "small")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            try:
                links = []
                for line in running.stderr:
                    found = re.search(r"(http://127\.0\.0\.1:\d+)/login/\S+", line)
                    if found:
                        self.log_in(*found.group(0, 1))
                        links.append(found.group(0))
                        if len(links) == 2:  # Before the phones and after them.
                            break
                self.assertEqual(len(set(links)), 2)
                result = json.loads(running.stdout.readline())
                self.assertTrue(links[0].startswith(result["dashboard_url"] + "/login/"))
            finally:
                running.send_signal(signal.SIGINT)
                running.communicate()
        # Right and looked at; or interrupted a moment before it waits to be.
        self.assertIn(running.returncode, (0, 130))
        self.assertEqual(processes_of(self.folder.name), [])

    def log_in(self, link, url):
        """As a browser: looks at the link, presses the button, loads the page with the cookie."""
        host = url.removeprefix("http://")
        web = http.client.HTTPConnection(host, timeout=60)
        self.addCleanup(web.close)
        path = link.removeprefix(url)
        web.request("GET", path)
        page = web.getresponse()
        self.assertEqual(page.status, 200)
        self.assertIn("method=\"post\"", page.read().decode())
        web.request("POST", path, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"})
        answer = web.getresponse()
        answer.read()
        self.assertEqual((answer.status, answer.getheader("Location")), (303, "/"))
        self.assertRegex(answer.getheader("Set-Cookie"), r"^thon_session=[\w=-]{43,}; Path=/; HttpOnly; SameSite=Strict")
        web.request("GET", "/")
        page = web.getresponse()
        self.assertEqual(page.status, 200)
        self.assertIn("<script", page.read().decode())


class Interrupted(DemoTest):
    def test_whatever_ends_the_demo_ends_its_programs(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how), tempfile.TemporaryDirectory(prefix="thon-demo-test.") as folder:
                with subprocess.Popen(demo(folder, "--once", "--scale", "small"), stdout=subprocess.DEVNULL) as running:
                    journal = Path(folder) / "fleet" / "journal.0"
                    while not journal.exists() and running.poll() is None:
                        time.sleep(0.01)
                    running.send_signal(how)
                self.assertNotEqual(running.returncode, 0)
                # Dying takes its moment; ctest ends a wait that has no end.
                while processes_of(folder):
                    time.sleep(0.01)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("full", "small", "watched", "interrupted"):
        sys.exit(__doc__)
    BIN_DIR = sys.argv[2]
    unittest.main(argv=[sys.argv[0], sys.argv[1].capitalize(), "-v"])
