#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/merkle.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/entry_text.h"
#include "tools/thon/text_table.h"

namespace thon::cli {
namespace {

// ------------------------------------------------------------------- tail

struct TailOptions {
  std::int64_t from = -1;
  int count = 10;
  bool follow = false;
  bool events = false;
};

// Where to begin: --from, or the last --count entries.
absl::StatusOr<std::uint64_t> FirstEntry(Client* client,
                                         const TailOptions& options) {
  if (options.from >= 0) return static_cast<std::uint64_t>(options.from);
  const absl::StatusOr<v1::Checkpoint> checkpoint = client->GetCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  const auto count = static_cast<std::uint64_t>(options.count);
  return checkpoint->tree_size() > count ? checkpoint->tree_size() - count : 0;
}

absl::Status TailLog(Session* session, const TailOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::uint64_t> first = FirstEntry(*client, options);
  if (!first.ok()) return first.status();
  std::uint64_t next = *first;
  Json entries = Json::array();
  const auto show = [&](const v1::Entry& entry) -> absl::Status {
    const absl::StatusOr<DecodedEntry> decoded = DecodeEntry(entry);
    if (!decoded.ok()) return decoded.status();
    next = entry.entry_index() + 1;
    if (!session->json) {
      session->out() << Printable(ShowEntry(*decoded)) << '\n';
      if (options.events) {
        for (const v1::Event& event : decoded->batch.events()) {
          session->out() << "    "
                         << ToJson(event).dump(-1, ' ', false,
                                               Json::error_handler_t::replace)
                         << '\n';
        }
      }
    } else if (options.follow) {
      // A stream without end cannot be one array: a line an entry.
      session->out() << EntryJson(*decoded, options.events)
                            .dump(-1, ' ', false,
                                  Json::error_handler_t::replace)
                     << '\n';
    } else {
      entries.push_back(EntryJson(*decoded, options.events));
    }
    return absl::OkStatus();
  };
  do {
    v1::StreamEntriesRequest request;
    request.set_first_entry(next);
    const absl::Status status = (*client)->StreamEntries(request, show);
    if (!status.ok()) return status;
    session->out().flush();
    if (options.follow) std::this_thread::sleep_for(std::chrono::seconds(1));
  } while (options.follow);
  if (session->json) session->Print(entries);
  return absl::OkStatus();
}

// ----------------------------------------------------------------- export

struct ExportOptions {
  std::string out;
};

// FILE holds, entry after entry, its length in four bytes (big-endian) and its
// bytes as hashed; FILE.checkpoint the signed note that covers them.
absl::Status ExportLog(Session* session, const ExportOptions& options) {
  std::error_code error;
  if (std::filesystem::exists(options.out, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(options.out, " is there already; nothing is overwritten"));
  }
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  const absl::StatusOr<v1::Checkpoint> checkpoint = (*client)->GetCheckpoint();
  if (!checkpoint.ok()) return checkpoint.status();
  const std::string partial = options.out + ".part";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  merkle::Frontier tree;
  std::uint64_t bytes = 0;
  const auto write = [&](const v1::Entry& entry) -> absl::Status {
    if (entry.entry_index() != tree.size()) {
      return absl::DataLossError(absl::StrCat(
          "the server sent entry ", entry.entry_index(), " for ", tree.size()));
    }
    tree.Append(merkle::HashLeaf(entry.leaf()));
    std::string length;
    AppendBigEndian(static_cast<std::uint32_t>(entry.leaf().size()), &length);
    file << length << entry.leaf();
    bytes += length.size() + entry.leaf().size();
    return file.good() ? absl::OkStatus()
                       : absl::UnavailableError(absl::StrCat(
                             "cannot write ", partial, "; is the disk full?"));
  };
  if (checkpoint->tree_size() > 0) {
    v1::StreamEntriesRequest request;
    request.set_end_entry(checkpoint->tree_size());
    const absl::Status status = (*client)->StreamEntries(request, write);
    if (!status.ok()) return status;
  }
  if (tree.size() != checkpoint->tree_size() ||
      tree.Root().view() != checkpoint->root_hash()) {
    return absl::DataLossError(absl::StrCat(
        "the entries do not have the checkpoint's root: ", tree.Root().Hex(),
        " over ", tree.size(), " entries; keep ", partial, " as evidence"));
  }
  std::ofstream note(options.out + ".checkpoint", std::ios::binary);
  note << checkpoint->note();
  note.close();
  file.close();
  if (!file.good() || !note.good() ||
      std::rename(partial.c_str(), options.out.c_str()) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot write ", options.out, "; is the disk full?"));
  }
  if (session->json) {
    session->Print({{"file", options.out},
                    {"entries", tree.size()},
                    {"bytes", bytes},
                    {"root_hash", tree.Root().Hex()},
                    {"origin", checkpoint->origin()}});
  } else {
    session->out() << "Đã xuất (exported): " << tree.size()
                   << " mục (entries), " << bytes << " bytes, gốc (root) "
                   << tree.Root().Hex() << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

void AddLogCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "log", "Nhật ký (the log itself)");
  CLI::App* command =
      Command(group, "tail", "Các mục mới nhất (the newest entries)",
              {"thon log tail --follow", "thon log tail --from 0 --json"});
  auto tail = std::make_shared<TailOptions>();
  command->add_option("--from", tail->from, "Index of the first entry")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--count", tail->count,
                   "Without --from: how many of the last")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--follow", tail->follow,
                    "Go on with what comes, until Ctrl-C; with --json a line "
                    "an entry");
  command->add_flag("--events", tail->events, "Every event in full");
  OnChosen(command, session, tail, &TailLog);

  command = Command(group, "export",
                    "Xuất nhật ký (write the log to a file and check its root)",
                    {"thon log export -o yenbai.log"});
  auto exported = std::make_shared<ExportOptions>();
  command->add_option("-o,--out", exported->out, "New file")->required();
  OnChosen(command, session, exported, &ExportLog);
}

}  // namespace thon::cli
