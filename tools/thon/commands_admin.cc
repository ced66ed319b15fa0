#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/engine/keys.h"
#include "server/storage/backup.h"
#include "server/storage/entry_log.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/files.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct BackupOptions {
  std::string name;
};

absl::Status MakeBackup(Session* session, const BackupOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::CreateBackupRequest request;
  request.set_name(options.name);
  const absl::StatusOr<v1::CreateBackupResponse> response =
      (*client)->CreateBackup(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  session->out() << "Bản sao lưu (backup): " << response->path() << '\n'
                 << "Số mục (entries): " << response->checkpoint().tree_size()
                 << ", gốc (root) "
                 << HexEncode(response->checkpoint().root_hash()) << '\n';
  return absl::OkStatus();
}

struct RestoreOptions {
  std::string backup;
};

absl::Status Restore(Session* session, const RestoreOptions& options) {
  if (session->connection.data.empty()) {
    return UsageError("--data DIR: where to restore to");
  }
  const absl::StatusOr<BackupInfo> expected = ReadBackupInfo(options.backup);
  if (!expected.ok()) return expected.status();
  session->Note(absl::StrCat("Đang khôi phục (restoring) ",
                             expected->end.tree_size.value,
                             " mục (entries) ..."));
  StorageOptions storage;
  storage.directory = session->connection.data;
  const absl::StatusOr<BackupInfo> restored =
      RestoreBackup(options.backup, storage);
  if (!restored.ok()) return restored.status();
  // Without them no server can go on with the log.
  const absl::Status keys =
      CopyKeys(options.backup + "/keys", storage.directory + "/keys");
  if (!keys.ok()) return keys;
  // Phones and offices know the server by its certificate authority.
  if (DirectoryExists(options.backup + "/tls")) {
    const absl::Status tls =
        CopyKeys(options.backup + "/tls", storage.directory + "/tls");
    if (!tls.ok()) return tls;
  }
  const bool equal = restored->root == expected->root &&
                     restored->end.tree_size == expected->end.tree_size;
  if (session->json) {
    session->Print({{"data", session->connection.data},
                    {"tree_size", restored->end.tree_size.value},
                    {"next_position", restored->end.next_position.value},
                    {"root_hash", restored->root.Hex()},
                    {"backup_root_hash", expected->root.Hex()},
                    {"roots_equal", equal}});
  } else {
    session->out() << "Gốc bản sao lưu (root of the backup): "
                   << expected->root.Hex() << '\n'
                   << "Gốc đã khôi phục (root restored):     "
                   << restored->root.Hex() << '\n'
                   << (equal ? "Khớp. (They are equal.)"
                             : "KHÔNG KHỚP. (THEY DIFFER.)")
                   << '\n';
  }
  if (equal) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the restored log differs from its backup; delete ",
                   session->connection.data, " and restore another backup"));
}

struct NoOptions {};

absl::Status CheckLog(Session* session, const NoOptions& /*options*/) {
  if (session->connection.data.empty()) {
    return UsageError("--data DIR: the directory to check");
  }
  // Open() would make a log where there is none.
  if (!DirectoryExists(session->connection.data + "/log")) {
    return absl::NotFoundError(absl::StrCat(session->connection.data,
                                            " holds no log; is it the data "
                                            "directory of a thond?"));
  }
  StorageOptions storage;
  storage.directory = session->connection.data;
  const absl::StatusOr<std::unique_ptr<EntryLog>> log = EntryLog::Open(storage);
  if (!log.ok()) return log.status();
  const LogEnd end = (*log)->end();
  std::uint64_t told = 0;
  const absl::Status status = (*log)->Check([&](std::uint64_t done) {
    constexpr std::uint64_t kStep = 10'000;
    if (done / kStep == told / kStep) return;
    told = done;
    session->Note(absl::StrCat("  ", done, " / ", end.tree_size.value));
  });
  if (!status.ok()) return status;
  const std::string root = (*log)->root().Hex();
  if (session->json) {
    session->Print({{"tree_size", end.tree_size.value},
                    {"next_position", end.next_position.value},
                    {"root_hash", root},
                    {"ok", true}});
  } else {
    session->out() << "Nguyên vẹn (intact): " << end.tree_size.value
                   << " mục (entries), vị trí tiếp theo (next position) "
                   << end.next_position.value << ", gốc (root) " << root
                   << '\n';
  }
  return absl::OkStatus();
}

struct EpochOptions {
  bool force = false;
};

absl::Status OpenEpoch(Session* session, const EpochOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::OpenEpochRequest request;
  request.set_force(options.force);
  const absl::StatusOr<v1::OpenEpochResponse> response =
      (*client)->OpenEpoch(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  session->out() << response->old_origin() << " -> " << response->new_origin()
                 << '\n'
                 << "Mất từ vị trí (lost from position): "
                 << response->first_lost_position() << '\n';
  return absl::OkStatus();
}

struct ClockOptions {
  std::string to;
};

// An instant, or the midnight at which a day begins.
absl::StatusOr<Instant> InstantOption(const std::string& text) {
  if (const absl::StatusOr<Date> date = ParseDate(text); date.ok()) {
    return TimeZone::VietNam().StartOf(*date);
  }
  const absl::StatusOr<Instant> instant = ParseInstant(text);
  if (instant.ok()) return instant;
  return UsageError(absl::StrCat("--to: \"", text,
                                 "\" is neither a day (2023-10-12) nor an "
                                 "instant (2023-10-12T08:00:00+07:00)"));
}

absl::Status AdvanceClock(Session* session, const ClockOptions& options) {
  const absl::StatusOr<Instant> to = InstantOption(options.to);
  if (!to.ok()) return to.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::AdvanceClockRequest request;
  request.set_to_time_ms(to->ms);
  const absl::StatusOr<v1::AdvanceClockResponse> response =
      (*client)->AdvanceClock(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
  } else {
    session->out() << "Giờ máy chủ (receive clock): "
                   << ShowInstant(response->server_time_ms()) << '\n';
  }
  return absl::OkStatus();
}

struct TokenOptions {
  std::uint64_t officer = 0;
  std::string until;
  std::string out;
};

absl::Status CreateToken(Session* session, const TokenOptions& options) {
  const auto until = DayOption("--until", options.until);
  if (!until.ok()) return until.status();
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::CreateTokenRequest request;
  request.set_officer_id(options.officer);
  request.set_last_date(*until);
  const absl::StatusOr<v1::CreateTokenResponse> response =
      (*client)->CreateToken(request);
  if (!response.ok()) return response.status();
  if (!options.out.empty()) {
    const absl::Status status =
        WriteNewSecretFile(options.out, absl::StrCat(response->token(), "\n"));
    if (!status.ok()) return status;
  }
  if (session->json) {
    Json json = {{"officer_id", options.officer}};
    if (options.out.empty()) {
      json["token"] = response->token();
    } else {
      json["token_file"] = options.out;
    }
    session->Print(json);
  } else if (options.out.empty()) {
    session->out() << response->token() << '\n';
    session->Note("Chỉ hiện một lần. (It is shown once.)");
  } else {
    session->out() << "Mã truy cập (token): " << options.out << '\n';
  }
  return absl::OkStatus();
}

absl::Status RevokeTokens(Session* session, const TokenOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::RevokeTokensRequest request;
  request.set_officer_id(options.officer);
  const absl::StatusOr<v1::RevokeTokensResponse> response =
      (*client)->RevokeTokens(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
  } else {
    session->out() << "Đã thu hồi (revoked): " << response->count() << '\n';
  }
  return absl::OkStatus();
}

void AddTokens(CLI::App* group, Session* session) {
  CLI::App* const tokens =
      Group(group, "token", "Mã truy cập (bearer tokens of officers)");
  CLI::App* command =
      Command(tokens, "create", "Tạo mã truy cập (make a token, shown once)",
              {"thon admin token create --officer 7 --out officer7.token"});
  auto create = std::make_shared<TokenOptions>();
  command->add_option("--officer", create->officer, "The officer's number")
      ->required();
  command->add_option("--until", create->until, "Last day; by default 90 days");
  command->add_option("--out", create->out, "New file, mode 0600");
  OnChosen(command, session, create, &CreateToken);

  command = Command(tokens, "revoke",
                    "Thu hồi mã truy cập (end all tokens of an officer)",
                    {"thon admin token revoke --officer 7"});
  auto revoke = std::make_shared<TokenOptions>();
  command->add_option("--officer", revoke->officer, "The officer's number")
      ->required();
  OnChosen(command, session, revoke, &RevokeTokens);
}

}  // namespace

void AddAdminCommands(CLI::App* app, Session* session) {
  CLI::App* const group = Group(app, "admin", "Vận hành (for operators)");
  CLI::App* command = Command(group, "backup", "Sao lưu (make a backup)",
                              {"thon admin backup --name before-update"});
  auto backup = std::make_shared<BackupOptions>();
  command->add_option("--name", backup->name,
                      "Name of its directory on the server");
  OnChosen(command, session, backup, &MakeBackup);

  command = Command(
      group, "restore",
      "Khôi phục vào thư mục trống (restore into --data DIR, without a server)",
      {"thon admin restore --backup backups/before-update --data new-data"});
  auto restore = std::make_shared<RestoreOptions>();
  command->add_option("--backup", restore->backup, "The backup's directory")
      ->required();
  OnChosen(command, session, restore, &Restore);

  command = Command(
      group, "check",
      "Kiểm tra nhật ký trên đĩa (hash the log in --data DIR again; the server "
      "must be stopped)",
      {"thon admin check --data thon-data"});
  OnChosen(command, session, std::make_shared<NoOptions>(), &CheckLog);

  command = Command(
      group, "open-epoch",
      "Tiếp tục sau khi khôi phục (go on after a restore; what was lost is "
      "declared)",
      {"thon admin open-epoch"});
  auto epoch = std::make_shared<EpochOptions>();
  command->add_flag("--force", epoch->force,
                    "Also when no phone has shown a later receipt yet");
  OnChosen(command, session, epoch, &OpenEpoch);

  command = Command(group, "advance-clock",
                    "Tăng giờ mô phỏng (move the simulated clock forward)",
                    {"thon admin advance-clock --to 2023-10-12",
                     "thon admin advance-clock --to "
                     "2023-10-12T08:00:00+07:00"});
  auto clock = std::make_shared<ClockOptions>();
  command->add_option("--to", clock->to, "A day (its midnight) or an instant")
      ->required();
  OnChosen(command, session, clock, &AdvanceClock);
  AddTokens(group, session);
}

}  // namespace thon::cli
