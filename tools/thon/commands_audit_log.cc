// thon audit log, author, access: what is in the log, and who read it.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/signature.h"
#include "tools/thon/audit_moments.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands_audit.h"
#include "tools/thon/entry_text.h"
#include "tools/thon/text_table.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

constexpr int kRetrySecondsMax = 30;

// -------------------------------------------------------------------- log

struct LogOptions {
  std::string from;
  std::string to;
  std::vector<std::uint64_t> teams;
  std::vector<std::string> authors;
  std::vector<std::string> kinds;
  bool follow = false;
  bool events = false;
  bool lines = false;
};

// nullopt: nothing lies between the moments.
absl::StatusOr<std::optional<v1::StreamEntriesRequest>> RequestOf(
    Client* client, const LogOptions& options) {
  v1::StreamEntriesRequest request;
  if (options.follow && !options.to.empty()) {
    return UsageError("--follow goes on for ever: leave --to out");
  }
  for (const std::uint64_t team : options.teams) {
    const absl::Status known = CheckTeam(client, team, v1::ReadOptions());
    if (!known.ok()) return known;
    request.add_team_ids(team);
  }
  for (const std::string& text : options.authors) {
    const absl::StatusOr<std::string> author = AuthorOption(text);
    if (!author.ok()) return author.status();
    request.add_authors(*author);
  }
  for (const std::string& kind : options.kinds) request.add_kinds(kind);
  request.set_follow(options.follow);
  const auto first = FirstEntryFrom(client, options.from);
  if (!first.ok()) return first.status();
  request.set_first_entry(*first);
  if (!options.to.empty()) {
    const auto end = EndEntryTo(client, options.to);
    if (!end.ok()) return end.status();
    if (*end < *first) return UsageError("--to lies before --from");
    if (*end == *first) return std::optional<v1::StreamEntriesRequest>();
    request.set_end_entry(*end);
  }
  return std::optional<v1::StreamEntriesRequest>(std::move(request));
}

// Shows entries as they come.
class LogPrinter {
 public:
  LogPrinter(Session* session, const LogOptions& options)
      : session_(*session),
        events_(options.events),
        lines_(options.lines || options.follow) {}

  absl::Status Show(const v1::Entry& entry) {
    const absl::StatusOr<DecodedEntry> decoded = DecodeEntry(entry);
    if (!decoded.ok()) return decoded.status();
    ++shown_;
    if (!session_.json) {
      session_.out() << Printable(ShowEntry(*decoded)) << '\n';
      if (!events_) return absl::OkStatus();
      for (const v1::Event& event : decoded->batch.events()) {
        session_.out() << "    " << Line(ToJson(event)) << '\n';
      }
    } else if (lines_) {
      session_.out() << Line(EntryJson(*decoded, events_)) << '\n';
    } else {
      entries_.push_back(EntryJson(*decoded, events_));
    }
    return absl::OkStatus();
  }
  void Finish() {
    if (session_.json && !lines_) session_.Print(entries_);
    if (!session_.json) {
      session_.Note(absl::StrCat("Số mục (entries): ", shown_));
    }
  }
  void Flush() { session_.out().flush(); }

 private:
  static std::string Line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  Session& session_;
  const bool events_;
  const bool lines_;
  std::uint64_t shown_ = 0;
  Json entries_ = Json::array();
};

absl::Status ShowLog(Session* session, const LogOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  absl::StatusOr<std::optional<v1::StreamEntriesRequest>> wanted =
      RequestOf(*client, options);
  if (!wanted.ok()) return wanted.status();
  LogPrinter printer(session, options);
  if (!wanted->has_value()) {
    printer.Finish();
    return absl::OkStatus();
  }
  v1::StreamEntriesRequest& request = **wanted;
  bool heard = false;
  const auto visit =
      [&](const v1::StreamEntriesResponse& response) -> absl::Status {
    heard = true;
    for (const v1::Entry& entry : response.entries()) {
      const absl::Status shown = printer.Show(entry);
      if (!shown.ok()) return shown;
    }
    printer.Flush();
    // What was shown is not shown again after a break.
    request.set_first_entry(response.next_entry());
    return absl::OkStatus();
  };
  int pause_s = 1;
  while (true) {
    heard = false;
    const absl::Status status =
        (*client)->audit()->StreamEntries(request, visit);
    if (status.ok()) break;
    if (!options.follow || !absl::IsUnavailable(status)) return status;
    pause_s = heard ? 1 : std::min(2 * pause_s, kRetrySecondsMax);
    session->Note(absl::StrCat("Mất kết nối, thử lại sau ", pause_s,
                               " giây (connection lost, again in ", pause_s,
                               " s)"));
    std::this_thread::sleep_for(std::chrono::seconds(pause_s));
  }
  printer.Finish();
  return absl::OkStatus();
}

// ----------------------------------------------------------------- author

struct AuthorOptions {
  std::string author;
};

absl::StatusOr<std::vector<v1::AuthorBatch>> ReadChain(
    AuditClient* audit, const std::string& author, std::string* public_key) {
  v1::ListAuthorBatchesRequest request;
  request.set_author(author);
  request.set_page_size(1000);
  std::vector<v1::AuthorBatch> batches;
  do {
    const auto page = audit->ListAuthorBatches(request);
    if (!page.ok()) return page.status();
    *public_key = page->public_key();
    batches.insert(batches.end(), page->batches().begin(),
                   page->batches().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return batches;
}

// Each batch names the one before, numbers have no gap, and the id is the
// key's.
absl::Status CheckChain(const std::string& author, const std::string& key_bytes,
                        const std::vector<v1::AuthorBatch>& batches) {
  PublicKey key;
  if (!PublicKey::FromBytes(key_bytes, &key) || key.author().view() != author) {
    return ChecksFailed("the author's id is not the hash of its key");
  }
  std::uint64_t next = 1;
  std::string hash;
  for (const v1::AuthorBatch& batch : batches) {
    if (batch.first_sequence() != next || batch.previous_hash() != hash) {
      return ChecksFailed(absl::StrCat(
          "the chain breaks at entry ", batch.entry_index(), ", number ",
          batch.first_sequence(), ": it does not continue number ", next - 1));
    }
    next += batch.event_count();
    hash = batch.batch_hash();
  }
  return absl::OkStatus();
}

absl::Status ShowAuthor(Session* session, const AuthorOptions& options) {
  const absl::StatusOr<std::string> author = AuthorOption(options.author);
  if (!author.ok()) return author.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  std::string key;
  const auto batches = ReadChain((*client)->audit(), *author, &key);
  if (!batches.ok()) return batches.status();
  const absl::Status chain = CheckChain(*author, key, *batches);
  if (session->json) {
    session->Print({{"author", HexEncode(*author)},
                    {"public_key", HexEncode(key)},
                    {"chain_holds", chain.ok()},
                    {"batches", ToJsonArray(*batches)}});
    return chain;
  }
  TextTable table({{"Số (number)", Align::kRight},
                   {"Sự kiện (events)", Align::kRight},
                   {"Mục (entry)", Align::kRight},
                   {"Vị trí (position)", Align::kRight},
                   {"Nhận lúc (received)"},
                   {"Mã băm (batch hash)"}});
  for (const v1::AuthorBatch& batch : *batches) {
    table.AddRow({absl::StrCat(batch.first_sequence()),
                  absl::StrCat(batch.event_count()),
                  absl::StrCat(batch.entry_index()),
                  absl::StrCat(batch.first_position()),
                  ShowInstant(batch.receive_time_ms()),
                  HexEncode(batch.batch_hash()).substr(0, 16)});
  }
  table.Print(session->out());
  session->out() << "\nKhóa (key): " << HexEncode(key) << '\n';
  if (chain.ok()) {
    session->out() << "Chuỗi liền mạch (the chain holds): " << batches->size()
                   << " lô (batches)\n";
  }
  return chain;
}

// ----------------------------------------------------------------- access

struct AccessOptions {
  std::string from;
};

absl::Status ShowAccess(Session* session, const AccessOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  LogOptions log;
  log.from = options.from;
  log.kinds = {"access_recorded"};
  const absl::StatusOr<std::optional<v1::StreamEntriesRequest>> request =
      RequestOf(*client, log);
  if (!request.ok()) return request.status();  // Without --to never nullopt.
  TextTable table({{"Lúc (time)"},
                   {"Cán bộ (officer)", Align::kRight},
                   {"Đã đọc (read)"},
                   {"Vị trí (positions)"},
                   {"Lọc (filter)"}});
  Json rows = Json::array();
  const auto visit =
      [&](const v1::StreamEntriesResponse& response) -> absl::Status {
    for (const v1::Entry& entry : response.entries()) {
      const absl::StatusOr<DecodedEntry> decoded = DecodeEntry(entry);
      if (!decoded.ok()) return decoded.status();
      for (const v1::Event& event : decoded->batch.events()) {
        if (!event.has_access_recorded()) continue;
        const v1::AccessRecorded& access = event.access_recorded();
        const std::string time = ShowInstant(decoded->trailer.receive_time.ms);
        Json row = ToJson(access);
        row["receive_time"] = time;
        row["entry_index"] = entry.entry_index();
        rows.push_back(std::move(row));
        table.AddRow({time, absl::StrCat(access.officer_id()),
                      Short(access.kind()),
                      absl::StrCat(access.first_position(), "-",
                                   access.last_position() == 0
                                       ? std::string("...")
                                       : absl::StrCat(access.last_position())),
                      Printable(access.filter())});
      }
    }
    return absl::OkStatus();
  };
  const absl::Status read = (*client)->audit()->StreamEntries(**request, visit);
  if (!read.ok()) return read;
  if (session->json) {
    session->Print({{"accesses", std::move(rows)}});
  } else {
    table.Print(session->out());
  }
  return absl::OkStatus();
}

}  // namespace

void AddAuditLogCommands(CLI::App* group, Session* session) {
  CLI::App* command = Command(
      group, "log", "Các mục của nhật ký (entries of the log)",
      {"thon audit log --from 2023-10-01 --to 2023-10-31 --team 4211",
       "thon audit log --kind policy_published --events",
       "thon audit log --author 1f2e3d4c5b6a79880716253443526170 --json",
       "thon audit log --from 120 --follow"});
  auto log = std::make_shared<LogOptions>();
  command->add_option("--from", log->from, kFromHelp);
  command->add_option("--to", log->to, kToHelp);
  command
      ->add_option("--team", log->teams,
                   "Only entries with an event of this team; may be given "
                   "again")
      ->check(CLI::PositiveNumber);
  command->add_option("--author", log->authors,
                      "Only entries of this author, 32 hexadecimal digits; may "
                      "be given again");
  command->add_option("--kind", log->kinds,
                      "Only entries with an event of this kind, such as "
                      "household_visit; may be given again");
  command->add_flag("--follow", log->follow,
                    "Go on with what comes, until Ctrl-C, also over restarts "
                    "of the server");
  command->add_flag("--events", log->events, "Every event in full");
  command->add_flag("--lines", log->lines,
                    "With --json: a line an entry, for logs of any size");
  OnChosen(command, session, log, &ShowLog);

  command = Command(group, "author",
                    "Chuỗi lô của một tác giả (an author's chain of batches)",
                    {"thon audit author 1f2e3d4c5b6a79880716253443526170"});
  auto author = std::make_shared<AuthorOptions>();
  command->add_option("author", author->author, "32 hexadecimal digits")
      ->required();
  OnChosen(command, session, author, &ShowAuthor);

  command =
      Command(group, "access",
              "Ai đã đọc gì (what auditors read, as the log records it)",
              {"thon audit access", "thon audit access --from 2023-10-01"});
  auto access = std::make_shared<AccessOptions>();
  command->add_option("--from", access->from, kFromHelp);
  OnChosen(command, session, access, &ShowAccess);
}

}  // namespace thon::cli
