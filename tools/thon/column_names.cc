#include "tools/thon/column_names.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/text.h"

namespace thon::cli {
namespace {

struct Names {
  absl::string_view column;
  // Parted by |; the first is the title of templates.
  absl::string_view vietnamese;
};

constexpr Names kColumns[] = {
    {"code", "Mã|mã ĐVHC"},
    {"level", "Cấp|cấp đơn vị"},
    {"name", "Tên|tên đơn vị|tên cơ quan"},
    {"parent_code", "Mã cấp trên|mã đơn vị cấp trên"},
    {"commune_code",
     "Mã xã|mã phường|mã xã phường|mã đơn vị cấp xã|mã xã phường thị trấn"},
    {"commune_name",
     "Tên xã|xã|xã phường|tên xã phường|tên đơn vị cấp xã|xã phường thị trấn|"
     "tên xã phường thị trấn"},
    {"village_name",
     "Tên thôn|thôn|thôn bản|tên thôn bản|thôn bản tổ dân phố|tên thôn bản tổ "
     "dân phố|tổ dân phố|ấp|bản"},
    {"kind", "Loại|loại thôn|loại hình|loại cơ quan"},
    {"effective", "Ngày hiệu lực|hiệu lực|có hiệu lực từ|hiệu lực từ ngày"},
    {"id", "Mã định danh|mã số"},
    {"team_id", "Mã tổ|mã định danh tổ|mã số tổ"},
    {"team_name",
     "Tên tổ|tên tổ công nghệ số cộng đồng|tên tổ công nghệ số|tên tổ chuyển "
     "đổi "
     "số cộng đồng|tên tổ CNSCĐ"},
    {"founded", "Ngày thành lập|thành lập|thành lập ngày"},
    {"document", "Số quyết định|quyết định|quyết định số|số văn bản|văn bản"},
    {"issued", "Ngày ban hành|ngày ký|ngày quyết định"},
    {"issuer", "Cơ quan ban hành|nơi ban hành"},
    {"pilot", "Thí điểm|tổ thí điểm"},
    {"member_ref", "Ký hiệu thành viên|mã tham chiếu|mã thành viên"},
    {"member_id", "Mã định danh thành viên|mã số thành viên"},
    {"seat", "Vai trò|vị trí|chức danh|chức danh trong tổ"},
    {"joined", "Ngày tham gia|tham gia từ|tham gia từ ngày|ngày vào tổ"},
    {"affiliations", "Thành phần|kiêm nhiệm|đoàn thể"},
    {"part_time", "Không chuyên trách|bán chuyên trách"},
    {"unit_code", "Mã đơn vị|mã đơn vị hành chính"},
    {"registered", "Ngày đăng ký|đăng ký từ ngày"},
    {"organisation_id", "Mã cơ quan|mã định danh cơ quan"},
    {"target", "Mục tiêu|mục tiêu đăng ký|nội dung đăng ký"},
    {"change", "Thay đổi|nội dung thay đổi"},
    {"from_code", "Mã cũ|mã đơn vị cũ"},
    {"to_code", "Mã mới|mã đơn vị mới"},
    {"part", "Một phần|chuyển một phần"},
    {"amount", "Mức hỗ trợ|mức hỗ trợ đồng tháng|số tiền|kinh phí"},
    {"note", "Ghi chú"},
    {"label", "Nhãn"},
};

// Letters and digits without tones and case, words parted by one blank.
std::string KeyOf(absl::string_view text) {
  std::string key;
  for (const char c : SearchKey(text)) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (word) {
      key.push_back(c);
    } else if (!key.empty() && key.back() != ' ') {
      key.push_back(' ');
    }
  }
  if (!key.empty() && key.back() == ' ') key.pop_back();
  return key;
}

const std::map<std::string, absl::string_view>& ColumnsByKey() {
  static const auto* const kByKey = [] {
    auto* const by_key = new std::map<std::string, absl::string_view>();
    for (const Names& names : kColumns) {
      by_key->emplace(KeyOf(names.column), names.column);
      for (const absl::string_view name :
           absl::StrSplit(names.vietnamese, '|')) {
        by_key->emplace(KeyOf(name), names.column);
      }
    }
    return by_key;
  }();
  return *kByKey;
}

absl::string_view Known(absl::string_view title) {
  const auto it = ColumnsByKey().find(KeyOf(title));
  return it == ColumnsByKey().end() ? "" : it->second;
}

}  // namespace

std::string ColumnOf(absl::string_view title) {
  absl::string_view known = Known(title);
  // "Mã xã (commune_code)", or one above the other: the last part that is known
  // is the more exact.
  if (known.empty()) {
    for (const absl::string_view part :
         absl::StrSplit(title, absl::ByAnyChar("()[]\r\n"))) {
      if (const absl::string_view found = Known(part); !found.empty()) {
        known = found;
      }
    }
  }
  if (!known.empty()) return std::string(known);
  std::string name;
  for (const char c : Trim(title)) {
    name.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return name;
}

absl::string_view VietnameseTitle(absl::string_view column) {
  for (const Names& names : kColumns) {
    if (names.column == column) {
      return names.vietnamese.substr(0, names.vietnamese.find('|'));
    }
  }
  return "";
}

}  // namespace thon::cli
