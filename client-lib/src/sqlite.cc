#include "client-lib/src/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"

namespace thon::client {
namespace {

absl::Status ErrorOf(sqlite3* db, int code) {
  const std::string text =
      absl::StrCat("the phone's file: ",
                   db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db),
                   " (", code, ")");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          absl::StrCat(text, ": another process has it open"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat(text, ": make room on the disk"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(text, ": keep it and report it"));
    default:
      return absl::InternalError(text);
  }
}

// Makes the file with the mode that a private key needs, and its name durable.
absl::Status MakeFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return errno == ENOENT ? absl::NotFoundError(absl::StrCat(
                                 path, ": no such folder; make it first"))
                           : absl::InternalError(absl::StrCat(
                                 path, ": ", std::strerror(errno)));
  }
  ::close(file);
  const std::size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int entry = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (entry < 0 || ::fsync(entry) != 0) {
    const std::string error = std::strerror(errno);
    if (entry >= 0) ::close(entry);
    return absl::InternalError(absl::StrCat(folder, ": ", error));
  }
  ::close(entry);
  return absl::OkStatus();
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::Bind(std::uint64_t value) {
  if (statement_ != nullptr) {
    sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(value));
  }
  return *this;
}

Statement& Statement::Bind(absl::string_view bytes) {
  if (statement_ != nullptr) {
    sqlite3_bind_blob64(statement_, ++bound_, bytes.empty() ? "" : bytes.data(),
                        bytes.size(), SQLITE_TRANSIENT);
  }
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (statement_ == nullptr) {
    return absl::DataLossError("the phone's file lacks a table");
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(sqlite3_db_handle(statement_), code);
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = Step();
  while (row.ok() && *row) row = Step();
  return row.status();
}

std::uint64_t Statement::Number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

absl::string_view Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(sqlite3* db, std::function<void(absl::string_view)> on_step)
    : db_(db), on_step_(std::move(on_step)) {}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path, std::function<void(absl::string_view)> on_step) {
  if (absl::Status made = MakeFile(path); !made.ok()) return made;
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  std::unique_ptr<Database> db(new Database(raw, std::move(on_step)));
  if (code != SQLITE_OK) return ErrorOf(raw, code);
  sqlite3_extended_result_codes(raw, 1);
  // Exclusive: one process, and no shared-memory file beside it. The log is
  // written back every 400 pages, so it stays small on a small phone.
  for (const char* pragma :
       {"PRAGMA auto_vacuum=INCREMENTAL", "PRAGMA locking_mode=EXCLUSIVE",
        "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
        "PRAGMA wal_autocheckpoint=400", "PRAGMA cache_size=-1024",
        "PRAGMA trusted_schema=OFF", "BEGIN IMMEDIATE", "COMMIT"}) {
    if (absl::Status done = db->Execute(pragma); !done.ok()) return done;
  }
  return db;
}

absl::Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(db_, code);
}

Statement Database::Prepare(const char* sql) {
  auto [found, fresh] = statements_.try_emplace(sql, nullptr);
  if (fresh) {
    // A failure leaves null, which Step() reports.
    if (sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &found->second, nullptr) != SQLITE_OK) {
      found->second = nullptr;
    }
  }
  THON_CHECK(found->second == nullptr || !sqlite3_stmt_busy(found->second));
  return Statement(found->second);
}

absl::Status Database::SetDurable(bool durable) {
  if (durable == durable_) return absl::OkStatus();
  absl::Status done = Execute(durable ? "PRAGMA synchronous=FULL"
                                      : "PRAGMA synchronous=NORMAL");
  if (done.ok()) durable_ = durable;
  return done;
}

std::uint64_t Database::BytesInUse() {
  const auto number = [this](const char* sql) -> std::uint64_t {
    Statement statement = Prepare(sql);
    const absl::StatusOr<bool> row = statement.Step();
    return row.ok() && *row ? statement.Number(0) : 0;
  };
  return (number("PRAGMA page_count") - number("PRAGMA freelist_count")) *
         number("PRAGMA page_size");
}

Transaction::Transaction(Database* db, const char* what, bool durable)
    : db_(db), what_(what) {
  begun_ = db_->SetDurable(durable);
  if (begun_.ok()) begun_ = db_->Execute("BEGIN IMMEDIATE");
  open_ = begun_.ok();
}

Transaction::~Transaction() {
  // A failed rollback needs no report: without COMMIT nothing has happened.
  if (open_) db_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  if (!open_) return begun_;
  if (db_->on_step_) db_->on_step_(what_);
  absl::Status done = db_->Execute("COMMIT");
  if (done.ok()) {
    open_ = false;
    if (db_->on_step_) db_->on_step_("committed");
  }
  return done;
}

}  // namespace thon::client
