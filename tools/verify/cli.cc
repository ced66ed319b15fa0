#include "tools/verify/cli.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/limits.h"
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
  thon-verify evidence two-histories.txt

Mã thoát / Exit status: 0 đúng hết / all held; 1 có điều sai / something did not hold;
2 gọi sai hoặc không đọc được / usage, or unreadable; 3 không sai nhưng chưa kiểm được hết /
nothing failed, but not everything could be checked.)";

struct Arguments {
  std::vector<std::string> packs;
  std::string log_key;
  std::string trust_policy;
  std::vector<std::string> older;
  std::int64_t expect_total = 0;
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

absl::StatusOr<Trust> ReadTrust(const Arguments& arguments) {
  Trust trust;
  if (!arguments.log_key.empty()) {
    const absl::StatusOr<note::VerifierKey> key =
        note::ParseVerifierKey(absl::StripAsciiWhitespace(arguments.log_key));
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
  VerifyOptions options;
  options.packs = arguments.packs;
  absl::StatusOr<Trust> trust = ReadTrust(arguments);
  if (!trust.ok()) return Fail(trust.status(), err);
  options.trust = *std::move(trust);
  for (const std::string& path : arguments.older) {
    absl::StatusOr<std::string> note =
        ReadSmallFile(path, limits::kNoteBytesMax);
    if (!note.ok()) return Fail(note.status(), err);
    options.older.push_back({path, *std::move(note)});
  }
  if (expects) options.expect_total = arguments.expect_total;
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
  if (!json_only) *out << ToTerminal(document);
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
  if (arguments.json != "-") *out << ToTerminal(KeptDocument(*report));
  const absl::Status written = WriteTo(arguments.json, KeptJson(*report), out);
  if (!written.ok()) return Fail(written, err);
  return ExitStatusOf(report->verdict());
}

void AddTrust(CLI::App* app, Arguments* arguments) {
  app->add_option("--log-key", arguments->log_key,
                  "khóa của sổ, lấy từ nơi đáng tin / the log's verifier key, "
                  "from somebody you trust")
      ->type_name("VKEY");
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
  return RunPacks(parsed, app.count("--expect-total") > 0, out, err);
}

}  // namespace thon::verify
