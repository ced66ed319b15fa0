#include "tools/verify/cli.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/limits.h"
#include "server/core/lines.h"
#include "server/core/note.h"
#include "server/core/text.h"
#include "server/core/version.h"
#include "tools/verify/kept.h"
#include "tools/verify/report.h"
#include "tools/verify/verify.h"

namespace thon::verify {
namespace {

constexpr int kUsage = 2;
constexpr std::size_t kMemoryMibDefault = 512;

constexpr char kExamples[] =
    R"(thon-verify kiểm một gói kiểm toán của sổ Thôn mà không cần mạng và không cần máy chủ.
thon-verify checks an audit pack of a Thôn log, without a network and without the server.

Ví dụ / Examples:
  thon-verify pack.tar --log-key "thon.example/yen-bai/1+0f1e2d3c+AQ..." --expect-total 2698500000
  thon-verify pack.tar --older-checkpoint checkpoint-2023-10.txt --trust-policy witnesses.txt
  thon-verify first.tar second.tar --html report.html --json report.json
  thon-verify receipt "THON1:..." --log-key "..."            a phone's QR code
  thon-verify receipt card.txt --pack pack.tar               ... and whether the log kept its word
  thon-verify proof entry-12.tlog-proof --leaf entry-12.bin --log-key "..."
  thon-verify evidence two-histories.txt --log-key "..."

Mã thoát / Exit status: 0 đúng hết / all held; 1 có điều sai / something did not hold;
2 gọi sai hoặc không đọc được / usage, or unreadable; 3 không sai nhưng chưa kiểm được hết /
nothing failed, but not everything could be checked.)";

struct Arguments {
  std::vector<std::string> packs;
  std::string log_key;
  std::string trust_policy;
  std::vector<std::string> older;
  std::string expect_total;
  std::string policy_id;
  std::string markdown, html, json;
  int threads = 0;
  std::size_t memory_mib = kMemoryMibDefault;
  std::string temp;
  std::size_t places = 20;
  bool quiet = false;
  // Of what somebody kept.
  std::string subject, pack, leaf;
};

absl::StatusOr<std::string> ReadSmallFile(const std::string& path,
                                          std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file.good()) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  }
  std::string text(bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > bytes_max) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is too large"));
  }
  return text;
}

// Đồng, as digits or with the dots that the report prints.
std::optional<std::int64_t> ParseDong(absl::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '.') digits.push_back(c);
  }
  std::uint64_t vnd = 0;
  if (!ParseDecimal(digits, &vnd) || vnd > INT64_MAX) return std::nullopt;
  const auto amount = static_cast<std::int64_t>(vnd);
  if (text != digits && text != FormatGrouped(amount)) return std::nullopt;
  return amount;
}

// A verifier key, or the file that holds one.
absl::StatusOr<note::VerifierKey> ReadKey(const std::string& key_or_file) {
  std::string text = key_or_file;
  struct stat found {};
  if (stat(key_or_file.c_str(), &found) == 0) {
    absl::StatusOr<std::string> file =
        ReadSmallFile(key_or_file, limits::kNoteBytesMax);
    if (!file.ok()) return file.status();
    text = *std::move(file);
  }
  return note::ParseVerifierKey(absl::StripAsciiWhitespace(text));
}

absl::StatusOr<Trust> ReadTrust(const Arguments& arguments) {
  Trust trust;
  if (!arguments.log_key.empty()) {
    const absl::StatusOr<note::VerifierKey> key = ReadKey(arguments.log_key);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--log-key: ", key.status().message()));
    }
    trust.log_key = *key;
  }
  if (!arguments.trust_policy.empty()) {
    const absl::StatusOr<std::string> text =
        ReadSmallFile(arguments.trust_policy, limits::kTrustPolicyBytesMax);
    if (!text.ok()) return text.status();
    absl::StatusOr<TrustPolicy> policy = ParseTrustPolicy(*text);
    if (!policy.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          arguments.trust_policy, ": ", policy.status().message()));
    }
    trust.policy = *std::move(policy);
  }
  return trust;
}

// OK if reports can be written without touching anything that is there. A
// report that took the place of the pack would destroy what it is about.
absl::Status CheckOutputs(const Arguments& arguments) {
  std::vector<std::string> outputs;
  for (const std::string& path :
       {arguments.markdown, arguments.html, arguments.json}) {
    if (path.empty() || path == "-") continue;
    struct stat found {};
    if (lstat(path.c_str(), &found) == 0) {
      return absl::AlreadyExistsError(absl::StrCat(
          path, ": is there already; name a new file for the report"));
    }
    const std::size_t slash = path.rfind('/');
    std::string folder = slash == std::string::npos ? "."
                         : slash == 0               ? "/"
                                                    : path.substr(0, slash);
    const std::unique_ptr<char, void (*)(void*)> real(
        realpath(folder.c_str(), nullptr), std::free);
    if (real == nullptr || access(real.get(), W_OK | X_OK) != 0) {
      return absl::UnavailableError(
          absl::StrCat(path, ": its folder cannot be written to"));
    }
    folder = absl::StrCat(real.get(), "/");
    const std::string whole = absl::StrCat(
        folder, slash == std::string::npos ? path : path.substr(slash + 1));
    if (std::find(outputs.begin(), outputs.end(), whole) != outputs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is named for two reports"));
    }
    outputs.push_back(whole);
    std::vector<std::string> packs = arguments.packs;
    packs.push_back(arguments.pack);
    for (const std::string& pack : packs) {
      const std::unique_ptr<char, void (*)(void*)> input(
          realpath(pack.c_str(), nullptr), std::free);
      if (input != nullptr &&
          absl::StartsWith(folder, absl::StrCat(input.get(), "/"))) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ": is inside the pack; name a file elsewhere"));
      }
    }
  }
  return absl::OkStatus();
}

// "-" is `out`. A file is written whole or not at all.
absl::Status WriteTo(const std::string& path, const std::string& text,
                     std::ostream* out) {
  if (path.empty()) return absl::OkStatus();
  if (path == "-") {
    *out << text;
    return absl::OkStatus();
  }
  const std::string temporary = path + ".part";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file.good()) {
      return absl::UnavailableError(
          absl::StrCat(temporary, ": cannot be written"));
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
  }
  return absl::OkStatus();
}

int Fail(const absl::Status& status, std::ostream* err) {
  *err << "thon-verify: " << std::string(status.message()) << "\n";
  return kUsage;
}

int RunPacks(const Arguments& arguments, bool expects, std::ostream* out,
             std::ostream* err) {
  const absl::Status outputs = CheckOutputs(arguments);
  if (!outputs.ok()) return Fail(outputs, err);
  VerifyOptions options;
  options.packs = arguments.packs;
  absl::StatusOr<Trust> trust = ReadTrust(arguments);
  if (!trust.ok()) return Fail(trust.status(), err);
  options.trust = *std::move(trust);
  for (const std::string& path : arguments.older) {
    absl::StatusOr<std::string> note =
        ReadSmallFile(path, limits::kNoteBytesMax);
    if (!note.ok()) return Fail(note.status(), err);
    const absl::StatusOr<note::SignedNote> parsed = note::Parse(*note);
    if (!parsed.ok()) {
      return Fail(
          absl::InvalidArgumentError(absl::StrCat(
              path, ": is no signed checkpoint: ", parsed.status().message())),
          err);
    }
    options.older.push_back({path, *std::move(note)});
  }
  if (expects) {
    options.expect_total = ParseDong(arguments.expect_total);
    if (!options.expect_total.has_value()) {
      return Fail(absl::InvalidArgumentError(
                      "--expect-total: số đồng, như 59500000 hay 59.500.000 / "
                      "a sum in đồng, as 59500000 or 59.500.000"),
                  err);
    }
  }
  options.policy_id = arguments.policy_id;
  options.threads = arguments.threads;
  options.rows_bytes = arguments.memory_mib << 20;
  options.temp_directory = arguments.temp;
  options.places_max = std::max<std::size_t>(arguments.places, 100);
  options.progress = !arguments.quiet;
  const absl::StatusOr<VerifyReport> report = Verify(options);
  if (!report.ok()) return Fail(report.status(), err);
  const Document document = ReportDocument(*report, arguments.places);
  const bool json_only = arguments.json == "-";
  if (!json_only) {
    const Words verdict = VerdictWords(report->verdict());
    *out << ToTerminal(document) << "\n"
         << std::string(verdict.vi) << " / " << std::string(verdict.en) << "\n";
  }
  for (const absl::Status& written :
       {WriteTo(arguments.markdown, ToMarkdown(document), out),
        WriteTo(arguments.html, ToHtml(document), out),
        WriteTo(arguments.json, ReportJson(*report), out)}) {
    if (!written.ok()) return Fail(written, err);
  }
  return ExitStatusOf(report->verdict());
}

int RunKept(const Arguments& arguments, KeptKind kind, std::ostream* out,
            std::ostream* err) {
  const absl::Status outputs = CheckOutputs(arguments);
  if (!outputs.ok()) return Fail(outputs, err);
  KeptOptions options;
  options.kind = kind;
  absl::StatusOr<Trust> trust = ReadTrust(arguments);
  if (!trust.ok()) return Fail(trust.status(), err);
  options.trust = *std::move(trust);
  options.pack = arguments.pack;
  if (kind == KeptKind::kReceipt &&
      absl::StartsWith(arguments.subject, "THON1:")) {
    options.text = arguments.subject;
    options.name = "receipt";
  } else {
    absl::StatusOr<std::string> text =
        ReadSmallFile(arguments.subject, kKeptBytesMax);
    if (!text.ok()) return Fail(text.status(), err);
    options.text = *std::move(text);
    options.name = arguments.subject;
  }
  if (!arguments.leaf.empty()) {
    absl::StatusOr<std::string> leaf =
        ReadSmallFile(arguments.leaf, limits::kEntryBytesMax);
    if (!leaf.ok()) return Fail(leaf.status(), err);
    options.leaf = *std::move(leaf);
  }
  const absl::StatusOr<KeptReport> report = CheckKept(options);
  if (!report.ok()) return Fail(report.status(), err);
  Document document = KeptDocument(*report);
  if (absl::StartsWith(report->conclusion.en, "PROVEN") &&
      report->verdict() == Verdict::kHeld) {
    // What holds is the evidence, not the log.
    document.blocks.front().text =
        "BẰNG CHỨNG ĐỨNG VỮNG: sổ đã nói dối / THE EVIDENCE HOLDS: the log "
        "told two stories";
  }
  if (arguments.json != "-") *out << ToTerminal(document);
  const absl::Status written = WriteTo(arguments.json, KeptJson(*report), out);
  if (!written.ok()) return Fail(written, err);
  return ExitStatusOf(report->verdict());
}

void AddTrust(CLI::App* app, Arguments* arguments) {
  app->add_option("--log-key", arguments->log_key,
                  "khóa của sổ, hay tệp chứa khóa, lấy từ nơi đáng tin / the "
                  "log's verifier key or its file, from somebody you trust")
      ->type_name("VKEY|FILE");
  app->add_option("--trust-policy", arguments->trust_policy,
                  "sổ, bên chứng kiến và số chữ ký cần có / logs, witnesses "
                  "and quorum (c2sp.org/tlog-policy)")
      ->type_name("FILE");
  app->add_option("--json", arguments->json,
                  "báo cáo cho chương trình, - là ra màn hình / the report as "
                  "JSON, - for stdout")
      ->type_name("FILE");
}

void AddVerification(CLI::App* app, Arguments* arguments) {
  app->add_option("PACK", arguments->packs,
                  "gói kiểm toán, thư mục hoặc tar / audit packs, folders or "
                  "tars");
  AddTrust(app, arguments);
  app->add_option("--older-checkpoint", arguments->older,
                  "điểm chốt cũ đã giữ / a checkpoint that you kept")
      ->type_name("FILE")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  app->add_option("--expect-total", arguments->expect_total,
                  "tổng phải chi, đồng / the payable sum in đồng: all "
                  "determinations PROVISIONAL or later")
      ->type_name("VND");
  app->add_option("--policy-id", arguments->policy_id,
                  "chỉ tính chính sách này / of this policy only");
  app->add_option("--markdown", arguments->markdown, "biên bản / the report")
      ->type_name("FILE");
  app->add_option("--html", arguments->html, "biên bản / the report")
      ->type_name("FILE");
  app->add_option("--places", arguments->places,
                  "số nơi nêu ra cho mỗi điều / places shown of each finding")
      ->capture_default_str();
  app->add_option("--threads", arguments->threads,
                  "luồng kiểm chữ ký / threads for signatures; 0: as the "
                  "machine has")
      ->check(CLI::Range(0, 256));
  app->add_option("--memory", arguments->memory_mib,
                  "MiB cho các dòng; phần còn lại ra tệp tạm / MiB of rows in "
                  "memory; the rest goes to a temporary file")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app->add_option("--temp", arguments->temp,
                  "thư mục cho tệp tạm / folder for the temporary file")
      ->type_name("DIR");
  app->add_flag("-q,--quiet", arguments->quiet,
                "không hiện tiến độ / no progress on stderr");
}

CLI::App* AddKept(CLI::App* app, const char* name, const char* what,
                  const char* subject, Arguments* arguments) {
  CLI::App* const kept = app->add_subcommand(name, what);
  kept->add_option(subject, arguments->subject)->required();
  AddTrust(kept, arguments);
  kept->add_option("--pack", arguments->pack,
                   "gói của sổ để đối chiếu / a pack of the log, to compare");
  return kept;
}

}  // namespace

int RunVerify(const std::vector<std::string>& arguments, std::ostream* out,
              std::ostream* err) {
  Arguments parsed;
  CLI::App app(kExamples, "thon-verify");
  app.set_version_flag("--version",
                       absl::StrCat("thon-verify ", thon::kVersion));
  AddVerification(&app, &parsed);
  CLI::App* const receipt =
      AddKept(&app, "receipt",
              "biên nhận trong mã QR hoặc tệp / a receipt card, or a file",
              "CARD", &parsed);
  CLI::App* const proof = AddKept(
      &app, "proof", "bằng chứng .tlog-proof / a .tlog-proof", "FILE", &parsed);
  CLI::App* const evidence =
      AddKept(&app, "evidence",
              "bằng chứng về một sổ nói hai lời / evidence against a log",
              "FILE", &parsed);
  for (CLI::App* const with_leaf : {receipt, proof}) {
    with_leaf
        ->add_option("--leaf", parsed.leaf,
                     "mục của sổ, nguyên byte / the entry's bytes")
        ->type_name("FILE");
  }
  app.require_subcommand(0, 1);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, *out, *err) == 0 ? 0 : kUsage;
  }
  if (receipt->parsed()) return RunKept(parsed, KeptKind::kReceipt, out, err);
  if (proof->parsed()) return RunKept(parsed, KeptKind::kProof, out, err);
  if (evidence->parsed()) {
    return RunKept(parsed, KeptKind::kEvidence, out, err);
  }
  if (parsed.packs.empty()) {
    *err << "thon-verify: hãy nêu gói cần kiểm / name a pack; see --help\n";
    return kUsage;
  }
  if (std::find(parsed.packs.begin(), parsed.packs.end(), "") !=
      parsed.packs.end()) {
    *err << "thon-verify: tên gói để trống / the name of a pack is empty\n";
    return kUsage;
  }
  if (app.count("--policy-id") > 0 &&
      (app.count("--expect-total") == 0 || parsed.policy_id.empty())) {
    *err << "thon-verify: --policy-id cần --expect-total / --policy-id says "
            "whose sum --expect-total is: give both\n";
    return kUsage;
  }
  return RunPacks(parsed, app.count("--expect-total") > 0, out, err);
}

}  // namespace thon::verify
