// SQLite with owners: a connection and its statements, errors as absl::Status.
//
// Thread-safety: none; the owner of a connection serializes its use.
#ifndef THON_CLIENT_SQLITE_H_
#define THON_CLIENT_SQLITE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace thon::client {

// A prepared statement in use; reset and given back when destroyed. Bind fills
// the parameters from the left.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& Bind(std::uint64_t value);
  Statement& Bind(absl::string_view bytes);  // As a blob; copied.
  // True: a row is there to be read. False: done.
  absl::StatusOr<bool> Step();
  // For statements that give no row.
  absl::Status Run();

  std::uint64_t Number(int column) const;
  // Valid until the next Step().
  absl::string_view Bytes(int column) const;
  bool IsNull(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

class Database {
 public:
  // Opens or makes the file (mode 0600) for this process alone: write-ahead
  // log, every commit on disk before it returns. The folder's entry for a new
  // file is on disk too.
  //
  // kUnavailable: another process has it open. kDataLoss: not a database, or
  // damaged. kNotFound: no such folder.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path, std::function<void(absl::string_view)> on_step);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  absl::Status Execute(const char* sql);
  // `sql` must be a literal: statements are kept by its address. One statement
  // of a literal is in use at a time.
  Statement Prepare(const char* sql);

  // Whether a commit waits for the disk. Off only for what can be asked for
  // again.
  absl::Status SetDurable(bool durable);
  std::uint64_t BytesInUse();

 private:
  friend class Transaction;
  Database(sqlite3* db, std::function<void(absl::string_view)> on_step);

  sqlite3* const db_;
  const std::function<void(absl::string_view)> on_step_;
  bool durable_ = true;
  std::map<const char*, sqlite3_stmt*> statements_;
};

// Rolls back unless committed.
class Transaction {
 public:
  // `what` names the step for Options::on_step.
  Transaction(Database* db, const char* what, bool durable = true);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // OK: on disk. Any error: nothing of it happened, or the file failed.
  absl::Status Commit();
  const absl::Status& begun() const { return begun_; }

 private:
  Database* const db_;
  const char* const what_;
  absl::Status begun_;
  bool open_ = false;
};

}  // namespace thon::client

#endif  // THON_CLIENT_SQLITE_H_
