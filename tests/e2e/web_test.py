#!/usr/bin/env python3
"""Goal: thond's HTTP port, as an operator sets it up and a browser uses it.

Method: bin/thond with simulated time in a folder of its own and a page of one
file, asked by Python's own HTTP client, over TLS with the server's authority
unless the test is about plain text. Log-in links come from bin/thon.

    web_test.py BIN_DIR
"""

import contextlib
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from thond import Thond

BIN = Path(sys.argv[1])
SECONDS_MAX = 120
PAGE = "<!doctype html><title>Thôn</title>\n"
# A gRPC-Web frame that holds an empty message.
EMPTY_FRAME = b"\0\0\0\0\0"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(Thond):
    """A thond, and what a browser asks of it."""

    def ask(self, method, path, headers=None, body=None):
        """One request; the answer with its body read, as (status, headers, bytes)."""
        url = urlsplit(self.url)
        if url.scheme == "https":
            context = ssl.create_default_context(cafile=self.data / "tls" / "ca.crt")
            web = http.client.HTTPSConnection(url.hostname, url.port, timeout=SECONDS_MAX, context=context)
        else:
            web = http.client.HTTPConnection(url.hostname, url.port, timeout=SECONDS_MAX)
        with contextlib.closing(web):
            web.request(method, path, body, headers or {})
            answer = web.getresponse()
            return answer.status, answer.headers, answer.read()

    def press(self, link):
        """The button behind a log-in link, as the page's own form sends it."""
        return self.ask("POST", urlsplit(link).path, {"Origin": "null", "Sec-Fetch-Site": "same-origin"})

    def log_in(self):
        """The cookie of a new session."""
        status, headers, _ = self.press(self.login_link())
        assert status == 303, status
        return headers["Set-Cookie"].split(";")[0]

    def viewer(self, cookie):
        """The gRPC status with which the page's own call ends."""
        status, headers, body = self.ask(
            "POST", "/thon.v1.QueryService/GetViewer",
            {"Cookie": cookie, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/grpc-web+proto"},
            EMPTY_FRAME)
        assert status == 200, status
        found = re.search(rb"grpc-status: ?(\d+)", body)
        return int(found.group(1) if found else headers["grpc-status"])

    def thon(self, *arguments):
        return subprocess.run([str(x) for x in [BIN / "thon", "--data", self.data, "--json", *arguments]],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)

    def login_link(self, *arguments):
        done = self.thon("login-link", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["url"]

    def metrics(self, headers=None):
        status, answered, body = self.ask("GET", "/metrics", headers)
        if status != 200:
            return status
        assert answered["Content-Type"].startswith("text/plain; version=0.0.4"), answered["Content-Type"]
        lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
        return {series: float(value) for series, value in (line.rsplit(" ", 1) for line in lines)}


class Web(unittest.TestCase):
    def setUp(self):
        folder = Path(tempfile.mkdtemp(prefix="thon_web_"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.folder = folder
        self.data = folder / "data"
        self.page = folder / "page"
        self.page.mkdir()
        (self.page / "index.html").write_text(PAGE, encoding="utf-8")

    def start(self, *arguments, listen="127.0.0.1:0"):
        server = Server(BIN, self.data, "thon.example/web", "--dashboard", self.page, *arguments, listen=listen)
        self.addCleanup(server.kill)
        return server

    def refused(self, *arguments):
        """Starts one that must not start; its exit status and what it said."""
        done = subprocess.run([str(x) for x in [BIN / "thond", "--data", self.folder / "other", "--listen", "127.0.0.1:0",
                                                "--origin", "thon.example/web", *arguments]],
                              capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        return done.returncode, done.stdout + done.stderr

    # ------------------------------------------------------------ the session

    def test_a_link_logs_in_once_and_log_out_ends_it(self):
        server = self.start()
        status, headers, body = server.ask("GET", "/")
        self.assertEqual((status, body.decode()), (200, PAGE))
        self.assertEqual(headers["Content-Type"], "text/html; charset=utf-8")
        link = server.login_link()
        self.assertTrue(link.startswith(server.url + "/login/"), link)
        status, headers, body = server.ask("GET", urlsplit(link).path)
        self.assertEqual(status, 200)
        self.assertIn("Đăng nhập", body.decode())
        status, headers, _ = server.press(link)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        self.assertRegex(headers["Set-Cookie"],
                         r"^__Host-thon_session=[\w=-]{43,}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$")
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(server.press(link)[0], 410)
        other = server.log_in()
        self.assertEqual((server.viewer(cookie), server.viewer(other)), (0, 0))

        self.assertEqual(server.ask("POST", "/logout", {"Cookie": cookie, "Origin": "https://evil.example"})[0], 403)
        self.assertEqual(server.viewer(cookie), 0)
        self.assertEqual(server.ask("POST", "/logout", {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})[0], 204)
        self.assertEqual((server.viewer(cookie), server.viewer(other)), (16, 0))

        # The one session outlives a restart, and the other's end too.
        self.assertEqual(server.stop(), 0)
        said = "".join(server.log)
        server = self.start()
        self.assertEqual((server.viewer(cookie), server.viewer(other)), (16, 0))
        for secret in (link.rsplit("/", 1)[1], cookie.split("=", 1)[1], other.split("=", 1)[1]):
            self.assertNotIn(secret, said + "".join(server.log))
        self.assertIn("officer 1 logged in from 127.0.0.1", said)
        self.assertIn("officer 1 logged out", said)

    def test_ending_an_officers_tokens_ends_sessions_and_waiting_links(self):
        server = self.start()
        cookie = server.log_in()
        made = server.thon("admin", "token", "create", "--officer", "7")
        self.assertEqual(made.returncode, 0, made.stderr)
        waiting = server.login_link("--officer", "7")
        status, headers, _ = server.press(server.login_link("--officer", "7"))
        self.assertEqual(status, 303)
        theirs = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(server.viewer(theirs), 0)
        self.assertEqual(server.thon("admin", "token", "revoke", "--officer", "7").returncode, 0)
        self.assertEqual(server.viewer(theirs), 16)
        self.assertEqual(server.press(waiting)[0], 410)
        self.assertEqual(server.viewer(cookie), 0)

    def test_only_an_operator_makes_links_for_others(self):
        server = self.start()
        token = self.folder / "officer.token"
        self.assertEqual(server.thon("admin", "token", "create", "--officer", "7", "--out", token).returncode, 0)
        self.assertEqual(server.thon("--token-file", token, "login-link", "--officer", "1").returncode, 4)
        for own in ((), ("--officer", "7")):
            self.assertEqual(server.thon("--token-file", token, "login-link", *own).returncode, 0)

    # --------------------------------------------------------------- the port

    def test_off_serves_nothing_and_says_so(self):
        self.start().stop()
        self.assertTrue((self.data / "http").exists())
        server = self.start("--http", "off")
        self.assertFalse((self.data / "http").exists(), "left from the run before")
        done = server.thon("login-link")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--http", done.stderr)

    def test_a_missing_page_says_how_it_is_built(self):
        (self.page / "index.html").unlink()
        server = self.start()
        status, _, body = server.ask("GET", "/")
        self.assertEqual(status, 503)
        self.assertIn("--target dashboard", body.decode())
        done = server.thon("login-link")
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.page), done.stderr)
        self.assertEqual(server.ask("GET", "/readyz")[0], 200)

    def test_a_port_that_was_asked_for_and_is_taken_ends_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            code, said = self.refused("--http", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(code, 1)
        self.assertIn("listen", said)

    def test_phones_are_served_though_the_default_port_is_taken(self):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # Then another one has it, which is as good.
                taken.bind(("127.0.0.1", 7480))
                taken.listen()
            server = self.start(listen=f"127.0.0.1:{free_port()}")
            self.assertIn("no dashboard", "".join(server.log))
            self.assertFalse((self.data / "http").exists())
            self.assertEqual(server.thon("status").returncode, 0)
            self.assertEqual(server.thon("login-link").returncode, 1)

    def test_plain_text_is_for_loopback_and_leaves_grpc_its_tls(self):
        for address in ("0.0.0.0:0", "192.0.2.1:7480"):
            self.assertEqual(self.refused("--http", address, "--http-insecure-loopback")[0], 2)
        port_file = self.folder / "port"
        server = self.start("--http-insecure-loopback", "--http-port-file", port_file)
        self.assertEqual(server.url, f"http://127.0.0.1:{port_file.read_text().strip()}")
        self.assertTrue(server.log_in().startswith("thon_session="))
        self.assertEqual(server.thon("status").returncode, 0)  # Over TLS.

    def test_a_name_that_is_not_the_servers_is_not_served(self):
        server = self.start("--tls-name", "thon.example")
        self.assertEqual(server.ask("GET", "/", {"Host": "thon.example"})[0], 200)
        self.assertEqual(server.ask("GET", "/", {"Host": "evil.example"})[0], 421)

    def test_behind_a_proxy_links_and_origins_are_the_public_ones(self):
        for wrong in ("thon.example", "https://thon.example/page", "ftp://thon.example"):
            self.assertEqual(self.refused("--public-url", wrong)[0], 2, wrong)
        server = self.start("--public-url", "https://thon.example/", "--http-insecure-loopback", "--http-port-file",
                            self.folder / "port")
        self.assertEqual(server.url, "https://thon.example")
        link = server.login_link()
        self.assertTrue(link.startswith("https://thon.example/login/"), link)
        web = http.client.HTTPConnection("127.0.0.1", int((self.folder / "port").read_text()), timeout=SECONDS_MAX)
        with contextlib.closing(web):
            web.request("POST", urlsplit(link).path, headers={"Host": "thon.example", "Origin": "https://thon.example"})
            answer = web.getresponse()
            self.assertEqual(answer.status, 303)
            self.assertTrue(answer.headers["Set-Cookie"].startswith("__Host-thon_session="))

    # ------------------------------------------------------------ the machine

    def test_metrics_count_what_happens_and_open_to_who_may(self):
        word = self.folder / "metrics.token"
        word.write_text("short\n", encoding="utf-8")
        self.assertEqual(self.refused("--metrics-token-file", word)[0], 1)
        server = self.start()
        before = server.metrics()
        self.assertEqual(server.thon("grant", "issue", "--officer", "7", "--role", "reader", "--all").returncode, 0)
        after = server.metrics()
        self.assertEqual(after["thon_log_next_position"], before["thon_log_next_position"] + 1)
        self.assertGreater(after["thon_fsync_seconds_count"], before["thon_fsync_seconds_count"])
        self.assertGreater(after["thon_http_requests_total"], before["thon_http_requests_total"])
        self.assertEqual(after["thon_projector_lag_positions"], 0)
        self.assertEqual(after['thon_commit_state{state="open"}'], 1)
        self.assertEqual(server.metrics({"X-Forwarded-For": "10.0.0.1"}), 401)
        operator = (self.data / "operator.token").read_text().strip()
        self.assertIn("thon_watchers", server.metrics({"X-Forwarded-For": "10.0.0.1",
                                                       "Authorization": f"Bearer {operator}"}))
        server.stop()

        word.write_text("0123456789abcdef0123456789abcdef\n", encoding="utf-8")
        server = self.start("--metrics-token-file", word)
        self.assertEqual(server.metrics(), 401)
        self.assertIn("thon_watchers", server.metrics({"Authorization": "Bearer 0123456789abcdef0123456789abcdef"}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    unittest.main(argv=[sys.argv[0], "-v"])
