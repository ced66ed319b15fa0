#include "tools/verify/temp_rows.h"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace thon::verify {
namespace {

constexpr std::size_t kPlacesKept = 65'536;

absl::string_view Column(sqlite3_stmt* statement, int column) {
  const auto* const bytes =
      static_cast<const char*>(sqlite3_column_blob(statement, column));
  return {bytes == nullptr ? "" : bytes,
          static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

// The bytes must stay until the statement is reset.
void BindBytes(sqlite3_stmt* statement, int at, absl::string_view bytes) {
  sqlite3_bind_blob64(statement, at, bytes.empty() ? "" : bytes.data(),
                      bytes.size(), SQLITE_STATIC);
}

// The first key behind all that begin with `prefix`; "" if there is none.
std::string Behind(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

}  // namespace

// Rows as they are stored. Each scan has a statement of its own, so that a
// visitor may scan too.
class TempRowReader final : public RowReader {
 public:
  explicit TempRowReader(const TempRows* rows) : rows_(rows) {}

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override {
    if (!rows_->stored_[static_cast<std::size_t>(table)]) return std::nullopt;
    sqlite3_stmt* const get = rows_->get_.get();
    sqlite3_bind_int(get, 1, static_cast<int>(table));
    BindBytes(get, 2, key);
    std::optional<RowVersion> row;
    const int result = sqlite3_step(get);
    if (result == SQLITE_ROW) {
      row = RowVersion{
          std::string(Column(get, 0)),
          Position(static_cast<std::uint64_t>(sqlite3_column_int64(get, 1)))};
    } else {
      rows_->Note(result);
    }
    sqlite3_reset(get);
    return row;
  }

  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override {
    if (!rows_->stored_[static_cast<std::size_t>(table)]) return;
    const std::string end = Behind(prefix);
    const std::string begin(std::max(prefix, start));
    const TempRows::Statement scan = rows_->Compile(
        end.empty() ? "SELECT k, v, p FROM rows WHERE t = ?1 AND k >= ?2 "
                      "ORDER BY k"
                    : "SELECT k, v, p FROM rows WHERE t = ?1 AND k >= ?2 AND "
                      "k < ?3 ORDER BY k");
    if (scan == nullptr) return;
    sqlite3_bind_int(scan.get(), 1, static_cast<int>(table));
    BindBytes(scan.get(), 2, begin);
    if (!end.empty()) BindBytes(scan.get(), 3, end);
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(scan.get())) == SQLITE_ROW) {
      const RowVersion row{std::string(Column(scan.get(), 1)),
                           Position(static_cast<std::uint64_t>(
                               sqlite3_column_int64(scan.get(), 2)))};
      if (!visit(Column(scan.get(), 0), row)) return;
    }
    rows_->Note(result);
  }

 private:
  const TempRows* const rows_;
};

void TempRows::FreeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<std::unique_ptr<TempRows>> TempRows::Open(
    const std::string& directory, std::size_t cache_bytes) {
  std::string folder = directory;
  if (folder.empty()) {
    const char* const set = std::getenv("TMPDIR");
    folder = set == nullptr || *set == '\0' ? "/tmp" : set;
  }
  std::string name = absl::StrCat(folder, "/thon-verify-XXXXXX");
  const int fd = mkstemp(name.data());
  if (fd < 0) {
    return absl::UnavailableError(absl::StrCat(
        "no temporary file can be made in ", folder, "; give --temp"));
  }
  std::unique_ptr<TempRows> rows(new TempRows());
  rows->file_ = name;
  const int opened = sqlite3_open(name.c_str(), &rows->db_);
  fclose(fdopen(fd, "r"));
  std::remove(name.c_str());
  if (opened != SQLITE_OK) {
    return absl::UnavailableError(
        absl::StrCat(name, ": ", sqlite3_errmsg(rows->db_)));
  }
  const absl::Status prepared = rows->Prepare(cache_bytes);
  if (!prepared.ok()) return prepared;
  return rows;
}

absl::Status TempRows::Prepare(std::size_t cache_bytes) {
  // Nothing of it is wanted after a crash.
  Run("PRAGMA journal_mode = OFF");
  Run("PRAGMA synchronous = OFF");
  Run("PRAGMA locking_mode = EXCLUSIVE");
  Run(absl::StrCat("PRAGMA cache_size = -", cache_bytes / 1024).c_str());
  Run("CREATE TABLE rows (t INTEGER, k BLOB, v BLOB, p INTEGER, "
      "PRIMARY KEY (t, k)) WITHOUT ROWID");
  Run("CREATE TABLE places (a BLOB, s INTEGER, e INTEGER, "
      "PRIMARY KEY (a, s)) WITHOUT ROWID");
  if (!status_.ok()) return status_;
  put_ = Compile("INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3, ?4)");
  drop_ = Compile("DELETE FROM rows WHERE t = ?1 AND k = ?2");
  get_ = Compile("SELECT v, p FROM rows WHERE t = ?1 AND k = ?2");
  put_place_ = Compile("INSERT OR IGNORE INTO places VALUES (?1, ?2, ?3)");
  find_place_ = Compile(
      "SELECT s, e FROM places WHERE a = ?1 AND s <= ?2 "
      "ORDER BY s DESC LIMIT 1");
  return status_;
}

TempRows::~TempRows() {
  for (Statement* statement :
       {&put_, &drop_, &get_, &put_place_, &find_place_}) {
    statement->reset();
  }
  sqlite3_close(db_);
}

void TempRows::Note(int result) const {
  if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) {
    return;
  }
  status_.Update(absl::UnavailableError(
      absl::StrCat("the temporary file cannot be used: ", sqlite3_errmsg(db_),
                   "; make room, or name another folder with --temp")));
}

void TempRows::Run(const char* sql) const {
  Note(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

TempRows::Statement TempRows::Compile(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  Note(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr));
  return Statement(statement);
}

void TempRows::Take(RowOverlay* overlay) {
  Run("BEGIN");
  overlay->ForEachNew([&](const RowOverlay::NewRow& row) {
    const bool exists = row.value.has_value();
    stored_.set(static_cast<std::size_t>(row.table));
    sqlite3_stmt* const statement = (exists ? put_ : drop_).get();
    sqlite3_bind_int(statement, 1, static_cast<int>(row.table));
    BindBytes(statement, 2, row.key);
    if (exists) {
      BindBytes(statement, 3, *row.value);
      sqlite3_bind_int64(statement, 4,
                         static_cast<std::int64_t>(row.position.value));
    }
    Note(sqlite3_step(statement));
    sqlite3_reset(statement);
    ++rows_written_;
  });
  Run("COMMIT");
  overlay->SetBase(Rows());
}

std::unique_ptr<RowReader> TempRows::Rows() const {
  return std::make_unique<TempRowReader>(this);
}

void TempRows::PutPlace(const AuthorId& author, Sequence first,
                        EntryIndex entry) {
  places_.emplace(PlaceKey(author, first), entry);
  if (places_.size() >= kPlacesKept) FlushPlaces();
}

void TempRows::FlushPlaces() {
  Run("BEGIN");
  for (const auto& [key, entry] : places_) {
    BindBytes(put_place_.get(), 1, key.first.view());
    sqlite3_bind_int64(put_place_.get(), 2,
                       static_cast<std::int64_t>(key.second.value));
    sqlite3_bind_int64(put_place_.get(), 3,
                       static_cast<std::int64_t>(entry.value));
    Note(sqlite3_step(put_place_.get()));
    sqlite3_reset(put_place_.get());
  }
  Run("COMMIT");
  places_stored_ = true;
  places_.clear();
}

std::optional<EntryIndex> TempRows::FindPlace(const AuthorId& author,
                                              Sequence sequence) const {
  std::optional<EntryIndex> found;
  std::uint64_t begins = 0;
  const auto it = places_.upper_bound({author, sequence});
  if (it != places_.begin() && std::prev(it)->first.first == author) {
    found = std::prev(it)->second;
    begins = std::prev(it)->first.second.value;
  }
  if (!places_stored_) return found;
  sqlite3_stmt* const find = find_place_.get();
  BindBytes(find, 1, author.view());
  sqlite3_bind_int64(find, 2, static_cast<std::int64_t>(sequence.value));
  const int result = sqlite3_step(find);
  if (result == SQLITE_ROW) {
    const auto stored =
        static_cast<std::uint64_t>(sqlite3_column_int64(find, 0));
    if (!found.has_value() || stored > begins) {
      found =
          EntryIndex(static_cast<std::uint64_t>(sqlite3_column_int64(find, 1)));
    }
  } else {
    Note(result);
  }
  sqlite3_reset(find);
  return found;
}

}  // namespace thon::verify
