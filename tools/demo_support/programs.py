"""The programs that the demo runs: thond, thon, thon-fleet."""

import csv
import ctypes
import dataclasses
import json
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


class Failed(Exception):
    """A program did not do what it was asked; the text says which and why."""


def die_with_parent():
    """In a child: SIGTERM when whoever started it dies, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclasses.dataclass(frozen=True)
class Sum:
    month: str  # "2023-06"
    kind: str  # "TEAM", "ORGANISATION"
    state: str
    reason: str
    count: int
    vnd: int


class Programs:
    """A server on `data` and what talks to it. Ends the server when left."""

    def __init__(self, bin_dir, data, logs):
        self.bin = bin_dir.resolve()
        self.data = data
        self.logs = logs
        self.server = None
        self.endpoint = ""
        self.dashboard_url = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.server is None:
            return
        self.server.terminate()
        try:
            self.server.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def start_server(self, sim_start):
        self.data.mkdir(parents=True, exist_ok=True)
        # The page is in plain text, on loopback alone: a browser takes it without
        # asking about a certificate authority that was made a second ago. The
        # phones come over TLS.
        command = [self.bin / "thond", "--data", self.data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
                   "--http-insecure-loopback", "--simulate", "--sim-start", sim_start,
                   "--origin", "thon.yenbai.example"]
        with open(self.logs / "thond.log", "wb") as log:
            self.server = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent)
        end = time.monotonic() + START_SECONDS_MAX
        while not (self.data / "endpoint").exists():
            if self.server.poll() is not None or time.monotonic() > end:
                raise Failed(f"thond does not start:\n{(self.logs / 'thond.log').read_text()}")
            time.sleep(0.02)
        self.endpoint = (self.data / "endpoint").read_text().strip()
        self.dashboard_url = (self.data / "http").read_text().strip()

    def wait_for_interrupt(self):
        try:
            self.server.wait()
            raise Failed("thond ended by itself")
        except KeyboardInterrupt:
            return

    # --------------------------------------------------------------- commands

    def thon_command(self, *arguments):
        return [self.bin / "thon", "--data", self.data, *arguments]

    def thon(self, *arguments):
        """Runs one command; what it printed with --json."""
        command = [str(x) for x in self.thon_command("--json", *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=die_with_parent)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def login_link(self):
        """A link that logs the operator in, once; why there is none is a Failed."""
        return self.thon("login-link")["url"]

    def enrolment_codes(self, phones, out):
        """Issues a code for each row of the file `phones`; (code, team, member, organisation) of each."""
        self.thon("enrol", "bulk", phones, "--out", out, "--days", "60")
        with open(out, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def summary(self, policy, date):
        """Determinations counted and summed, as the server has them as of a date."""
        answer = self.thon("eligibility", "summary", "--policy", policy, "--as-of", date)
        return [Sum(s["month"], s["beneficiary_kind"], s["state"], s["reason"], s["count"], s["amount_vnd"])
                for s in answer["sums"]]

    def fleet(self, *arguments):
        """Plays the phones; the report. Progress goes to our standard error."""
        command = [self.bin / "thon-fleet", "--server", self.endpoint, "--ca", self.data / "tls" / "ca.crt",
                   "--token", self.data / "operator.token", *arguments]
        with subprocess.Popen([str(x) for x in command], stdout=subprocess.PIPE, text=True,
                              preexec_fn=die_with_parent) as fleet:
            try:
                output = fleet.communicate()[0]
            except BaseException:
                fleet.kill()
                raise
        if not output:
            raise Failed(f"thon-fleet ended with {fleet.returncode}")
        return json.loads(output)
