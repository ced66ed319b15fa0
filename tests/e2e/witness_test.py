#!/usr/bin/env python3
"""Goal: two provinces witness each other, and a province that lies is caught,
with evidence that needs nobody's word.

Method: two bin/thond over TLS, each the other's witness. Checkpoints become
witnessed; a witness that is away holds nothing up; kill -9 makes it forget
nothing. Then one province is started from an old copy of its data with the same
keys, and records something else: a second history under one origin. The file
that the other writes is judged here by a reader of its own.

    witness_test.py BIN_DIR
"""

import base64
import hashlib
import http.client
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from thond import Thond

BIN = Path(sys.argv[1])
SECONDS_MAX = 150


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition):
    """What `condition` gives, once it is true; it may refuse connections until then."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        try:
            value = condition()
        except OSError:
            value = None
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not in {SECONDS_MAX} s: {what}")


def read_vkey(vkey):
    name, key_id, key = vkey.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    assert key_id == hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    return name, bytes.fromhex(key_id), raw[0], Ed25519PublicKey.from_public_bytes(raw[1:])


def is_signed(note, vkey):
    """Whether a note has a good signature, or cosignature, by `vkey`; a bad one raises."""
    name, key_id, kind, key = read_vkey(vkey)
    text, _, lines = note.rpartition("\n\n")
    found = False
    for line in lines.splitlines():
        _, line_name, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        if (line_name, raw[:4]) != (name, key_id):
            continue
        message = text + "\n"
        raw = raw[4:]
        if kind == 4:
            message = f"cosignature/v1\ntime {int.from_bytes(raw[:8], 'big')}\n" + message
            raw = raw[8:]
        key.verify(raw, message.encode())
        found = True
    return found


def body(note):
    origin, size, root = note.split("\n")[:3]
    return origin, int(size), root


def read_evidence(path):
    """(headers, known note, submitted note, proof) of an evidence file."""
    raw = path.read_bytes()
    head, _, rest = raw.partition(b"\n\n")
    lines = [line for line in head.decode().splitlines() if not line.startswith("# ")]
    assert lines[0] == "thon-evidence/1"
    notes = []
    for word in (b"known ", b"submitted "):
        line, _, rest = rest.partition(b"\n")
        assert line.startswith(word), line
        length = int(line[len(word):])
        notes.append(rest[:length].decode())
        rest = rest[length:]
    proof = rest.decode().splitlines()
    assert proof[0] == f"proof {len(proof) - 1}"
    return dict(line.split(" ", 1) for line in lines[1:]), *notes, proof[1:]


def judge(file, vkey):
    """The auditor's own program on a file of evidence."""
    return subprocess.run([str(x) for x in [BIN / "thon-verify", "evidence", file, "--log-key", vkey]],
                          capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


class ProvinceServer:
    """A data directory, its policies, and the thond that runs on it or on a copy."""

    def __init__(self, test, name):
        self.test, self.name = test, name
        self.folder = test.folder / name
        self.folder.mkdir()
        self.data = self.folder / "data"
        self.logs, self.policy, self.ca = (self.folder / x for x in ("logs.policy", "witnesses.policy", "ca.pem"))
        self.port = free_port()
        self.server = None

    def start(self, *arguments, data=None):
        """Starts it at its address, with whatever policies there are."""
        self.running = data or self.data
        policies = []
        if self.logs.exists():
            policies += ["--witness-logs", self.logs]
        if self.policy.exists():
            policies += ["--witness-policy", self.policy, "--witness-ca", self.ca]
        self.server = Thond(BIN, self.running, f"thon.example/{self.name}", "--checkpoint-seconds", "1",
                            "--http", f"127.0.0.1:{self.port}", *policies, *arguments)
        self.test.addCleanup(self.server.kill)

    def stop(self):
        assert self.server.stop() == 0

    def kill(self):
        self.server.kill()

    def ask(self, path, method="GET", content=None):
        context = ssl.create_default_context(cafile=self.running / "tls" / "ca.crt")
        web = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=SECONDS_MAX, context=context)
        try:
            web.request(method, path, content)
            answer = web.getresponse()
            return answer.status, answer.read().decode()
        finally:
            web.close()

    def get(self, path):
        status, text = self.ask(path)
        return text if status == 200 else ""

    def metric(self, series):
        for line in self.get("/metrics").splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no {series}")

    def record(self, officer):
        """Records one entry."""
        done = subprocess.run([str(x) for x in [BIN / "thon", "--data", self.running, "grant", "issue", "--officer", officer,
                                                "--role", "reader", "--all"]],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        assert done.returncode == 0, done.stderr

    def size(self):
        note = self.get("/checkpoint")
        return body(note)[1] if note else 0

    def said(self):
        return "".join(self.server.log)


class Witnesses(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="thon_witness_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.one = ProvinceServer(self, "yen-bai")
        self.two = ProvinceServer(self, "son-la")

    def introduce(self):
        """Each learns the other's keys, address and authority, as operators would tell each other."""
        provinces = (self.one, self.two)
        logs = {}
        for province in provinces:
            province.start()
            logs[province] = province.get("/log.vkey").strip()
            province.stop()
        self.log_keys = logs
        self.witness_keys = {}
        for province, other in (provinces, provinces[::-1]):
            province.logs.write_text(f"log {logs[other]}\nquorum none\n", encoding="utf-8")
            province.start()
            self.witness_keys[province] = province.get("/witness.vkey").strip()
            province.stop()
        for province, other in (provinces, provinces[::-1]):
            province.policy.write_text(f"witness other {self.witness_keys[other]} https://127.0.0.1:{other.port}/witness\n"
                                       "quorum other\n", encoding="utf-8")
            shutil.copy(other.data / "tls" / "ca.crt", province.ca)

    def wait_until_witnessed(self, province, size_min):
        """The checkpoint, whose signature and cosignature are checked."""
        other = self.two if province is self.one else self.one

        def witnessed():
            note = province.get("/checkpoint/witnessed")
            return note if note and body(note)[1] >= size_min else None
        note = wait_for(f"{province.name} witnessed at {size_min}", witnessed)
        self.assertTrue(is_signed(note, self.log_keys[province]))
        self.assertTrue(is_signed(note, self.witness_keys[other]))
        return note

    def known_of(self, witness, log):
        """What a witness serves to monitors of another's log."""
        origin = self.log_keys[log].split("+")[0]
        return witness.get(f"/witness/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")

    def test_provinces_witness_each_other_and_the_one_that_lies_is_caught(self):
        self.introduce()
        self.assertNotEqual((self.one.data / "keys" / "witness.key").read_text(),
                            (self.one.data / "keys" / "log.key").read_text())
        self.one.start()
        self.two.start()
        for province in (self.one, self.two):
            province.record(11)
            note = self.wait_until_witnessed(province, wait_for("a checkpoint", province.size))
            other = self.two if province is self.one else self.one
            self.assertEqual(body(self.known_of(other, province))[0], body(note)[0])

        # A backup of the first, as a liar would keep one.
        self.one.stop()
        lie = self.folder / "second-history"
        shutil.copytree(self.one.data, lie)
        self.one.start()
        before = self.one.size()
        for officer in (21, 22, 23):
            self.one.record(officer)
        note = self.wait_until_witnessed(self.one, before + 3)
        honest_size = body(note)[1]

        # The witness dies and comes back: field work did not wait, nothing is forgotten.
        self.two.kill()
        self.one.record(24)
        wait_for("a checkpoint without a witness", lambda: self.one.size() == honest_size + 1)
        self.assertEqual(body(self.one.get("/checkpoint/witnessed"))[1], honest_size)
        wait_for("the failure shows", lambda: self.one.metric('thon_witness_up{witness="other"}') == 0)
        self.two.start()
        self.assertEqual(body(self.known_of(self.two, self.one)), body(note))
        honest = self.wait_until_witnessed(self.one, honest_size + 1)
        self.assertEqual(self.one.metric('thon_witness_up{witness="other"}'), 1)
        self.assertFalse((self.two.data / "evidence").exists())
        self.one.stop()
        self.two.kill()
        self.two.start()

        # The second history: the same keys, the same origin, other events.
        self.one.start(data=lie)
        self.assertEqual(self.one.get("/log.vkey").strip(), self.log_keys[self.one])
        for officer in (31, 32, 33, 34):
            self.one.record(officer)
        wait_for("the second history reaches the size of the first", lambda: self.one.size() >= body(honest)[1])
        found = wait_for("evidence", lambda: sorted((self.two.data / "evidence").glob("*.txt")))
        self.assertEqual([stat.S_IMODE(file.stat().st_mode) for file in found], [0o600] * len(found))
        proven = [file for file in found if "two-histories" in file.name]
        self.assertTrue(proven, found)
        headers, known, submitted, _ = read_evidence(proven[0])
        self.assertEqual(headers["verdict"], "two-histories")
        self.assertEqual(headers["log-key"], self.log_keys[self.one])
        self.assertEqual(headers["witness-key"], self.witness_keys[self.two])
        self.assertTrue(is_signed(known, self.log_keys[self.one]))
        self.assertTrue(is_signed(submitted, self.log_keys[self.one]))
        self.assertTrue(is_signed(known, self.witness_keys[self.two]))
        self.assertEqual(body(known), body(honest))
        self.assertEqual(body(known)[:2], body(submitted)[:2])
        self.assertNotEqual(body(known)[2], body(submitted)[2])
        judged = judge(proven[0], self.log_keys[self.one])
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
        # One letter of it changed, and it proves nothing.
        forged = self.folder / "forged.txt"
        forged.write_bytes(proven[0].read_bytes().replace(body(submitted)[2].encode(), body(known)[2].encode()))
        self.assertNotEqual(judge(forged, self.log_keys[self.one]).returncode, 0)
        wait_for("the log says it", lambda: "TWO HISTORIES" in self.two.said())
        self.assertGreaterEqual(self.two.metric('thon_witness_evidence_total{verdict="two_histories"}'), 1)

        # It grows, and still nothing of it is cosigned.
        self.one.record(35)
        self.one.record(36)
        wait_for("the liar hears it too", lambda: self.one.metric('thon_witness_disagrees{witness="other"}') == 1)
        wait_for("evidence of what grew", lambda: list((self.two.data / "evidence").glob("*-not-shown-consistent.txt")))
        headers, known, submitted, proof = read_evidence(next((self.two.data / "evidence").glob("*-not-shown-*.txt")))
        self.assertEqual(headers["verdict"], "not-shown-consistent")
        judged = judge(next((self.two.data / "evidence").glob("*-not-shown-*.txt")), self.log_keys[self.one])
        self.assertEqual(judged.returncode, 3, judged.stdout + judged.stderr)
        self.assertTrue(proof)
        self.assertTrue(is_signed(submitted, self.log_keys[self.one]))
        self.assertGreater(body(submitted)[1], body(known)[1])
        self.assertLessEqual(body(self.one.get("/checkpoint/witnessed") or "none\n0\n\n")[1], before)
        self.assertEqual(body(self.known_of(self.two, self.one)), body(honest))
        self.one.stop()

        # The honest history is cosigned again as if nothing had been.
        self.one.start()
        self.one.record(41)
        self.wait_until_witnessed(self.one, body(honest)[1] + 1)

    def test_a_restored_log_hears_that_its_witness_knows_more(self):
        self.introduce()
        self.one.start()
        self.two.start()
        old = self.folder / "old"
        self.one.record(11)
        self.wait_until_witnessed(self.one, 1)
        self.one.stop()
        shutil.copytree(self.one.data, old)
        self.one.start()
        before = self.one.size()
        for officer in (12, 13, 14):
            self.one.record(officer)
        self.wait_until_witnessed(self.one, before + 3)
        self.one.stop()
        self.one.start(data=old)
        self.one.record(15)
        wait_for("it is said", lambda: "restored from a backup" in self.one.said())
        self.assertEqual(self.one.metric('thon_witness_disagrees{witness="other"}'), 1)
        # Which holds nothing up.
        self.one.record(16)

    def test_wrong_options_end_the_start_and_say_why(self):
        def refused(*arguments):
            done = subprocess.run([str(x) for x in [BIN / "thond", "--data", self.folder / "other", "--listen", "127.0.0.1:0",
                                                    "--origin", "thon.example/other", *arguments]],
                                  capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
            return done.returncode, done.stdout + done.stderr
        bad = self.folder / "bad.policy"
        bad.write_text("log nonsense\nquorum none\n", encoding="utf-8")
        empty = self.folder / "empty.policy"
        empty.write_text("quorum none\n", encoding="utf-8")
        for arguments, code, words in (
                (("--witness-logs", bad), 1, "line 1"),
                (("--witness-logs", empty), 1, "`log` line"),
                (("--witness-logs", self.folder / "missing"), 1, "cannot read --witness-logs"),
                (("--witness-policy", bad), 1, "line 1"),
                (("--witness-name", "a"), 2, "--witness-logs"),
                (("--witness-ca", empty), 2, "--witness-policy"),
                (("--witness-logs", empty, "--http", "off"), 2, "--http"),
                (("--tiles", "some"), 2, "--tiles"),
                (("--checkpoint-seconds", "0"), 2, "--checkpoint-seconds"),
                (("--checkpoint-seconds", "31"), 2, "--checkpoint-seconds")):
            done = refused(*arguments)
            self.assertEqual(done[0], code, f"{arguments}: {done[1]}")
            self.assertIn(words, done[1])

    def test_a_witness_without_its_key_does_not_begin_anew(self):
        self.introduce()
        self.one.start()
        self.two.start()
        self.one.record(11)
        self.wait_until_witnessed(self.one, 1)
        self.two.stop()
        os.rename(self.two.data / "keys" / "witness.key", self.folder / "witness.key")
        done = subprocess.run([str(x) for x in [BIN / "thond", "--data", self.two.data, "--listen", "127.0.0.1:0", "--simulate",
                                                "--witness-logs", self.two.logs]],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("witness.key", done.stderr)
        os.rename(self.folder / "witness.key", self.two.data / "keys" / "witness.key")
        self.two.start()
        self.assertTrue(self.known_of(self.two, self.one))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    unittest.main(argv=[sys.argv[0], "-v"])
