// Acts out of a file, field by field as event.proto has them: the way for acts
// that are recorded as facts and have no command of their own, such as payments
// and awards.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "tools/thon/act_options.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/files.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/report.h"
#include "tools/thon/scenario/names.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/reader.h"
#include "tools/thon/submit.h"

namespace thon::cli {
namespace {

struct RecordOptions {
  std::string file;
  bool apply = false;
  ActFlags flags;
};

// What is wrong with a file, each with its place, in both languages.
struct Fault {
  int line = 0;
  std::string text;
};

// Reads the acts of one file.
class ActsFile {
 public:
  explicit ActsFile(const std::string& file)
      : file_(file), reader_(file), payloads_(&reader_, &names_, "") {}

  // The faults are empty if, and only if, every act could be read.
  std::vector<Fault> Read(const std::string& text,
                          std::vector<v1::Event>* events) {
    YamlNode root;
    if (reader_.Parse(text, &root)) ReadActs(root, events);
    for (const thon::Finding& finding : reader_.TakeFindings()) {
      if (finding.severity != thon::Severity::kError) continue;
      faults_.push_back({finding.line, FormatFinding(finding)});
    }
    std::stable_sort(
        faults_.begin(), faults_.end(),
        [](const Fault& a, const Fault& b) { return a.line < b.line; });
    return std::move(faults_);
  }

 private:
  void ReadActs(const YamlNode& root, std::vector<v1::Event>* events) {
    if (root.kind != YamlNode::Kind::kSequence || root.items.empty() ||
        root.items.size() > limits::kBatchEventsMax) {
      const std::string most = absl::StrCat(limits::kBatchEventsMax);
      return Tell(root, {absl::StrCat("ghi một danh sách từ 1 đến ", most,
                                      " việc, mỗi dòng bắt đầu bằng -"),
                         absl::StrCat("write a list of 1 to ", most,
                                      " acts, a line each beginning with -")});
    }
    for (std::size_t i = 0; i < root.items.size(); ++i) {
      ReadAct(root.items[i], scenario::At("", i), events);
    }
  }

  void ReadAct(const YamlNode& node, const std::string& path,
               std::vector<v1::Event>* events) {
    if (node.kind != YamlNode::Kind::kMap || node.fields.size() != 1) {
      return Tell(node, {"mỗi dòng một việc, {payment_recorded: {...}}",
                         "write one act, {payment_recorded: {...}}"});
    }
    const auto& [name, fields] = node.fields.front();
    if (scenario::FindPayload(name) == nullptr) {
      return Tell(node,
                  {absl::StrCat("không có việc nào tên \"", name,
                                "\"; tên là của oneof payload, event.proto"),
                   absl::StrCat("there is no act \"", name,
                                "\"; names are those of the oneof payload of "
                                "event.proto")});
    }
    scenario::Act act;
    if (!payloads_.Read(name, fields, scenario::At(path, name), &act)) return;
    if (!act.documents.empty() || act.policy.has_value() ||
        !act.events.empty() || !act.phone.empty() || !act.founding.empty()) {
      return Tell(node, {absl::StrCat(name,
                                      " có lệnh riêng đọc tệp của nó; xem thon "
                                      "--help"),
                         absl::StrCat(name,
                                      " has a command of its own, which reads "
                                      "its file; see thon --help")});
    }
    events->push_back(std::move(act.event));
  }

  void Tell(const YamlNode& node, const Words& words) {
    faults_.push_back({node.line, absl::StrCat(file_, ":", node.line, ":",
                                               node.column, ": lỗi (error): ",
                                               words.vi, " (", words.en, ")")});
  }

  const std::string file_;
  scenario::Reader reader_;
  scenario::Names names_;
  scenario::PayloadReader payloads_;
  std::vector<Fault> faults_;
};

absl::Status Refuse(Session* session, const std::string& file,
                    const std::vector<Fault>& faults) {
  Json json = {{"file", file}, {"applied", false}, {"findings", Json::array()}};
  for (const Fault& fault : faults) {
    if (!session->json) session->out() << fault.text << '\n';
    json["findings"].push_back(
        Json{{"line", fault.line}, {"message", fault.text}});
  }
  if (session->json) session->Print(json);
  return ChecksFailed(absl::StrCat(
      file, ": không ghi gì (nothing is recorded: correct the file)"));
}

absl::Status RecordFile(Session* session, const RecordOptions& options) {
  const absl::StatusOr<std::string> text = ReadFile(options.file);
  if (!text.ok()) return text.status();
  PlannedAct act;
  const std::vector<Fault> faults =
      ActsFile(options.file).Read(*text, &act.events);
  if (!faults.empty()) return Refuse(session, options.file, faults);
  ActFlags flags = options.flags;
  flags.dry_run = !options.apply;
  // The same file again is the same act.
  if (flags.key.empty()) flags.key = StableKey("record", act.events);
  return RecordAct(session, flags, "record", std::move(act));
}

}  // namespace

void AddRecordCommand(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      app, "record",
      "Ghi các việc không có lệnh riêng từ tệp YAML: chi trả, khen thưởng, "
      "đánh giá... (record acts that have no command of their own, as "
      "event.proto has their fields; ids are the log's own numbers, as the "
      "lists show them, never codes)",
      {"thon record acts.yaml            # checked by the server, not recorded",
       "thon record acts.yaml --apply", "", "acts.yaml:",
       "- payment_recorded: {batch: D1, policy: YB-2023, team: 4211, months: "
       "[202308], amount: 500.000 đồng, voucher: PC-12}",
       "- quarter_evaluated: {quarter: 2023-Q3, team: 4211, grade: Tốt}",
       "- correction_issued: {target_author: "
       "0102030405060708090a0b0c0d0e0f10, target_sequence: 12, kind: AMEND, "
       "amended: {outreach_session: {topic: HEALTH, attendees: 30}}, reason: "
       "ghi nhầm số người}"});
  auto options = std::make_shared<RecordOptions>();
  command
      ->add_option("FILE", options->file,
                   "YAML, at most 256 acts; - is standard input")
      ->required();
  CLI::Option* const apply =
      command->add_flag("--apply", options->apply,
                        "Record it; without, the acts are only checked");
  command
      ->add_flag("--dry-run", options->flags.dry_run,
                 "Check and record nothing; so it is without --apply")
      ->excludes(apply);
  command->add_option("--key", options->flags.key,
                      "Idempotency key, 1 to 60 characters; by default made "
                      "of what is recorded");
  OnChosen(command, session, options, &RecordFile);
}

}  // namespace thon::cli
