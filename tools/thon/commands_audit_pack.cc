// thon audit pack: the log, its tree and what was computed from it, for
// thon-verify.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/version.h"
#include "server/projections/state_root.h"
#include "tools/thon/audit_entry.h"
#include "tools/thon/audit_moments.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/log_trust.h"
#include "tools/thon/pack_writer.h"

namespace thon::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kPartialVi[] =
    "Đây là một phần của nhật ký: kiểm tra riêng nó thì thon-verify kết thúc "
    "với mã 3; hãy đưa các phần liền nhau cùng lúc: thon-verify FIRST SECOND";
constexpr char kPartialHelp[] =
    "with --from or --to a pack is a part of the log: thon-verify ends with 3 "
    "for it alone; give it the parts together: thon-verify FIRST SECOND";

constexpr int kOlderCheckpointsMax = 4096;
constexpr std::int64_t kProgressMs = 2000;

struct PackOptions {
  TrustOptions trust;
  std::string from;
  std::string to;
  std::string out;
  std::string form;
  bool witnessed = false;
};

absl::StatusOr<PackForm> FormOf(const PackOptions& options) {
  if (options.out.empty() || options.out == "-") {
    return UsageError(
        "-o: a pack is not written to standard output: name a new file, such "
        "as yenbai.tar, or a new folder");
  }
  if (absl::EndsWith(options.out, ".gz") ||
      absl::EndsWith(options.out, ".tgz") ||
      absl::EndsWith(options.out, ".xz") ||
      absl::EndsWith(options.out, ".bz2") ||
      absl::EndsWith(options.out, ".zst") ||
      absl::EndsWith(options.out, ".7z") ||
      absl::EndsWith(options.out, ".zip")) {
    return UsageError(
        "a pack is an uncompressed tar: name it .tar, and compress it yourself "
        "for the journey");
  }
  if (options.form == "tar") return PackForm::kTar;
  if (options.form == "folder") return PackForm::kFolder;
  const std::string name = options.out.substr(options.out.rfind('/') + 1);
  return name.find('.') == std::string::npos ? PackForm::kFolder
                                             : PackForm::kTar;
}

// Looked at before hours of reading, and again when it is written.
absl::Status CheckTarget(const std::string& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is there already; nothing is overwritten"));
  }
  const fs::path parent = fs::path(path).parent_path();
  if (parent.empty() || fs::is_directory(parent, error)) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      absl::StrCat("there is no folder ", parent.string(), ": make it first"));
}

// Entries [first, end) of the tree, and the last position of the last.
absl::Status SetRange(Client* client, const PackOptions& options,
                      const TrustedCheckpoint& trusted, PackOrder* order) {
  const auto first = FirstEntryFrom(client, options.from);
  if (!first.ok()) return first.status();
  order->first_entry = *first;
  order->end_entry = trusted.body.tree_size;
  order->position = Position(trusted.checkpoint.next_position() == 0
                                 ? 0
                                 : trusted.checkpoint.next_position() - 1);
  if (!options.to.empty()) {
    const auto end = EndEntryTo(client, options.to);
    if (!end.ok()) return end.status();
    // The log may have grown since the checkpoint.
    order->end_entry = std::min(*end, trusted.body.tree_size);
    order->position = Position(0);
  }
  const bool part = order->first_entry > 0 || !options.to.empty();
  if (part && order->first_entry >= order->end_entry) {
    return UsageError("nothing lies between --from and --to");
  }
  if (order->end_entry == 0) {
    order->position = Position(0);
    return absl::OkStatus();
  }
  if (options.to.empty()) return absl::OkStatus();
  const auto leaf = ReadLeaf(client->audit(), order->end_entry - 1);
  if (!leaf.ok()) return leaf.status();
  const auto view = ParseEntry(*leaf);
  if (!view.ok()) return view.status();
  order->position = view->trailer.last_position();
  return absl::OkStatus();
}

absl::Status AddOlderCheckpoints(AuditClient* audit, PackOrder* order) {
  v1::ListCheckpointsRequest request;
  request.set_page_size(1000);
  do {
    const auto page = audit->ListCheckpoints(request);
    if (!page.ok()) return page.status();
    for (const v1::Checkpoint& checkpoint : page->checkpoints()) {
      // Those of an earlier epoch were signed under another name.
      if (checkpoint.origin() == order->key.name) {
        order->older_checkpoints.push_back(checkpoint.note());
      }
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty() &&
           order->older_checkpoints.size() < kOlderCheckpointsMax);
  return absl::OkStatus();
}

absl::Status AddStateRoots(Session* session, AuditClient* audit,
                           PackOrder* order) {
  if (order->first_entry > 0 || order->position.value == 0) {
    return absl::OkStatus();
  }
  for (const ProjectionTables& projection : AllProjectionTables()) {
    session->Note(
        absl::StrCat("Gốc trạng thái (state root): ", projection.name));
    v1::ComputeStateRootRequest request;
    request.set_projection(projection.name);
    request.set_position(order->position.value);
    absl::StatusOr<v1::StateRoot> root = audit->ComputeStateRoot(request);
    if (!root.ok()) return root.status();
    order->state_roots.push_back(*std::move(root));
  }
  return absl::OkStatus();
}

PackSource SourceOf(AuditClient* audit) {
  PackSource source;
  source.entries = [audit](std::uint64_t begin, std::uint64_t end,
                           const PackSource::EntryVisitor& visit) {
    v1::StreamEntriesRequest request;
    request.set_first_entry(begin);
    request.set_end_entry(end);
    return audit->StreamEntries(
        request,
        [&visit](const v1::StreamEntriesResponse& response) -> absl::Status {
          for (const v1::Entry& entry : response.entries()) {
            const absl::Status status =
                visit(entry.entry_index(), entry.leaf());
            if (!status.ok()) return status;
          }
          return absl::OkStatus();
        });
  };
  source.rows = [audit](Position position,
                        const PackSource::RowVisitor& visit) {
    v1::StreamRowsRequest request;
    request.set_projection("eligibility");
    request.set_position(position.value);
    return audit->StreamRows(
        request,
        [&visit](const v1::StreamRowsResponse& response) -> absl::Status {
          for (const v1::StateRow& row : response.rows()) {
            const absl::Status status = visit(row);
            if (!status.ok()) return status;
          }
          return absl::OkStatus();
        });
  };
  return source;
}

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void ShowSummary(Session* session, const PackOptions& options,
                 const PackOrder& order, const PackSummary& summary) {
  if (session->json) {
    session->Print({{"file", options.out},
                    {"origin", order.key.name},
                    {"tree_size", summary.tree_size},
                    {"root_hash", summary.root.Hex()},
                    {"first_entry", order.first_entry},
                    {"end_entry", order.end_entry},
                    {"position", order.position.value},
                    {"files", summary.files},
                    {"bytes", summary.bytes},
                    {"rows", summary.rows},
                    {"older_checkpoints", summary.older_checkpoints}});
    return;
  }
  session->out() << "Đã ghi gói kiểm toán (audit pack written): " << options.out
                 << "\n  mục (entries) [" << order.first_entry << ", "
                 << order.end_entry << ") của (of) " << summary.tree_size
                 << ", vị trí (position) " << order.position.value
                 << "\n  gốc (root) " << summary.root.Hex() << "\n  "
                 << summary.files << " tệp (files), " << summary.bytes
                 << " bytes, " << summary.rows << " hàng (rows), "
                 << summary.older_checkpoints
                 << " điểm kiểm tra cũ (older checkpoints)\nKiểm tra bằng "
                    "(check it with): thon-verify "
                 << options.out << '\n';
  if (order.first_entry > 0 || order.end_entry < summary.tree_size) {
    session->out() << kPartialVi << "\n(" << kPartialHelp << ")\n";
  }
}

absl::Status MakePack(Session* session, const PackOptions& options) {
  const absl::StatusOr<PackForm> form = FormOf(options);
  if (!form.ok()) return form.status();
  PackOrder order;
  order.path = options.out;
  while (order.path.size() > 1 && order.path.back() == '/') {
    order.path.pop_back();
  }
  absl::Status status = CheckTarget(order.path);
  if (!status.ok()) return status;
  v1::GetCheckpointRequest head;
  head.set_witnessed(options.witnessed);
  const absl::StatusOr<TrustedCheckpoint> trusted =
      FetchOrAlarm(session, options.trust, head);
  if (!trusted.ok()) return trusted.status();
  Client* const client = *session->client();
  order.form = *form;
  order.checkpoint = trusted->checkpoint.note();
  order.key = trusted->key;
  order.made_by = absl::StrCat("thon ", kVersion);
  order.made_at = Instant(NowMs());
  status = SetRange(client, options, *trusted, &order);
  if (status.ok()) status = AddOlderCheckpoints(client->audit(), &order);
  if (status.ok()) status = AddStateRoots(session, client->audit(), &order);
  if (!status.ok()) return status;
  std::int64_t said_ms = NowMs();
  order.progress = [session, &said_ms](std::uint64_t done, std::uint64_t all) {
    if (done < all && NowMs() < said_ms + kProgressMs) return;
    said_ms = NowMs();
    session->Note(absl::StrCat("Mục (entries): ", done, " / ", all));
  };
  const absl::StatusOr<PackSummary> summary =
      WritePack(order, SourceOf(client->audit()));
  if (!summary.ok()) return summary.status();
  ShowSummary(session, options, order, *summary);
  return absl::OkStatus();
}

}  // namespace

void AddAuditPackCommand(CLI::App* group, Session* session) {
  CLI::App* const command = Command(
      group, "pack",
      "Gói kiểm toán mang đi được (an audit pack, to be checked anywhere with "
      "thon-verify)",
      {"thon audit pack -o yenbai-2023.tar",
       "thon audit pack --to 2023-12-31 -o yenbai-2023.tar",
       "thon audit pack --from 2024-01-01 -o yenbai-2024.tar   (goes on from "
       "the one before)",
       "thon audit pack -o yenbai   (a folder)", kPartialHelp});
  auto options = std::make_shared<PackOptions>();
  command->add_option("--from", options->from, kFromHelp);
  command->add_option("--to", options->to, kToHelp);
  command
      ->add_option("-o,--out", options->out,
                   "New file, or a new folder if the name has no dot")
      ->required();
  command->add_option("--form", options->form, "tar or folder")
      ->check(CLI::IsMember({"tar", "folder"}));
  command->add_flag("--witnessed", options->witnessed,
                    "Under the newest checkpoint that witnesses cosigned");
  AddTrustOptions(command, &options->trust);
  OnChosen(command, session, options, &MakePack);
}

}  // namespace thon::cli
