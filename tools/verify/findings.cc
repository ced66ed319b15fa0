#include "tools/verify/findings.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::verify {
namespace {

struct CheckText {
  absl::string_view name;
  Words words;
};

constexpr std::array<CheckText, kCheckCount> kChecks = {{
    {"PACK",
     {"Các tệp của gói và bản kê", "the pack's files and its manifest"}},
    {"ENTRIES",
     {"Từng mục của sổ so với cây băm", "every entry against its tile"}},
    {"TILES", {"Từng ô của cây băm, ở mọi tầng", "every tile at every level"}},
    {"ROOT", {"Gốc của cây băm", "the root of the tree"}},
    {"CHECKPOINT", {"Chữ ký trên điểm chốt", "the checkpoint's signature"}},
    {"WITNESSES",
     {"Chữ ký của các bên chứng kiến", "cosignatures of witnesses"}},
    {"CONSISTENCY",
     {"Các điểm chốt cũ vẫn nằm trong sổ này",
      "older checkpoints are prefixes of this log"}},
    {"CHAINS",
     {"Chuỗi lô của từng tác giả", "every author's chain of batches"}},
    {"SIGNATURES", {"Chữ ký của từng lô", "every batch's signature"}},
    {"AUTHORS",
     {"Ghi danh, kế nhiệm và thu hồi khóa",
      "enrolments, successors and revocations"}},
    {"EPOCHS",
     {"Các kỷ nguyên của sổ và phần khai là đã mất",
      "epochs with their declared loss"}},
    {"CALENDAR",
     {"Thời gian nhận và ngày được mở", "receive times and days opened"}},
    {"FOLD",
     {"Tính lại mọi bảng từ mục đầu tiên",
      "every projection folded again from the first entry"}},
    {"STATE_ROOTS",
     {"Gốc trạng thái ghi trong sổ và trong bản kê",
      "state roots of the log and the manifest"}},
    {"ROWS",
     {"Từng dòng của máy chủ so với dòng tính lại",
      "the server's rows, one by one"}},
    {"MONEY", {"Tổng số tiền", "the sum of money"}},
    {"RECEIPTS",
     {"Biên nhận, bằng chứng đã giữ", "receipts and proofs that were kept"}},
}};

}  // namespace

Detail Same(absl::string_view text) {
  return {std::string(text), std::string(text)};
}

Detail Of(const Detail& what, const Detail& how) {
  return {absl::StrCat(what.vi, ": ", how.vi),
          absl::StrCat(what.en, ": ", how.en)};
}

absl::string_view CheckName(Check check) {
  return kChecks[static_cast<std::size_t>(check)].name;
}

Words CheckWords(Check check) {
  return kChecks[static_cast<std::size_t>(check)].words;
}

void Findings::Add(const FindingKind& kind, Place place) {
  auto& [known, found] = found_[kind.name];
  known = &kind;
  ++found.count;
  if (found.places.size() < places_max_) {
    found.places.push_back(std::move(place));
  }
}

void Findings::AddMany(const FindingKind& kind, std::uint64_t count) {
  if (count == 0) return;
  auto& [known, found] = found_[kind.name];
  known = &kind;
  found.count += count;
}

void Findings::Examined(Check check, std::uint64_t count) {
  examined_[static_cast<std::size_t>(check)] += count;
}

Result Findings::ResultOf(Check check) const {
  bool not_checked = false;
  for (const auto& [name, entry] : found_) {
    if (entry.first->check != check) continue;
    if (entry.first->weight == Weight::kFailed) return Result::kFailed;
    not_checked |= entry.first->weight == Weight::kNotChecked;
  }
  if (not_checked) return Result::kNotChecked;
  return examined(check) > 0 ? Result::kHeld : Result::kAbsent;
}

bool Findings::Has(const FindingKind& kind) const {
  return found_.contains(kind.name);
}

bool Findings::any_failed() const {
  return std::any_of(found_.begin(), found_.end(), [](const auto& one) {
    return one.second.first->weight == Weight::kFailed;
  });
}

bool Findings::any_not_checked() const {
  return std::any_of(found_.begin(), found_.end(), [](const auto& one) {
    return one.second.first->weight == Weight::kNotChecked;
  });
}

std::vector<std::pair<const FindingKind*, const Found*>> Findings::All() const {
  std::vector<std::pair<const FindingKind*, const Found*>> all;
  for (const auto& [name, entry] : found_) {
    all.emplace_back(entry.first, &entry.second);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(a.first->weight, a.first->check) <
           std::make_tuple(b.first->weight, b.first->check);
  });
  return all;
}

}  // namespace thon::verify
