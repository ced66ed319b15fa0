"""Goal: `thon`, the command line, runs a province by hand on a real server.

Method: bin/thond with simulated time in a folder of its own; every command as a
person types it, once for its tables and once with --json, which must be one
JSON value. The steps build on each other, as the province's do.

    cli_test.py BIN_DIR SOURCE_DIR
"""

import json
import os
import shutil
import stat
import subprocess
import tarfile
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

from thond import Thond

BIN = Path(sys.argv[1])
SOURCE = Path(sys.argv[2]).resolve()
NATIONAL = SOURCE.parent / "shared" / "data" / "units-2023-04.csv"
COMMAND_SECONDS_MAX = 300

OK, REFUSED, USAGE, UNREACHABLE, DENIED = 0, 1, 2, 3, 4


def serve(data):
    """A thond on `data`, ready."""
    return Thond(BIN, data, "thon.example/cli")


def run(*arguments, expect=OK, environment=None):
    """Runs `thon`; its outputs. The exit status must be the one expected."""
    command = [str(BIN / "thon"), *[str(x) for x in arguments]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False,
                          env={**os.environ, **(environment or {})})
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}, not {expect}:\n"
                             f"{done.stdout}{done.stderr}")
    return done


class Cli(unittest.TestCase):
    """One province; the steps run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="thon_cli_"))
        cls.data = cls.folder / "data"
        cls.server = serve(cls.data)

    @classmethod
    def tearDownClass(cls):
        if cls.server.process.poll() is None:
            cls.server.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def thon(self, *arguments, expect=OK):
        return run("--data", self.data, *arguments, expect=expect)

    def json(self, *arguments, expect=OK):
        """The one JSON value that a command prints."""
        done = self.thon("--json", *arguments, expect=expect)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as error:
            raise AssertionError(f"{arguments}: no JSON value ({error}):\n{done.stdout}") from error

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def end(self):
        return int(self.json("status")["next_position"])

    def apply(self, *arguments):
        """A dry run, which records nothing, then the same with --apply, then again, which changes nothing."""
        before = self.end()
        self.json(*arguments)
        self.assertEqual(self.end(), before, "a dry run recorded something")
        self.thon(*arguments)
        self.assertEqual(self.end(), before, "a dry run recorded something")
        applied = self.json(*arguments, "--apply")
        after = self.end()
        self.assertGreater(after, before, "--apply recorded nothing")
        self.thon(*arguments, "--apply")
        self.assertEqual(self.end(), after, "a repeat recorded something")
        return applied

    # ------------------------------------------------------------------ steps

    def test_01_status(self):
        status = self.json("status")
        self.assertEqual(status["origin"], "thon.example/cli/1")
        self.assertIn("thon.example/cli/1", self.thon("status").stdout)

    def test_02_a_file_with_faults_is_reported_row_by_row_and_not_imported(self):
        decomposed = "Huye\u0302\u0323n Hai"
        bad = self.file("bad.csv", "code,level,name,parent_code\n"
                        "15,province,Tỉnh Yên Bái,\n"
                        "132,district,Huyện Một ,15\n"
                        f"133,district,{decomposed},15\n"
                        "132,district,Huyện Ba,15\n"
                        "04771,commune,Xã Bốn,999\n")
        before = self.end()
        done = self.thon("units", "import", bad, "--effective", "2023-01-01", "--apply", expect=REFUSED)
        text = done.stdout + done.stderr
        for line in ("3", "4", "5", "6"):
            self.assertRegex(text, rf"(?m)\b{line}\b", f"line {line} is not named:\n{text}")
        self.assertEqual(self.end(), before)
        self.json("units", "import", bad, "--effective", "2023-01-01", expect=REFUSED)

    def test_03_units(self):
        units = self.file("units.csv", "code,level,name,parent_code\n"
                          "15,province,Tỉnh Yên Bái,\n"
                          "132,district,Huyện Yên Bình,15\n"
                          "133,district,Huyện Lục Yên,15\n"
                          "04771,commune,Xã Vĩnh Kiên,132\n"
                          "04717,commune,Xã Thác Bà,132\n"
                          "04303,commune,Xã Tân Lập,133\n")
        self.thon("units", "import", units, "--effective", "2023-01-01", "--offline")
        self.apply("units", "import", units, "--effective", "2023-01-01")
        listed = self.thon("units", "list").stdout
        self.assertIn("Xã Tân Lập", listed)
        self.assertIn("Huyện Yên Bình", json.dumps(self.json("units", "list"), ensure_ascii=False))

    def test_04_villages_teams_members_organisations(self):
        villages = self.file("villages.csv", "commune_code,village_name,id\n"
                             "04771,Thôn Mạ,5001\n04771,Thôn Ba Chãng,5002\n04303,Bản Xiêng,5003\n")
        self.apply("village", "import", villages, "--effective", "2023-01-01")
        teams = self.file("teams.csv", "commune_code,village_name,team_name,founded,document,issued,issuer,id\n"
                          "04771,Thôn Mạ,Tổ công nghệ số cộng đồng thôn Mạ,15/01/2023,12/QĐ-UBND,10/01/2023,UBND xã,1\n"
                          "04771,Thôn Ba Chãng,Tổ công nghệ số thôn Ba Chãng,15/01/2023,12/QĐ-UBND,10/01/2023,UBND xã,2\n"
                          "04303,Bản Xiêng,Tổ công nghệ số bản Xiêng,15/01/2023,9/QĐ-UBND,10/01/2023,UBND xã,3\n")
        self.apply("team", "import", teams)
        members = self.file("members.csv", "team_id,id,seat,joined\n"
                            + "".join(f"{t},{10 * t + k},{'LEADER' if k == 1 else 'MEMBER'},15/01/2023\n"
                                      for t in (1, 2, 3) for k in (1, 2)))
        self.apply("member", "import", members)
        organisations = self.file("organisations.csv", "name,kind,unit_code,registered,id\n"
                                  "Sở Thông tin và Truyền thông,DEPARTMENT,15,01/01/2023,900\n")
        self.apply("organisation", "import", organisations)

        self.assertIn("thôn Mạ", self.thon("team", "list").stdout)
        self.assertIn("thôn Mạ", self.thon("team", "show", "1").stdout)
        self.assertIn("thôn Mạ", json.dumps(self.json("team", "show", "1"), ensure_ascii=False))
        self.assertEqual(len(self.json("team", "list")["teams"]), 3)
        self.assertIn("Sở Thông tin", json.dumps(self.json("organisation", "list"), ensure_ascii=False))
        self.thon("organisation", "list")
        self.thon("team", "show", "999", expect=REFUSED)

    def test_04b_a_file_as_vietnamese_excel_saves_it(self):
        """UTF-16 with semicolons and Vietnamese titles; zeros that Excel dropped are named, not added."""
        def excel(name, text):
            path = self.folder / name
            path.write_bytes(b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"))
            return path
        lost = excel("lost.csv", "Mã xã;Tên xã;Tên thôn;Mã định danh;;\n04771;Xã Vĩnh Kiên;Thôn Khe Gầy;5004;;\n"
                     "4771;Xã Vĩnh Kiên;Thôn Phai Tung;5005;;\n;;;;;\n")
        before = self.end()
        report = self.thon("village", "import", lost, "--effective", "01/01/2023", "--apply", expect=REFUSED).stdout
        self.assertIn("lost.csv:3: Mã xã (commune_code): \"4771\"", report)
        self.assertIn("có phải là Xã Vĩnh Kiên (04771)?", report)
        self.assertIn("did you mean Xã Vĩnh Kiên (04771)?", report)
        self.assertEqual(self.end(), before, "a row of a file with an error was recorded")
        good = excel("good.csv", "Mã xã;Tên xã;Tên thôn;Mã định danh;;\n04771;Xã Vĩnh Kiên;Thôn Khe Gầy;5004;;\n"
                     "04771; Xã Vĩnh Kiên ;Thôn Phai Tung;5005;;\n;;;;;\n")
        applied = self.apply("village", "import", good, "--effective", "01/01/2023")
        self.assertEqual([(f["line"], f["code"]) for f in applied["findings"]], [(3, "PADDED")])
        self.thon("village", "import", good, "--effective", "01/01/2023", "--dry-run")
        self.thon("village", "import", good, "--effective", "01/01/2023", "--dry-run", "--apply", expect=USAGE)
        bare = self.folder / "bare.csv"
        bare.write_bytes("Mã xã;Tên thôn\n04771;Thôn X\n".encode("utf-16-le"))
        self.assertIn("CSV UTF-8", self.thon("village", "import", bare, expect=REFUSED).stderr)

    def test_04c_templates(self):
        for kind in ("teams", "members", "list", "funding", "organisations", "villages"):
            path = self.folder / f"{kind}.xlsx"
            self.thon("template", kind, "-o", path)
            with zipfile.ZipFile(path) as book:
                parts = {name: book.read(name).decode("utf-8") for name in book.namelist() if name.endswith(".xml")}
            table = parts["xl/worksheets/sheet1.xml"]
            self.assertIn('state="frozen"', table)
            self.assertIn('<dataValidation type="list"', table)
            self.assertRegex(parts["xl/workbook.xml"], 'name="Danh mục"[^>]*state="hidden"')
            self.assertIn("VÍ DỤ", parts["xl/sharedStrings.xml"])
            self.assertIn('numFmtId="49"', parts["xl/styles.xml"], "codes are no texts")
            if kind in ("teams", "list", "villages"):
                self.assertIn("04771 Xã Vĩnh Kiên", parts["xl/sharedStrings.xml"])
            if kind in ("members", "funding"):
                self.assertIn("1 Tổ công nghệ số cộng đồng thôn Mạ", parts["xl/sharedStrings.xml"])
            self.thon("template", kind, "-o", path, expect=REFUSED)
            run("template", kind, "-o", self.folder / f"{kind}.alone.xlsx")
        self.assertIn("dd\\/mm\\/yyyy", parts["xl/styles.xml"])
        self.assertIn("XLSX", self.thon("team", "import", self.folder / "teams.xlsx", expect=REFUSED).stderr)
        example = self.folder / "teams.example.csv"
        self.thon("template", "teams", "--csv", "-o", example)
        checked = self.json("team", "import", example)
        self.assertEqual((checked["examples"], checked["errors"], checked["summary"]["teams"]), (1, 0, 0))
        self.thon("template", "kings", "-o", self.folder / "kings.xlsx", expect=USAGE)

    def test_05_policy(self):
        policy = SOURCE / "deploy" / "policies" / "yen-bai-2023.yaml"
        self.thon("policy", "check", policy)
        self.json("policy", "check", policy)
        broken = self.file("broken.yaml", policy.read_text(encoding="utf-8") + "\nno_such_field: 1\n")
        text = self.thon("policy", "check", broken, expect=REFUSED)
        lines = broken.read_text(encoding="utf-8").count("\n")
        self.assertRegex(text.stdout + text.stderr, rf"broken\.yaml:{lines}:")
        self.json("policy", "check", broken, expect=REFUSED)
        before = self.end()
        self.thon("policy", "publish", broken, "--issuer-code", "15", expect=REFUSED)
        self.assertEqual(self.end(), before)
        self.json("policy", "publish", policy, "--issuer-code", "15")
        self.assertIn("YB-2023", self.thon("policy", "list").stdout)
        self.assertIn("YB-2023", json.dumps(self.json("policy", "list")))

    def test_06_list_and_funding(self):
        self.json("admin", "advance-clock", "--to", "2023-06-01T08:00:00+07:00")
        listing = self.file("894.csv", "commune_code,target,name\n04771,STANDARD,Xã Vĩnh Kiên\n")
        self.apply("list", "approve", listing, "--list", "894/QĐ-UBND", "--issued", "01/06/2023", "--year", "2023",
                   "--effective", "2023-06-01", "--issuer", "UBND tỉnh Yên Bái")
        self.thon("admin", "advance-clock", "--to", "2023-10-12T08:00:00+07:00")
        funding = self.file("1845.csv", "team_id\n1\n2\n")
        self.apply("funding", "approve", funding, "--policy", "YB-2023", "--document", "1845/QĐ-UBND", "--issued",
                   "12/10/2023", "--issuer", "UBND tỉnh Yên Bái", "--from", "2023-06", "--to", "2023-12", "--ceiling",
                   "7.000.000 đồng", "--retroactive")
        self.thon("admin", "advance-clock", "--to", "2023-10-14T08:00:00+07:00")

    def test_07_eligibility(self):
        def vnd(*arguments):
            return sum(int(s["amount_vnd"]) for s in self.json("eligibility", "summary", "--policy", "YB-2023",
                                                               *arguments)["sums"])
        self.assertEqual(vnd(), 5 * 2 * 500_000)
        self.assertEqual(vnd("--as-of", "2023-10-11"), 0)
        self.assertEqual(vnd("--as-of", "2023-10-13"), 5 * 2 * 500_000)
        self.assertEqual(vnd("--unit-code", "133"), 0)
        self.assertEqual(vnd("--from", "2023-06", "--to", "2023-07"), 2 * 2 * 500_000)
        self.thon("eligibility", "summary", "--policy", "YB-2023")
        self.thon("eligibility", "list", "--policy", "YB-2023", "--from", "2023-06", "--to", "2023-06")
        self.json("eligibility", "list", "--policy", "YB-2023", "--state", "PROVISIONAL", "--unit-code", "132")
        shown = self.thon("eligibility", "show", "--team", "1", "--month", "2023-08", "--explain").stdout
        self.assertIn("500.000", shown)
        why = self.json("eligibility", "show", "--team", "3", "--month", "8/2023", "--explain")
        self.assertNotIn("500000", json.dumps(why.get("determination", {})))
        self.json("eligibility", "show", "--organisation", "900", "--month", "2023-08")
        self.thon("eligibility", "show", "--team", "1", "--month", "2023-13", expect=USAGE)

    def test_07b_acts_on_teams_and_lists_reach_the_money(self):
        def state(team, month):
            row = self.json("eligibility", "show", "--team", team, "--month", month)["row"]
            return row["determination"]["state"]
        suspend = ["team", "suspend", "04771/Thôn Ba Chãng", "--from", "10/08/2023", "--to", "20/09/2023", "--reason",
                   "kiện toàn", "--document", "21/QĐ-UBND", "--issued", "09/08/2023"]
        before = self.end()
        self.assertIn("Dry run", self.thon(*suspend, "--dry-run").stdout)
        self.assertFalse(self.json(*suspend, "--dry-run")["applied"])
        self.thon("team", "merge", "2", "--into", "2", "--effective", "15/08/2023", expect=USAGE)
        self.thon("team", "merge", "2", "--into", "99", "--effective", "15/08/2023", expect=REFUSED)
        self.assertEqual(self.end(), before, "what was tried or refused is recorded")
        self.assertTrue(self.json(*suspend)["applied"])
        self.assertEqual([state(2, m) for m in ("2023-07", "2023-08", "2023-09")], ["PROVISIONAL", "HELD", "HELD"])
        self.thon(*suspend, expect=REFUSED)
        self.thon("team", "resume", "2", "--date", "10/08/2023")
        self.assertEqual(state(2, "2023-08"), "PROVISIONAL")
        amendment = self.file("1700.csv", "Mã xã;Thay đổi;Mục tiêu\n04771;đưa ra;\n04303;thêm;nâng cao\n")
        amended = self.apply("list", "amend", amendment, "--list", "894/QĐ-UBND", "--document", "1700/QĐ-UBND",
                             "--issued", "05/10/2023", "--effective", "01/11/2023")
        self.assertEqual((amended["summary"]["added"], amended["summary"]["removed"]), (1, 1))
        never = self.file("never.csv", "Mã xã;Thay đổi\n04717;đưa ra\n")
        report = self.thon("list", "amend", never, "--list", "894/QĐ-UBND", "--document", "1701/QĐ-UBND", "--issued",
                           "05/10/2023", "--effective", "01/11/2023", "--apply", expect=REFUSED).stdout
        self.assertIn("never.csv:2: Mã xã (commune_code)", report)
        self.assertEqual(state(1, "2023-10"), "PROVISIONAL")

    def test_08_enrolment_codes(self):
        code = self.json("enrol", "code", "--team", "1", "--member", "11")
        self.assertTrue(code)
        text = self.thon("enrol", "code", "--organisation", "900", "--days", "7").stdout
        self.assertTrue(text.strip())
        self.thon("enrol", "code", "--team", "999", "--member", "11", expect=REFUSED)
        phones = self.file("phones.csv", "team_id,member_id,organisation_id\n1,12,\n2,21,\n,,900\n")
        out = self.folder / "codes.csv"
        self.json("enrol", "bulk", phones, "--out", out)
        self.assertEqual(len(out.read_text().splitlines()), 4)
        self.assertEqual(stat.S_IMODE(out.stat().st_mode) & 0o077, 0, "codes are secrets")

    def test_08b_enrolment_sheets(self):
        sheet = self.folder / "sheet.html"
        made = self.json("enrol", "sheet", "--under", "132", "--address", "thon.example:7443", "--per-page", "2",
                         "-o", sheet)
        self.assertEqual(made["count"], 2)
        self.assertEqual(stat.S_IMODE(sheet.stat().st_mode), 0o600, "codes are secrets")
        page = sheet.read_text(encoding="utf-8")
        self.assertEqual(page.count("<svg"), 2)
        self.assertIn("Thôn Mạ, Xã Vĩnh Kiên (04771)", page)
        self.assertIn(made["ca_fingerprint"][:4], page)
        end = self.end()
        self.thon("enrol", "sheet", "--under", "132", "--address", "thon.example:7443", "-o", sheet, expect=REFUSED)
        self.thon("enrol", "sheet", "--under", "132", "-o", self.folder / "no.html", expect=USAGE)
        absent = self.file("absent.csv", "Mã tổ\n1\n99\n")
        report = self.thon("enrol", "sheet", "--teams", absent, "--address", "thon.example:7443", "-o",
                           self.folder / "no.html", expect=REFUSED).stdout
        self.assertIn("absent.csv:3: Mã tổ (team_id)", report)
        self.assertEqual(self.end(), end, "codes of a refused sheet were recorded")
        self.assertFalse((self.folder / "no.html").exists())
        every = self.file("every.csv", "team_id\n1\n")
        self.thon("enrol", "sheet", "--teams", every, "--every-member", "--address", "thon.example:7443", "-o",
                  self.folder / "every.html")
        self.assertEqual((self.folder / "every.html").read_text(encoding="utf-8").count("<svg"), 2)
        text = f"THON1/THON.EXAMPLE:7443/{'A' * 26}/{made['ca_fingerprint'].upper()}"
        self.assertEqual(self.json("enrol", "read", text)["server"], "thon.example:7443")
        self.thon("enrol", "read", "THON2/x", expect=USAGE)

    def test_09_log(self):
        self.assertTrue(self.thon("log", "tail", "--count", "5").stdout.strip())
        entries = self.json("log", "tail", "--from", "0")
        self.assertTrue(entries)
        self.json("log", "tail", "--count", "3", "--events")
        self.thon("log", "export", "-o", self.folder / "log.bin")
        self.assertGreater((self.folder / "log.bin").stat().st_size, 1000)

    def test_09b_audit(self):
        trust = ["--trust", self.folder / "trust"]
        head = self.json("audit", "checkpoint", *trust, "-o", self.folder / "head.checkpoint")
        self.assertTrue(head["first_use"])
        self.assertEqual(list(map(int, (self.folder / "head.checkpoint").read_text().split("\n")[1:2])),
                         [head["tree_size"]])
        self.assertTrue(self.json("audit", "log", "--kind", "policy_published"))
        self.thon("audit", "log", "--to", "2023-05-01", "--events")
        self.thon("audit", "proof", "1", "-o", self.folder / "1.tlog-proof", *trust)
        self.assertTrue((self.folder / "1.tlog-proof").read_text().startswith("c2sp.org/tlog-proof@v1\n"))
        explained = self.json("audit", "explain", "1", "2023-08", *trust)
        self.assertTrue(explained["evidence"])
        self.assertTrue(all(one["signature_holds"] and one["inclusion_holds"] for one in explained["evidence"]))
        state = self.json("audit", "state-at", str(explained["position"]))
        self.assertEqual(state["position"], explained["position"])
        diff = self.json("audit", "diff", "--as-of", "1", "--as-of", str(state["position"]))
        self.assertEqual(diff["after_vnd"], state["total_vnd"])
        pack = self.json("audit", "pack", "-o", self.folder / "pack.tar", *trust)
        with tarfile.open(self.folder / "pack.tar") as tar:
            names = tar.getnames()
        self.assertEqual(names[0], "manifest.json")
        self.assertEqual(len(names), pack["files"])
        self.thon("audit", "pack", "-o", self.folder / "pack.tar", *trust, expect=REFUSED)
        self.thon("audit", "author", "ff" * 16, expect=REFUSED)
        self.thon("audit", "roots")
        kinds = {access["kind"] for access in self.json("audit", "access")["accesses"]}
        self.assertLessEqual({"ENTRIES", "ROWS", "CHANGES"}, kinds)

    def test_10_grants_and_what_a_reader_may_not(self):
        token = self.folder / "reader.token"
        self.json("grant", "issue", "--officer", "9", "--role", "reader", "--unit-code", "133", "--token-out", token)
        self.assertEqual(stat.S_IMODE(token.stat().st_mode), 0o600)
        reader = ["--server", self.server.endpoint, "--ca", self.data / "tls" / "ca.crt", "--token-file", token]
        run(*reader, "team", "show", "3")
        run(*reader, "--json", "status")
        run(*reader, "team", "show", "1", expect=DENIED)
        run(*reader, "enrol", "code", "--team", "3", "--member", "31", expect=DENIED)
        run(*reader, "admin", "backup", expect=DENIED)
        run(*reader, "log", "tail", expect=DENIED)
        bad = self.file("bad.token", "no-such-token\n")
        run("--server", self.server.endpoint, "--ca", self.data / "tls" / "ca.crt", "--token-file", bad, "status",
            expect=DENIED)
        # A file that is there is not written over.
        self.thon("grant", "issue", "--officer", "10", "--role", "reader", "--all", "--token-out", token, expect=REFUSED)

    def test_11_who_cannot_be_reached(self):
        run("--server", "127.0.0.1:1", "--ca", self.data / "tls" / "ca.crt", "--token-file",
            self.data / "operator.token", "status", expect=UNREACHABLE)
        run("--data", self.folder / "nowhere", "status", expect=UNREACHABLE)
        run("status", expect=USAGE, environment={"THON_DATA": "", "THON_SERVER": ""})
        run("status", environment={"THON_DATA": str(self.data), "THON_SERVER": ""})
        run("no-such-command", expect=USAGE)
        run("--server", self.server.endpoint, "status", expect=USAGE)
        run("--help")
        self.assertIn("0.1.0", run("--version").stdout)

    def test_12_the_national_list(self):
        if not NATIONAL.exists():
            print(f"{NATIONAL} is not there: the national list is not imported", file=sys.stderr)
            return
        data = self.folder / "national"
        server = serve(data)
        try:
            arguments = ["--data", data, "--json", "units", "import", NATIONAL, "--effective", "2023-04-10"]
            dry = json.loads(run(*arguments).stdout)
            status = json.loads(run("--data", data, "--json", "status").stdout)
            run(*arguments, "--apply")
            after = json.loads(run("--data", data, "--json", "status").stdout)
            self.assertGreater(int(after["next_position"]), int(status["next_position"]))
            again = json.loads(run(*arguments).stdout)
            self.assertNotEqual(json.dumps(dry), json.dumps(again), "the second dry run has nothing to do")
            listed = json.loads(run("--data", data, "--json", "units", "list").stdout)
            text = json.dumps(listed, ensure_ascii=False)
            lines = NATIONAL.read_text(encoding="utf-8-sig").splitlines()
            self.assertIn("Hà Nội", text)
            self.assertEqual(len(listed["units"]), len([x for x in lines if x.strip()]) - 1)
        finally:
            self.assertEqual(server.stop(), 0)

    def test_12b_an_import_that_is_killed_leaves_nothing_or_everything(self):
        """The client, or the server, dies as soon as the import's first part is in the log."""
        rows = ["code,level,name,parent_code"]
        for province in range(10, 13):
            rows.append(f"{province},province,Tỉnh Số {province},")
            for district in range(20):
                code = f"{province * 20 + district:03d}"
                rows.append(f"{code},district,Huyện Số {code},{province}")
                rows += [f"{int(code) * 60 + n:05d},commune,Xã Số {code} {n},{code}" for n in range(60)]
        total = len(rows) - 1
        units = self.file("many.csv", "\n".join(rows) + "\n")
        data = self.folder / "killed"
        server = serve(data)

        def ask(*arguments):
            return json.loads(run("--data", data, "--json", *arguments).stdout)

        def listed():
            return len(ask("units", "list").get("units", []))

        try:
            for victim in ("client", "server"):
                start = int(ask("status")["next_position"])
                client = subprocess.Popen([BIN / "thon", "--data", data, "units", "import", units, "--effective",
                                           "2023-04-01", "--apply"], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
                while int(ask("status")["next_position"]) == start and client.poll() is None:
                    pass
                if victim == "client":
                    client.kill()
                    client.wait()
                else:
                    server.kill()
                    client.wait()
                    server = serve(data)
                self.assertIn(listed(), (0, total), victim)
            run("--data", data, "units", "import", units, "--effective", "2023-04-01", "--apply")
            self.assertEqual(listed(), total)
        finally:
            self.assertEqual(server.stop(), 0)

    def test_13_backup_check_restore(self):
        backup = self.json("admin", "backup", "--name", "nightly")
        self.assertTrue(Path(backup["path"]).is_dir())
        self.thon("admin", "backup", "--name", "nightly", expect=REFUSED)
        self.thon("admin", "check", expect=REFUSED)  # The server has it open.
        self.assertEqual(type(self).server.stop(), 0)
        self.thon("status", expect=UNREACHABLE)
        self.thon("admin", "check")
        checked = self.json("admin", "check")
        restored = self.folder / "restored"
        run("--data", restored, "--json", "admin", "restore", "--backup", backup["path"])
        again = json.loads(run("--data", restored, "--json", "admin", "check").stdout)
        self.assertEqual(checked["root_hash"], again["root_hash"])
        run("--data", restored, "admin", "restore", "--backup", backup["path"], expect=REFUSED)
        type(self).server = serve(restored)
        status = json.loads(run("--data", restored, "--token-file", self.data / "operator.token", "--json",
                                "status").stdout)
        self.assertEqual(status["origin"], "thon.example/cli/1")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], failfast=False, verbosity=2)
