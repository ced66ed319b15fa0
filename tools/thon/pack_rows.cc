#include "tools/thon/pack_rows.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/hash.h"
#include "server/core/limits.h"
#include "tools/thon/files.h"

namespace thon::cli {
namespace {

constexpr char kProjection[] = "eligibility";

}  // namespace

PackRows::PackRows(std::string directory)
    : directory_(std::move(directory)),
      tables_(FindProjectionTables(kProjection)) {
  THON_CHECK(tables_ != nullptr);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

PackRows::~PackRows() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

absl::Status PackRows::Add(const v1::StateRow& row) {
  const bool known = std::any_of(
      tables_->tables.begin(), tables_->tables.end(), [&row](Table table) {
        return static_cast<std::uint32_t>(table) == row.table();
      });
  const bool ordered = !any_ || table_ < row.table() ||
                       (table_ == row.table() && last_key_ < row.key());
  if (!known || !ordered) {
    return absl::DataLossError(absl::StrCat(
        "the server sent a row of table ", row.table(),
        known ? " out of order" : ", which is not of the projection ",
        known ? "" : kProjection));
  }
  std::string bytes;
  THON_CHECK(row.SerializeToString(&bytes));
  if (bytes.size() + 4 > limits::kPackRowsFileBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a row of table ", row.table(), " has ", bytes.size(),
                     " bytes; a pack holds none that large"));
  }
  const bool next_table = any_ && table_ != row.table();
  if (next_table ||
      buffer_.size() + 4 + bytes.size() > limits::kPackRowsFileBytesMax) {
    const absl::Status flushed = Flush();
    if (!flushed.ok()) return flushed;
    if (next_table) file_number_ = 0;
  }
  any_ = true;
  table_ = row.table();
  last_key_ = row.key();
  root_.Add(static_cast<Table>(row.table()), row.key(), row.value());
  AppendBigEndian(static_cast<std::uint32_t>(bytes.size()), &buffer_);
  buffer_ += bytes;
  return absl::OkStatus();
}

std::string PackRows::KeptPath(const PackFile& file) const {
  std::string name = file.path;
  std::replace(name.begin(), name.end(), '/', '.');
  return absl::StrCat(directory_, "/", name);
}

absl::Status PackRows::Flush() {
  if (buffer_.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  PackFile file{absl::StrCat("rows/", table_, "/", file_number_++),
                buffer_.size(), Sha256Of(buffer_).Hex()};
  std::ofstream kept(KeptPath(file), std::ios::binary | std::ios::trunc);
  kept << buffer_;
  kept.close();
  if (!kept.good()) {
    return absl::UnavailableError(
        absl::StrCat("cannot write ", KeptPath(file), "; is the disk full?"));
  }
  files_.push_back(std::move(file));
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status PackRows::Finish(const v1::StateRoot& said) {
  const absl::Status flushed = Flush();
  if (!flushed.ok()) return flushed;
  if (root_.Root().view() == said.root() &&
      root_.row_count() == said.row_count()) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("the server's rows of ", kProjection, " have the root ",
                   root_.Root().Hex(), " over ", root_.row_count(),
                   " rows, and it says it is ", HexEncode(said.root()),
                   " over ", said.row_count()));
}

absl::Status PackRows::CopyTo(PackSink* sink) const {
  for (const PackFile& file : files_) {
    const absl::StatusOr<std::string> bytes = ReadFile(KeptPath(file));
    if (!bytes.ok()) return bytes.status();
    const absl::Status added = sink->Add(file.path, *bytes);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace thon::cli
