#!/usr/bin/env python3
"""The house rules that a script can check.

Looks at every file git tracks or would track (or, outside a git work tree, at
every file) and prints one line a finding: path:line: rule: what to do.
Exits 1 if there is a finding, 2 if it was called wrongly.

A line may be excused where the rule does not fit, on the line itself or the
one above it, with the reason:    // tidy:allow(RULE): why this one is right
An excuse that nothing needs, or that gives no reason, is a finding itself.
"""

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path, PurePosixPath

CPP = (".h", ".cc")
CODE = CPP + (".proto", ".py", ".sh", ".cmake", ".ts", "CMakeLists.txt")
LINES_GUIDE, LINES_MAX = 400, 600

# ------------------------------------------------------------------ the layers

# Who may include whom. A room may include itself and what is listed.
SERVER_CHAIN = ["proto", "core", "policy", "projections", "storage", "watch", "engine"]
LAYERS = {room: set(SERVER_CHAIN[:i]) for i, room in enumerate(SERVER_CHAIN)}
LAYERS["rpc"] = set(SERVER_CHAIN)
LAYERS["http"] = set(SERVER_CHAIN) | {"rpc"}
LAYERS["main"] = set(SERVER_CHAIN) | {"rpc", "http"}
LAYERS["client"] = {"proto", "core", "policy"}
LAYERS["verify"] = {"proto", "core", "policy", "projections"}
LAYERS["tools"] = set(SERVER_CHAIN) | {"client"}
LAYERS["tests"] = set(LAYERS) | {"tests"}
PURE = {"core", "policy", "projections"}

# Third-party headers that only some places may see.
BELOW_RPC_TESTS = tuple(f"tests/unit/{room}/" for room in SERVER_CHAIN)
GRPC_PLACES = ("server/rpc/", "client-lib/src/transport", "tools/", "tests/")
FENCED = [  # (what the include looks like, where it may stand, where not)
    (re.compile(r"rocksdb/"), ("server/storage/", "tests/support/"), ()),
    (re.compile(r"grpc(pp)?/|.*\.grpc\.pb\.h$"), GRPC_PLACES, BELOW_RPC_TESTS + ("tools/verify/",)),
    (re.compile(r"boost/"), ("server/http/",), ()),
]
PURE_HEADERS = {
    "atomic", "chrono", "condition_variable", "ctime", "filesystem", "fstream", "future", "iostream",
    "locale", "mutex", "random", "shared_mutex", "thread", "time.h", "unistd.h", "unordered_map",
    "unordered_set",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)

# ------------------------------------------------------------- the banned calls


@dataclasses.dataclass
class Ban:
    rule: str
    pattern: re.Pattern
    instead: str
    only: tuple = ()  # Path prefixes where the rule holds; none: everywhere.
    free: tuple = ()  # Path patterns (as fnmatch) where it does not.


def _ban(rule, pattern, instead, only=(), free=()):
    return Ban(rule, re.compile(pattern), instead, only, free)


PURE_PATHS = tuple(f"server/{room}/" for room in sorted(PURE))
BANS = [
    _ban("clock", r"\b(system_clock|steady_clock|high_resolution_clock|absl::Now|GetCurrentTimeNanos|gettimeofday"
         r"|clock_gettime)\b", "take a Clock from the caller (server/core/clock.h)",
         free=("server/main.cc", "server/engine/system_clock*", "client-lib/src/*clock*", "tools/*", "tests/*")),
    _ban("random", r"(?<![\w.>])s?rand\s*\(|\brandom_device\b",
         "use a std::mt19937_64 with a seed that is printed, or libsodium for keys", free=("tests/support/seed.h",)),
    _ban("assert", r"(?<![\w.])assert\s*\(|<cassert>|<assert\.h>",
         "use THON_CHECK, which stays on in production (server/core/check.h)"),
    _ban("string_view", r"\bstd::string_view\b", "use absl::string_view; Debian's Abseil does not convert"),
    _ban("mutex", r"\bstd::(mutex|recursive_mutex|shared_mutex|timed_mutex|condition_variable(_any)?|lock_guard"
         r"|unique_lock|scoped_lock|shared_lock)\b|\babsl::(Mutex|MutexLock|ReaderMutexLock|WriterMutexLock|CondVar"
         r"|Notification|BlockingCounter|Barrier)\b", "use Mutex, MutexLock and CondVar (server/core/mutex.h)",
         free=("server/core/mutex.h",)),
    _ban("sleep", r"\b(sleep_for|sleep_until|SleepFor|usleep|nanosleep)\b|(?<![\w.>])sleep\s*\(",
         "wait on the condition itself", only=("tests/",)),
    _ban("skipped_test", r"\bDISABLED_|\bGTEST_SKIP\b", "repair the test or delete it", only=("tests/",)),
    _ban("float", r"\b(float|double|long double)\b", "use integers: every machine must compute the same",
         only=PURE_PATHS),
    _ban("unordered", r"\b(unordered_|(flat|node)_hash_)(multi)?(map|set)\b",
         "use std::map or a sorted vector: the order must be the same everywhere", only=PURE_PATHS),
]

# --------------------------------------------------------------------- findings


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str
    warning: bool = False

    def __str__(self):
        kind = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {kind}{self.rule}: {self.text}"


_CPP_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
    re.S)


def code_only(text):
    """C++ text with comments and literals blanked; the lines stay where they are."""
    return _CPP_TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


class File:
    def __init__(self, root, path):
        self.path = path
        self.name = PurePosixPath(path).name
        self.raw = (root / path).read_bytes()
        self.binary = b"\0" in self.raw
        try:
            self.text, self.utf8 = self.raw.decode("utf-8"), True
        except UnicodeDecodeError:
            self.text, self.utf8 = self.raw.decode("latin-1"), False
        self.cpp = path.endswith(CPP)
        self.code = code_only(self.text) if self.cpp else ""

    def matches(self, pattern, text=None):
        """(line number, match) of each match of `pattern`."""
        text = self.text if text is None else text
        for m in re.finditer(pattern, text):
            yield text.count("\n", 0, m.start()) + 1, m

    def includes(self):
        # From the text, as the names are literals.
        for line, m in self.matches(INCLUDE):
            yield line, m.group(1) or m.group(2), m.group(1) is not None


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = [File(self.root, p) for p in list_files(self.root)]
        self.paths = {f.path for f in self.files}


def list_files(root):
    git = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, check=False)
    if git.returncode == 0:
        paths = git.stdout.decode().split("\0")
    else:
        paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = [d for d in folders if d not in (".git", "build", "node_modules", "__pycache__")]
            paths += [(Path(folder) / n).relative_to(root).as_posix() for n in names]
    return sorted({p for p in paths if p and (root / p).is_file() and not (root / p).is_symlink()})


# ------------------------------------------------------------------------ rules


def room_of_path(path):
    """The room a file belongs to, or None if it is in none."""
    part = path.split("/")
    if part[0] == "server":
        if len(part) == 2:
            return "main"
        return part[1] if part[1] in LAYERS else None
    if part[0] == "tools":
        return "verify" if part[1] == "verify" else "tools"
    return {"client-lib": "client", "tests": "tests", "proto": "proto"}.get(part[0])


def room_of_include(name):
    """The room an include leads to; "" for one that is not ours; None if there is no such room."""
    if name.startswith("thon/"):
        return "proto" if name.startswith("thon/v1/") else "client"
    if name.split("/")[0] in ("server", "client-lib", "tests", "tools", "proto"):
        return room_of_path(name)
    return ""


def check_layers(tree):
    for f in tree.files:
        if not f.cpp:
            continue
        room = room_of_path(f.path)
        if room is None:
            yield Finding(f.path, 1, "layers", "C++ belongs into a room of server/, client-lib/, tools/ or tests/")
            continue
        for line, name, quoted in f.includes():
            target = room_of_include(name)
            if target is None or (quoted and (name.startswith(".") or "/" not in name)):
                yield Finding(f.path, line, "layers", f'"{name}" is in no room; include by path from the root')
            elif target and target != room and target not in LAYERS[room]:
                yield Finding(f.path, line, "layers", f"{room} must not include {target} ({name})")
            for fence, inside, outside in FENCED:
                if fence.match(name) and (not f.path.startswith(inside) or f.path.startswith(outside)):
                    yield Finding(f.path, line, "layers", f"{name} may only be included under {', '.join(inside)}")
            if room in PURE and f.path not in ("server/core/mutex.h",) and name in PURE_HEADERS:
                yield Finding(f.path, line, "layers", f"{room} is pure: no <{name}>")


def check_bans(tree):
    for f in tree.files:
        if not f.cpp:
            continue
        # Literals are blanked, so the names between <> of an include still show.
        for ban in BANS:
            if ban.only and not f.path.startswith(ban.only):
                continue
            if any(PurePosixPath(f.path).match(p) or (p.endswith("/*") and f.path.startswith(p[:-1]))
                   for p in ban.free):
                continue
            for line, m in f.matches(ban.pattern, f.code):
                yield Finding(f.path, line, ban.rule, f"{m.group().strip()}: {ban.instead}")


# Recorded outputs and inputs of tests: their bytes are what they are.
RECORDED = ("tests/golden/", "tests/vectors/", "tests/fuzz/regressions/")


def check_form(tree):
    for f in tree.files:
        if f.binary or f.path.startswith(RECORDED):
            continue
        if not f.utf8:
            yield Finding(f.path, 1, "utf8", "not UTF-8")
            continue
        if f.text and not f.text.endswith("\n"):
            yield Finding(f.path, f.text.count("\n") + 1, "last_newline", "end the file with a newline")
        for line, text in enumerate(f.text.split("\n"), 1):
            if "\t" in text and not f.path.endswith(".tsv"):
                yield Finding(f.path, line, "tab", "use blanks")
            if text != text.rstrip():
                yield Finding(f.path, line, "trailing_blank", "remove the blanks at the end of the line")
            if not unicodedata.is_normalized("NFC", text):
                yield Finding(f.path, line, "nfc", "write the text in NFC")


def check_words(tree):
    marker = "TO" + "DO"
    machine = re.compile(r"(?<![\w.\-*}])/(?:work|root|home)/\w")
    for f in tree.files:
        if f.binary or f.path.startswith(RECORDED):
            continue
        if f.path.endswith(CODE):
            for line, _ in f.matches(rf"\b{marker}\b(?!\([a-z][\w.\-]*\): \S)"):
                yield Finding(f.path, line, "todo_owner", f"write {marker}(owner): reason")
        for line, m in f.matches(machine):
            yield Finding(f.path, line, "machine_path", f"{m.group()}...: a path of one machine has no place here")


def check_length(tree):
    for f in tree.files:
        if not f.path.endswith(CODE):
            continue
        count = f.text.count("\n")
        # A .proto is the manual of the API, and its length is mostly sentences.
        if count > LINES_MAX and not f.path.endswith(".proto"):
            yield Finding(f.path, count, "length", f"{count} lines; {LINES_MAX} at most: split it")
        elif count > LINES_GUIDE:
            yield Finding(f.path, count, "length", f"{count} lines; the guide is {LINES_GUIDE}", warning=True)


def guard_of(path):
    for prefix, stands_for in (("server/", ""), ("client-lib/include/thon/", ""), ("client-lib/src/", "client/")):
        if path.startswith(prefix):
            path = stands_for + path[len(prefix):]
            break
    return "THON_" + re.sub(r"\W", "_", path).upper() + "_"


def check_guards(tree):
    for f in tree.files:
        if not f.path.endswith(".h"):
            continue
        guard = guard_of(f.path)
        if not re.search(rf"^#ifndef {guard}\n#define {guard}\n", f.text, re.M) or \
                not re.search(rf"^#endif  // {guard}\n\Z", f.text, re.M):
            yield Finding(f.path, 1, "header_guard", f"guard it with #ifndef, #define and #endif  // {guard}")


def check_dead(tree):
    listed, included = set(), set()
    for f in tree.files:
        if f.name == "CMakeLists.txt" or f.path.endswith(".cmake"):
            folder = os.path.dirname(f.path)
            for token in re.findall(r"[^\s()\";]+\.(?:cc|proto)\b", re.sub(r"#.*", "", f.text)):
                token = token.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
                token, at_root = re.subn(r"^\$\{(PROJECT|CMAKE)_SOURCE_DIR\}/", "", token)
                listed.add(os.path.normpath(token if at_root else os.path.join(folder, token)))
        included.update(name for _, name, _ in f.includes())
    for f in tree.files:
        if f.path.endswith((".cc", ".proto")) and f.path not in listed and not f.path.startswith("tests/lint/"):
            yield Finding(f.path, 1, "dead_file", "no CMakeLists.txt lists it: add it or delete it")
        public = f.path.removeprefix("client-lib/include/")
        if f.path.endswith(".h") and f.path not in included and public not in included:
            yield Finding(f.path, 1, "dead_file", "nothing includes it: use it or delete it")


CHECKS = {
    "layers": check_layers, "bans": check_bans, "form": check_form, "words": check_words,
    "length": check_length, "guards": check_guards, "dead": check_dead,
}


def excused(tree, findings, chosen):
    """Takes away what an excuse covers, and adds the excuses that are wrong. `chosen`: the checks that ran."""
    allow = re.compile(r"tidy:allow" + r"\((\w+)\)(: \S)?")
    excuses = {}
    for f in tree.files:
        if f.cpp:
            for line, m in f.matches(allow):
                # An excuse of several comment lines covers the first line of code after it.
                lines = f.text.split("\n")
                end = line
                while end < len(lines) and lines[end - 1].lstrip().startswith("//"):
                    end += 1
                excuses[f.path, line, m.group(1)] = [end, bool(m.group(2)), False]
    for finding in findings:
        hit = False
        for (path, line, rule), excuse in excuses.items():
            if path == finding.path and rule == finding.rule and line <= finding.line <= excuse[0]:
                hit = excuse[2] = True
        if not hit:
            yield finding
    for (path, line, rule), (_, reason, used) in excuses.items():
        if not reason:
            yield Finding(path, line, "excuse", f"say why {rule} does not fit: `(rule): reason`")
        elif not used and ("layers" if rule == "layers" else "bans") in chosen:
            yield Finding(path, line, "excuse", f"nothing here breaks {rule}: remove the excuse")


def tidy(root, only=(), leave_out=()):
    tree = Tree(root)
    chosen = [c for c in CHECKS if (not only or c in only) and c not in leave_out]
    findings = [x for c in chosen for x in CHECKS[c](tree)]
    return sorted(excused(tree, findings, chosen))


# ----------------------------------------------------------------- clang-format


def format_findings(root, program):
    files = [p for p in list_files(Path(root)) if p.endswith(CPP)]
    if not files:
        return []
    if not shutil.which(program):
        return [Finding(".clang-format", 1, "format", f"{program} is not there: run tools/setup test")]
    run = subprocess.run([program, "--dry-run", "--style=file", "--ferror-limit=1", *files], cwd=root,
                         capture_output=True, text=True, check=False)
    found = re.findall(r"^([^\s:][^:\n]*):(\d+):\d+: (?:warning|error): code should be clang-formatted", run.stderr, re.M)
    if run.returncode != 0 and not found:
        return [Finding(".clang-format", 1, "format", run.stderr.strip())]
    return [Finding(p, int(n), "format", "run clang-format -i on it") for p, n in sorted(dict(found).items())]


def self_test(program):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "lint"))
    import tidy_self_test  # pylint: disable=import-outside-toplevel,import-error

    return tidy_self_test.run(sys.modules[__name__], program)


def main():
    parser = argparse.ArgumentParser(
        prog="tools/tidy.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="checks: " + ", ".join(CHECKS) + "\n\nbanned, and what to use instead:\n" + "\n".join(
            f"  {b.rule:<13} {b.instead}" + (f"   [in {', '.join(b.only)}]" if b.only else "") for b in BANS))
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent, type=Path, help="the tree to check")
    parser.add_argument("--only", action="append", default=[], choices=CHECKS, help="run this check only; repeatable")
    parser.add_argument("--leave-out", action="append", default=[], choices=CHECKS, help="do not run this check")
    parser.add_argument("--format", action="store_true", help="check with clang-format instead")
    parser.add_argument("--clang-format", default="clang-format", metavar="PROGRAM", help="which clang-format")
    parser.add_argument("--self-test", action="store_true", help="plant each fault and require that it is found")
    args = parser.parse_args()

    if args.self_test:
        return 0 if self_test(args.clang_format) else 1
    findings = format_findings(args.root, args.clang_format) if args.format else tidy(args.root, args.only, args.leave_out)
    for finding in findings:
        print(finding)
    errors = sum(not x.warning for x in findings)
    print(f"tidy: {errors} findings, {len(findings) - errors} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
