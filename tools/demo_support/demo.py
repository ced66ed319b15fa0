"""Plays the demo on built programs. Called by tools/demo, which see."""

import argparse
import collections
import csv
import datetime
import json
import shlex
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import province
from programs import Failed, Programs

ROOT = Path(__file__).resolve().parents[2]
POLICY = "YB-2023"
POLICY_FILE = ROOT / "deploy" / "policies" / "yen-bai-2023.yaml"
MONTHS = [f"2023-{m:02}" for m in range(6, 13)]
VND = 500_000
SIM_START = "2023-05-20T00:00:00+07:00"
FROM, TO = "2023-06-01", "2023-12-31"
FUNDED = "2023-10-12"
# The fleet's last day: late phones have come back.
FINAL = "2024-01-05"
AS_OF = ["2023-09-30", "2023-10-11", "2023-10-13", FINAL]


def say(text):
    print(text, file=sys.stderr, flush=True)


def dong(amount):
    return f"{amount:,}".replace(",", ".") + " đồng"


class Demo:
    def __init__(self, args, folder):
        self.args = args
        self.size = province.SMALL if args.scale == "small" else province.FULL
        self.folder = folder
        self.data = folder / "data"
        self.input = folder / "input"
        self.programs = Programs(args.bin_dir, self.data, folder)
        self.province = province.Province(self.size, args.seed)
        self.begin = time.monotonic()

    # ----------------------------------------------------------- the province

    def set_up(self):
        """What a province does before the first of June, by the command line."""
        self.province.write(self.input)
        thon = self.programs.thon
        thon("units", "import", self.input / "units.csv", "--effective", province.EFFECTIVE,
             "--document", "124/2004/QĐ-TTg", "--issued", "2004-07-08", "--apply")
        for what in ("village", "team", "member", "organisation"):
            thon(what, "import", self.input / f"{what}s.csv", "--apply")
        thon("policy", "publish", self.policy_file(), "--issuer-code", "15")
        self.write_codes()

    def policy_file(self):
        """The province's policy; on another scale without the check of its total."""
        if self.size == province.FULL:
            return POLICY_FILE
        text = POLICY_FILE.read_text(encoding="utf-8")
        begin = text.index("expected:\n")
        end = text.find("\n\n", begin)
        end = len(text) if end < 0 else end
        file = self.input / POLICY_FILE.name
        file.write_text(text[:begin] + text[end:], encoding="utf-8")
        return file

    def write_codes(self):
        """One code a phone: the leader of each team, a reporter of each organisation."""
        codes = self.programs.enrolment_codes(self.input / "phones.csv", self.input / "issued.csv")
        village_of = {str(team): village for team, village, _, _, _ in self.province.teams}
        with open(self.input / "codes.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["code", "team_id", "member_id", "organisation_id", "village_id"])
            for code in codes:
                writer.writerow([code["code"], code["team_id"], code["member_id"], code["organisation_id"],
                                 village_of.get(code["team_id"], "")])
        phones = self.size.teams + self.size.organisations
        if len(codes) != phones:
            raise Failed(f"{len(codes)} enrolment codes for {phones} phones")

    def decisions(self):
        """(day, command) of the decisions that come while the phones work."""
        ceiling = len(MONTHS) * self.size.supported * VND
        return [
            (FROM, ["list", "approve", self.input / "list-894.csv", "--list", "894/QĐ-UBND", "--issued", FROM,
                    "--issuer", "UBND tỉnh Yên Bái", "--year", "2023", "--effective", FROM, "--apply"]),
            (FUNDED, ["funding", "approve", self.input / "funding-1845.csv", "--policy", POLICY,
                      "--document", "1845/QĐ-UBND", "--issued", FUNDED, "--issuer", "UBND tỉnh Yên Bái",
                      "--from", MONTHS[0], "--to", MONTHS[-1], "--ceiling", ceiling, "--retroactive", "--apply"]),
        ]

    def say_dashboard(self):
        """Where a browser sees it, and how it gets in."""
        try:
            link = self.programs.login_link()
        except Failed as failure:
            # The figures come out without it too.
            say(f"no dashboard: {failure}")
            return
        say(f"\nBảng theo dõi (the dashboard): {self.programs.dashboard_url}\n"
            f"Mở liên kết này để đăng nhập, một lần, trong mười phút (to log in, once, within ten minutes):\n  {link}\n")

    def play(self):
        """The seven months; returns the fleet's report."""
        command = ["--codes", self.input / "codes.csv", "--from", FROM, "--to", TO, "--seed", self.args.seed,
                   "--dir", self.folder / "fleet", "--json"]
        for day, decision in self.decisions():
            command += ["--on", day, shlex.join(str(x) for x in self.programs.thon_command(*decision)) + " >&2"]
        return self.programs.fleet(*command)

    # ------------------------------------------------------------- the result

    def result(self, fleet):
        as_of = []
        final = []
        for date in AS_OF:
            rows = self.programs.summary(POLICY, date)
            states = collections.Counter()
            money = collections.Counter()
            for row in rows:
                if row.kind == "TEAM":
                    states[row.month, row.state] += row.count
                    money[row.month, row.state] += row.vnd
            as_of += [{"date": date, "month": month, "state": state, "teams": states[month, state],
                       "vnd": money[month, state]} for month, state in sorted(states)]
            if date == FINAL:
                final = rows
        paid = [r for r in final if r.kind == "TEAM" and r.vnd > 0]
        listed = {team for team, _, _, c, _ in self.province.teams if c.listed}
        heard = {int(team): n for team, n in fleet["events_of_teams"].items()}
        unsupported = [heard.get(team, 0) for team, _, _, _, _ in self.province.teams if team not in listed]
        by_organisation = list(fleet["events_of_organisations"].values())
        december = [r for r in final if r.month == MONTHS[-1]]

        def group(kind, count, events):
            mine = [r for r in december if r.kind == kind and r.vnd == 0]
            return {"count": sum(r.count for r in mine), "vnd": sum(r.vnd for r in final if r.kind == kind and r not in paid),
                    "state": sorted({r.state for r in mine}), "reasons": {r.reason: r.count for r in mine},
                    "with_activity": sum(n > 0 for n in events), "events": sum(events), "expected": count}

        size = self.size
        return {
            "teams": size.teams,
            "supported_teams": max((r.count for r in paid), default=0),
            "team_months": sum(r.count for r in paid),
            "total_vnd": sum(r.vnd for r in paid),
            "month_vnd": {m: sum(r.vnd for r in paid if r.month == m) for m in MONTHS},
            "as_of": as_of,
            "unsupported_teams": group("TEAM", size.teams - size.supported, unsupported),
            "organisations": group("ORGANISATION", size.organisations, by_organisation),
            **{key: fleet[key] for key in (
                "phones", "clones", "events_recorded", "events_in_log", "lost", "duplicates", "never_recorded",
                "offered_again", "batches_sent", "batches_sent_again", "phones_killed", "kills", "streams_broken",
                "forks", "successor_keys", "longest_offline_days", "promises", "promises_overdue", "proofs", "evidence",
                "entries")},
            "dashboard_url": self.programs.dashboard_url,
            "seed": self.args.seed,
            "seconds": round(time.monotonic() - self.begin, 1),
        }

    def faults(self, result):
        """Every figure that is not what it must be, as a sentence."""
        size = self.size
        faults = []

        def must(what, got, wanted):
            if got != wanted:
                faults.append(f"{what}: {got}, must be {wanted}")

        per_month = size.supported * VND
        must("supported teams", result["supported_teams"], size.supported)
        must("team-months", result["team_months"], size.supported * len(MONTHS))
        must("total", result["total_vnd"], per_month * len(MONTHS))
        must("months", result["month_vnd"], {m: per_month for m in MONTHS})
        wanted = {
            "2023-09-30": [(m, "COVERED_UNFUNDED", size.supported, 0) for m in MONTHS[:4]],
            "2023-10-11": [(m, "COVERED_UNFUNDED", size.supported, 0) for m in MONTHS[:5]],
            "2023-10-13": [(m, "PROVISIONAL", size.supported, per_month) for m in MONTHS[:5]],
            FINAL: [(m, "PROVISIONAL", size.supported, per_month) for m in MONTHS],
        }
        for date, rows in wanted.items():
            got = [(r["month"], r["state"], r["teams"], r["vnd"]) for r in result["as_of"]
                   if r["date"] == date and r["state"] != "NOT_COVERED"]
            must(f"as of {date}", got, rows)
        for what, count, reason in (("unsupported_teams", size.teams - size.supported, "COMMUNE_NOT_REGISTERED"),
                                    ("organisations", size.organisations, "NOT_A_TEAM")):
            group = result[what]
            must(what, (group["count"], group["vnd"], group["reasons"]), (count, 0, {reason: count}))
            must(f"{what} with activity", group["with_activity"], count)
        must("events in the log", result["events_in_log"], result["events_recorded"])
        for what in ("lost", "duplicates", "never_recorded", "evidence"):
            must(what, result[what], 0)
        if self.size == province.FULL:
            for what, least in (("phones", 1374), ("events_recorded", 200_000), ("longest_offline_days", 49),
                                ("phones_killed", -(-result["phones"] // 20)), ("batches_sent_again", 1),
                                ("successor_keys", 1), ("proofs", result["phones"])):
                if result[what] < least:
                    faults.append(f"{what}: {result[what]}, must be at least {least}")
        return faults


def print_table(result):
    def number(n):
        return f"{n:,}".replace(",", ".")

    print()
    print("Hỗ trợ tổ công nghệ số cộng đồng, 6 tháng đến 12 năm 2023 (NQ 60/2022, QĐ 894, QĐ 1845)")
    print(f"{'Tháng':<10}{'Số tổ':>8}{'Số tiền':>22}")
    for month, vnd in result["month_vnd"].items():
        teams = next((r["teams"] for r in result["as_of"]
                      if r["date"] == FINAL and r["month"] == month and r["vnd"] > 0), 0)
        print(f"{month[5:]}/{month[:4]:<7}{number(teams):>8}{dong(vnd):>22}")
    print(f"{'Cộng':<10}{number(result['team_months']):>8}{dong(result['total_vnd']):>22}")
    print()
    for date in AS_OF[:-1]:
        rows = [r for r in result["as_of"] if r["date"] == date and r["state"] != "NOT_COVERED"]
        states = ", ".join(sorted({r["state"] for r in rows}))
        shown = datetime.date.fromisoformat(date).strftime("%d/%m/%Y")
        print(f"Tính đến {shown}: {len(rows)} tháng {states}, {dong(sum(r['vnd'] for r in rows))}")
    other, organisations = result["unsupported_teams"], result["organisations"]
    print(f"{number(other['count'])} tổ khác: {dong(other['vnd'])} ({', '.join(other['reasons'])}), "
          f"{number(other['events'])} sự kiện")
    print(f"{number(organisations['count'])} cơ quan, đơn vị: {dong(organisations['vnd'])} "
          f"({', '.join(organisations['reasons'])}), {number(organisations['events'])} sự kiện")
    print()
    print(f"{number(result['events_recorded'])} events recorded on {number(result['phones'])} phones, "
          f"{number(result['events_in_log'])} in the log, {result['lost']} lost, {result['duplicates']} twice")
    print(f"{number(result['phones_killed'])} phones killed in the act, {number(result['batches_sent_again'])} batches "
          f"sent again, {result['successor_keys']} successor keys, up to {result['longest_offline_days']} days offline, "
          f"{number(result['proofs'])} receipts proven, {number(result['promises'])} promised, "
          f"{result['evidence']} pieces of evidence, {result['seconds']} s")


def run(args, folder):
    demo = Demo(args, folder)
    with demo.programs as programs:
        programs.start_server(SIM_START)
        say(f"thond runs on {programs.endpoint}, its data in {demo.data}")
        demo.set_up()
        say(f"{demo.size.communes} communes, {demo.size.teams} teams and {demo.size.organisations} organisations are in")
        demo.say_dashboard()
        result = demo.result(demo.play())
        faults = demo.faults(result)
        if args.json:
            print(json.dumps(result, ensure_ascii=False), flush=True)
        else:
            print_table(result)
        for fault in faults:
            say(f"WRONG {fault}")
        if not args.once:
            demo.say_dashboard()
            say(f"The server runs on. Look at it with:\n  {args.bin_dir}/thon --data {demo.data} eligibility summary "
                f"--policy {POLICY}\nCtrl-C ends it.")
            programs.wait_for_interrupt()
        return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(prog="tools/demo")
    parser.add_argument("--bin-dir", type=Path, required=True)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", choices=("full", "small"), default="full")
    parser.add_argument("--dir", type=Path)
    args = parser.parse_args()
    # So that whatever ends us ends our children, by the way of `with`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.dir is not None:
        args.dir.mkdir(parents=True, exist_ok=True)
        if any(args.dir.iterdir()):
            parser.error(f"--dir {args.dir} is not empty")
    folder = args.dir or Path(tempfile.mkdtemp(prefix="thon-demo."))
    keep = args.keep or args.dir is not None
    try:
        return run(args, folder.resolve())
    except Failed as failure:
        keep = True
        say(f"tools/demo: {failure}\nWhat is left of it is in {folder}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
