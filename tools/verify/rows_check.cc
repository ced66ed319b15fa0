#include "tools/verify/rows_check.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/civil.h"
#include "server/core/text.h"
#include "server/projections/state_root.h"
#include "thon/v1/audit_service.pb.h"
#include "thon/v1/policy.pb.h"
#include "tools/verify/finding_kinds.h"
#include "tools/verify/money.h"

namespace thon::verify {
namespace {

Detail TableName(Table table) {
  switch (table) {
    case Table::kPolicy:
      return {"chính sách", "policy"};
    case Table::kList:
      return {"danh sách", "list"};
    case Table::kFunding:
      return {"kinh phí", "funding"};
    case Table::kDetermination:
      return {"kết quả", "determination"};
    case Table::kTopUp:
      return {"phần chi thêm", "top-up"};
    case Table::kMobilisation:
      return {"huy động", "mobilisation"};
    case Table::kMobilisationById:
      return {"huy động theo mã", "mobilisation by id"};
    case Table::kOtherSupport:
      return {"hỗ trợ khác", "other support"};
    case Table::kHeldMonth:
      return {"tháng bị giữ", "held month"};
    case Table::kTransition:
      return {"chuyển tiếp", "transition"};
    default:
      return {"dòng", "row"};
  }
}

// What a determination says, or how many bytes another row has.
Detail ValueText(Table table, absl::string_view value) {
  v1::Determination determination;
  if (table != Table::kDetermination ||
      !determination.ParseFromArray(value.data(),
                                    static_cast<int>(value.size()))) {
    return Say("$0 byte, SHA-256 $1", "$0 bytes, SHA-256 $1", value.size(),
               Sha256Of(value).Hex());
  }
  return Same(absl::StrCat(StateName(static_cast<int>(determination.state())),
                           ", ", FormatDong(determination.amount_vnd())));
}

Detail Differing(const Detail& said, const Detail& own) {
  return {
      absl::StrCat("máy chủ nói ", said.vi, "; tính ở đây là ", own.vi),
      absl::StrCat("the server says ", said.en, "; computed here ", own.en)};
}

struct ServerRow {
  int table = 0;
  std::string key;
  std::string value;
  std::string file;
};

// The rows of a pack in the order of its files.
class RowsFile {
 public:
  RowsFile(const Pack& pack, Findings* findings)
      : pack_(pack), findings_(findings), next_(pack.rows_files().begin()) {
    Advance();
  }

  const std::optional<ServerRow>& row() const { return row_; }
  void Advance();

 private:
  bool Open();
  void Malformed(Detail detail);

  const Pack& pack_;
  Findings* const findings_;
  Pack::RowsFiles::const_iterator next_;
  std::string path_;
  int table_ = 0;
  std::uint64_t expected_number_ = 0;
  std::string bytes_;
  absl::string_view rest_;
  std::uint64_t record_ = 0;
  std::optional<ServerRow> row_;
};

void RowsFile::Malformed(Detail detail) {
  findings_->Add(kinds::kRowsMalformed,
                 {.file = path_, .detail = std::move(detail)});
}

bool RowsFile::Open() {
  while (next_ != pack_.rows_files().end()) {
    const auto& [name, extent] = *next_;
    ++next_;
    path_ = Pack::RowsPath(name.first, name.second);
    expected_number_ = name.first == table_ ? expected_number_ : 0;
    if (name.second != expected_number_) {
      Malformed(Say("thiếu tệp $0 của bảng này",
                    "file $0 of its table is missing", expected_number_));
    }
    table_ = name.first;
    expected_number_ = name.second + 1;
    absl::StatusOr<std::string> bytes = pack_.Read(path_, extent);
    if (!bytes.ok()) {
      Malformed(Same(bytes.status().message()));
      continue;
    }
    bytes_ = *std::move(bytes);
    rest_ = bytes_;
    record_ = 0;
    return true;
  }
  return false;
}

void RowsFile::Advance() {
  while (true) {
    if (rest_.empty() && !Open()) {
      row_.reset();
      return;
    }
    if (rest_.empty()) continue;
    std::uint32_t length = 0;
    v1::StateRow row;
    const std::uint64_t at = record_++;
    if (!ConsumeBigEndian(&rest_, &length) || length > rest_.size() ||
        !row.ParseFromArray(rest_.data(), static_cast<int>(length))) {
      Malformed(
          Say("bản ghi $0 không phải là dòng", "record $0 is no row", at));
      rest_ = {};
      continue;
    }
    rest_.remove_prefix(length);
    if (row.table() != static_cast<std::uint32_t>(table_)) {
      Malformed(Say("bản ghi $0 thuộc bảng khác",
                    "record $0 is of another table", at));
      continue;
    }
    ServerRow next{table_, row.key(), row.value(), path_};
    if (row_.has_value() &&
        std::tie(next.table, next.key) <= std::tie(row_->table, row_->key)) {
      Malformed(Of(RowName(Table(table_), next.key),
                   Say("bản ghi $0 sai thứ tự hay có hai lần",
                       "record $0 is out of order or comes twice", at)));
      continue;
    }
    row_ = std::move(next);
    return;
  }
}

void CompareOne(Table table, absl::string_view key, const RowVersion& own,
                RowsFile* server, Findings* findings) {
  const auto mine = std::make_pair(static_cast<int>(table), std::string(key));
  const auto name_of = [](const ServerRow& row) {
    return RowName(static_cast<Table>(row.table), row.key);
  };
  while (server->row().has_value() &&
         std::make_pair(server->row()->table, server->row()->key) < mine) {
    const ServerRow& row = *server->row();
    findings->Add(
        kinds::kRowInvented,
        {.file = row.file,
         .detail = Of(name_of(row),
                      ValueText(static_cast<Table>(row.table), row.value))});
    server->Advance();
  }
  findings->Examined(Check::kRows, 1);
  if (!server->row().has_value() ||
      std::make_pair(server->row()->table, server->row()->key) != mine) {
    findings->Add(
        kinds::kRowMissing,
        {.position = own.position.value,
         .detail = Of(RowName(table, key), ValueText(table, own.value))});
    return;
  }
  if (server->row()->value != own.value) {
    findings->Add(
        kinds::kRowDiffers,
        {.position = own.position.value,
         .file = server->row()->file,
         .detail = Of(RowName(table, key),
                      Differing(ValueText(table, server->row()->value),
                                ValueText(table, own.value)))});
  }
  server->Advance();
}

}  // namespace

Detail RowName(Table table, absl::string_view key) {
  const Detail name = TableName(table);
  const std::size_t end = key.find('\0');
  absl::string_view rest =
      end == absl::string_view::npos ? "" : key.substr(end + 1);
  std::uint32_t month = 0;
  std::uint8_t kind = 0;
  std::uint64_t id = 0;
  if (table == Table::kDetermination && end != absl::string_view::npos &&
      ConsumeBigEndian(&rest, &month) && ConsumeBigEndian(&rest, &kind) &&
      ConsumeBigEndian(&rest, &id) && rest.empty()) {
    const std::string policy = absl::CHexEscape(key.substr(0, end));
    return kind == v1::BENEFICIARY_KIND_ORGANISATION
               ? Say("kết quả $0, tháng $1, tổ chức $2",
                     "determination $0, month $1, organisation $2", policy,
                     month, id)
               : Say("kết quả $0, tháng $1, tổ $2",
                     "determination $0, month $1, team $2", policy, month, id);
  }
  const absl::string_view text = key.substr(0, end);
  const bool readable =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= ' ';
      });
  const Detail where =
      readable && IsNfc(text)
          ? Say("$0 (khóa $1)", "$0 (key $1)", text, HexEncode(key))
          : Say("khóa $0", "with key $0", HexEncode(key));
  return {absl::StrCat(name.vi, " ", where.vi),
          absl::StrCat(name.en, " ", where.en)};
}

void CheckRows(const Pack& pack, const RowReader& rows, Findings* findings) {
  const ProjectionTables* const projection =
      FindProjectionTables("eligibility");
  if (projection == nullptr) return;
  RowsFile server(pack, findings);
  for (const Table table : projection->tables) {
    rows.Scan(table, "", "", [&](absl::string_view key, const RowVersion& own) {
      CompareOne(table, key, own, &server, findings);
      return true;
    });
  }
  while (server.row().has_value()) {
    const ServerRow& row = *server.row();
    const auto table = static_cast<Table>(row.table);
    findings->Add(
        kinds::kRowInvented,
        {.file = row.file,
         .detail = Of(RowName(table, row.key), ValueText(table, row.value))});
    server.Advance();
  }
}

}  // namespace thon::verify
