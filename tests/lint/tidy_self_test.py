"""Goal: each rule of tools/tidy.py is seen to fail, and only where it should.

Method: a small clean tree gets one fault at a time, and exactly that rule must
report it; it gets innocent texts that look like faults, and nothing may be
reported. A rule without a planted fault fails the test.

Run it with tools/tidy.py --self-test.
"""

import re
import tempfile
from pathlib import Path

MARKER = "TO" + "DO"  # Split, so that this file does not break the rules it plants.
HOME = "/ro" + "ot/"
ALLOW = "tidy:" + "allow"


def header(guard, body=""):
    return f"#ifndef {guard}\n#define {guard}\n\n{body}\n#endif  // {guard}\n"


CLEAN = {
    "server/core/CMakeLists.txt": "thon_library(thon_core SOURCES a.cc)\n",
    "server/core/a.h": header("THON_CORE_A_H_", "int A();\n"),
    "server/core/a.cc": '#include "server/core/a.h"\n\nint A() { return 1; }\n',
    "server/engine/CMakeLists.txt": "thon_library(thon_engine SOURCES e.cc)\n",
    "server/engine/e.h": header("THON_ENGINE_E_H_"),
    "server/engine/e.cc": '#include "server/engine/e.h"\n\n#include "server/core/a.h"\n#include "absl/strings/str_cat.h"\n',
    "client-lib/CMakeLists.txt": "thon_library(thon_client SOURCES src/c.cc)\n",
    "client-lib/include/thon/client.h": header("THON_CLIENT_H_"),
    "client-lib/src/c.h": header("THON_CLIENT_C_H_"),
    "client-lib/src/c.cc": '#include "client-lib/src/c.h"\n#include "thon/client.h"\n',
    "tests/unit/core/CMakeLists.txt": "thon_test(core_test SOURCES a_test.cc)\n",
    "tests/unit/core/a_test.cc": '#include "server/core/a.h"\n',
}
CORE = "server/core/a.cc"
ENGINE = "server/engine/e.cc"
CLIENT = "client-lib/src/c.cc"
TEST = "tests/unit/core/a_test.cc"


def added(path, text):
    return {path: CLEAN.get(path, "") + text}


def listed(path, text):
    """A new .cc in a folder without a CMakeLists.txt, and the list it needs."""
    folder, name = path.rsplit("/", 1)
    return {path: text, f"{folder}/CMakeLists.txt": f"add_executable(x {name})\n"}


FAULTS = [  # (the rule that must report it, what it is, the change to the clean tree)
    ("layers", "core includes engine", added(CORE, '#include "server/engine/e.h"\n')),
    ("layers", "the client includes the server's engine", added(CLIENT, '#include "server/engine/e.h"\n')),
    ("layers", "the server includes the client", added(ENGINE, '#include "client-lib/src/c.h"\n')),
    ("layers", "the server includes a test", added(ENGINE, '#include "tests/support/x.h"\n')),
    ("layers", "an include from a room that does not exist", added(ENGINE, '#include "server/attic/x.h"\n')),
    ("layers", "an include relative to the file", added(ENGINE, '#include "../core/a.h"\n')),
    ("layers", "an include without a path", added(ENGINE, '#include "e.h"\n')),
    ("layers", "the verifier includes storage", listed("tools/verify/v.cc", '#include "server/storage/x.h"\n')),
    ("layers", "the verifier includes gRPC", listed("tools/verify/v.cc", "#include <grpcpp/grpcpp.h>\n")),
    ("layers", "RocksDB outside storage", added(ENGINE, '#include "rocksdb/db.h"\n')),
    ("layers", "gRPC in the engine", added(ENGINE, "#include <grpcpp/grpcpp.h>\n")),
    ("layers", "a gRPC stub in the client's session", added(CLIENT, '#include "thon/v1/sync_service.grpc.pb.h"\n')),
    ("layers", "gRPC in a test below rpc", added(TEST, "#include <grpcpp/grpcpp.h>\n")),
    ("layers", "Beast outside http", added(ENGINE, "#include <boost/beast.hpp>\n")),
    ("layers", "a thread in a pure room", added(CORE, "#include <thread>\n")),
    ("layers", "C++ outside the rooms", listed("attic/x.cc", "int x;\n")),
    ("clock", "the wall clock in the engine", added(ENGINE, "auto t = std::chrono::system_clock::now();\n")),
    ("clock", "the steady clock in the client", added(CLIENT, "auto t = std::chrono::steady_clock::now();\n")),
    ("clock", "Abseil's clock", added(ENGINE, "auto t = absl::Now();\n")),
    ("random", "rand", added(ENGINE, "int r = rand();\n")),
    ("random", "std::srand", added(TEST, "void F() { std::srand(1); }\n")),
    ("random", "a random device", added(ENGINE, "std::random_device source;\n")),
    ("assert", "assert", added(CORE, "void F(int x) { assert(x > 0); }\n")),
    ("assert", "its header", added(CORE, "#include <cassert>\n")),
    ("string_view", "std::string_view", added(ENGINE, "void F(std::string_view s);\n")),
    ("mutex", "std::mutex", added(ENGINE, "std::mutex mu;\n")),
    ("mutex", "std::lock_guard", added(TEST, "std::lock_guard<M> lock(mu);\n")),
    ("mutex", "absl::Mutex", added(ENGINE, "absl::Mutex mu;\n")),
    ("mutex", "absl::Notification", added(TEST, "absl::Notification done;\n")),
    ("sleep", "a test that sleeps", added(TEST, "void F() { std::this_thread::sleep_for(d); }\n")),
    ("sleep", "a test that sleeps in C", added(TEST, "void F() { sleep(1); }\n")),
    ("skipped_test", "a disabled test", added(TEST, "TEST(A, DISABLED_B) {}\n")),
    ("skipped_test", "a skipped test", added(TEST, "TEST(A, B) { GTEST_SKIP(); }\n")),
    ("float", "a double in core", added(CORE, "double half = 0;\n")),
    ("unordered", "a hash map in core", added(CORE, "absl::flat_hash_map<int, int> m;\n")),
    ("unordered", "an unordered set in core", added(CORE, "std::unordered_set<int> s;\n")),
    ("utf8", "Latin-1", {"README.md": b"\xe9t\xe9\n"}),
    ("last_newline", "no newline at the end", {"README.md": "text"}),
    ("tab", "a tab", {"README.md": "a\tb\n"}),
    ("trailing_blank", "a blank at the end of a line", {"README.md": "a \nb\n"}),
    ("trailing_blank", "a carriage return", {"README.md": "a\r\nb\n"}),
    ("nfc", "a letter in two code points", {"README.md": "Tho\u0302n\n"}),
    ("todo_owner", "nobody's task", added(CORE, f"// {MARKER}: later\n")),
    ("todo_owner", "a task without a reason", {"tools/x.py": f"# {MARKER}(minh)\n"}),
    ("machine_path", "a path of one machine", {"README.md": f"cd {HOME}thon\n"}),
    ("length", "a file that is too long", added(CORE, "int x;\n" * 600)),
    ("length", "a file beyond the guide", added(CORE, "int x;\n" * 400)),
    ("header_guard", "another file's guard", {"server/core/a.h": header("THON_CORE_B_H_")}),
    ("header_guard", "no guard", {"server/core/a.h": "int A();\n"}),
    ("header_guard", "an end without its name", {"server/core/a.h": header("THON_CORE_A_H_").replace("  //", " //")}),
    ("dead_file", "a source that nothing builds", {"server/core/b.cc": '#include "server/core/a.h"\n'}),
    ("dead_file", "a source only in a comment of CMake's",
     {"server/core/CMakeLists.txt": "thon_library(thon_core SOURCES a.cc) # b.cc\n", "server/core/b.cc": "int b;\n"}),
    ("dead_file", "a header that nothing includes", {"server/core/b.h": header("THON_CORE_B_H_")}),
    ("dead_file", "a proto that nothing builds", {"proto/thon/v1/x.proto": 'syntax = "proto3";\n'}),
    ("excuse", "an excuse without a reason", added(ENGINE, f"std::mutex mu;  // {ALLOW}(mutex)\n")),
    ("excuse", "an excuse for nothing", added(ENGINE, f"int mu;  // {ALLOW}(mutex): it was one once\n")),
    ("excuse", "an excuse for a layer that is kept", added(ENGINE, f"int x;  // {ALLOW}(layers): it is near\n")),
    ("mutex", "an excuse for another line", added(
        ENGINE, f"std::mutex a;  // {ALLOW}(mutex): shared with a library\nint b;\nstd::mutex c;\n")),
]

INNOCENT = [  # (what it is, the change to the clean tree)
    ("the lower room", added(ENGINE, '#include "server/storage/log.h"\n')),
    ("words in comments", added(CORE, "// std::mutex, assert(x), double\n/* rand() in\n   unordered_map */\n")),
    ("words in literals", added(ENGINE, 'const char* s = "std::mutex \\" absl::Now";\n')),
    ("words in raw literals", added(ENGINE, 'const char* s = R"x(rand() " ")x";\n')),
    ("a separator in a number", added(ENGINE, "int n = 1'000'000;\n")),
    ("names that hold a banned one", added(CORE, "static_assert(true);\nint operand(int);\nint x = operand(1);\n")),
    ("a method of that name", added(TEST, "void F(Phone& phone) { phone.sleep(1); }\n")),
    ("the clock in its own file",
     {"server/engine/CMakeLists.txt": "x(e.cc system_clock.cc)\n",
      "server/engine/system_clock.cc": "auto t = std::chrono::system_clock::now();\n"}),
    ("a clock in a test", added(TEST, "auto t = std::chrono::steady_clock::now();\n")),
    ("a hash map in the engine", added(ENGINE, "absl::flat_hash_map<int, double> m;\n")),
    ("gRPC in a tool", listed("tools/thon/main.cc", "#include <grpcpp/grpcpp.h>\n")),
    ("RocksDB in storage", listed("server/storage/log.cc", '#include "rocksdb/db.h"\n')),
    ("an owned task", added(CORE, f"// {MARKER}(minh): when the key store is there\n")),
    ("a folder of that name", {"README.md": "see docs" + HOME + "x and server/work/x\n"}),
    ("a long manual", {"proto/thon/v1/x.proto": "//\n" * 401, "proto/CMakeLists.txt": "x(thon/v1/x.proto)\n"}),
    ("recorded bytes", {"tests/golden/table.txt": "a\t\n", "tests/vectors/x.json": '"Tho\u0302n"'}),
    ("a table with tabs", {"deploy/units.tsv": "a\tb\n"}),
    ("bytes that are no text", {"tests/e2e/x.bin": b"\0\xff \n"}),
    ("sources by full name", {
        "tests/unit/core/CMakeLists.txt": "x(a_test.cc ${PROJECT_SOURCE_DIR}/tests/support/s.cc)\n",
        "tests/support/s.cc": "int s;\n"}),
    ("an excused line", added(ENGINE, f"std::mutex mu;  // {ALLOW}(mutex): shared with a library\n")),
    ("an excused include", added(ENGINE, f"#include <boost/a.h>  // {ALLOW}(layers): a header of its own\n")),
    ("an excuse of two lines above", added(
        ENGINE, f"// {ALLOW}(mutex): shared with a library\n// that knows no other.\nstd::mutex mu;\n")),
]
# A proto beyond the guide is still warned of.
WARNED = {"a long manual": ["length"]}


def run(tidy, format_program):
    """Prints what went wrong; returns whether nothing did. `tidy` is the module under test."""
    failures = []

    def expect(what, files, rules, check=tidy.tidy):
        with tempfile.TemporaryDirectory() as root:
            for path, content in files.items():
                file = Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content if isinstance(content, bytes) else content.encode())
            found = check(root)
        if {x.rule for x in found} != set(rules):
            failures.append(f"{what}: expected {rules or 'no finding'}, got {[str(x) for x in found]}")
        return found

    expect("the clean tree", CLEAN, [])
    for rule, what, changes in FAULTS:
        found = expect(what, CLEAN | changes, [rule])
        if all(x.warning for x in found) != (what == "a file beyond the guide"):
            failures.append(f"{what}: an error was taken for a warning, or a warning for an error")
    for what, changes in INNOCENT:
        expect(what, CLEAN | changes, WARNED.get(what, []))

    style = {".clang-format": "BasedOnStyle: Google\n"}
    check_format = lambda root: tidy.format_findings(root, format_program)  # noqa: E731
    expect("well formatted", style | {"a.cc": "int a = 1;\n"}, [], check_format)
    expect("badly formatted", style | {"a.cc": "int   a=1;\n"}, ["format"], check_format)

    # An excuse is idle only for the check that would have needed it.
    kept = CLEAN | added(ENGINE, f"std::mutex mu;  // {ALLOW}(mutex): shared with a library\n")
    expect("a check apart from the excuse", kept, [], lambda root: tidy.tidy(root, only=["layers"]))

    source = Path(tidy.__file__).read_text(encoding="utf-8")
    rules = {b.rule for b in tidy.BANS} | set(re.findall(r'Finding\([^"\n]*?, "(\w+)"', source))
    for rule in sorted(rules - {f[0] for f in FAULTS} - {"format"}):
        failures.append(f"{rule}: this rule has no planted fault")

    print("\n".join(failures + [f"{len(FAULTS)} planted faults, {len(INNOCENT)} innocent texts, "
                                f"{len(failures)} failures"]))
    return not failures
