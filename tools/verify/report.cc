#include "tools/verify/report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/text.h"

namespace thon::verify {
namespace {

std::string Number(std::uint64_t number) {
  return FormatGrouped(static_cast<std::int64_t>(number));
}

std::string Both(absl::string_view vi, absl::string_view en) {
  return absl::StrCat(vi, " / ", en);
}

std::string ResultWords(Result result) {
  switch (result) {
    case Result::kHeld:
      return "ĐÚNG / held";
    case Result::kFailed:
      return "SAI / FAILED";
    case Result::kNotChecked:
      return "CHƯA KIỂM HẾT / not all checked";
    case Result::kAbsent:
      return "không có gì để kiểm / nothing to check";
  }
  return "";
}

std::string WeightWords(Weight weight) {
  switch (weight) {
    case Weight::kFailed:
      return "SAI / FAILED";
    case Weight::kNotChecked:
      return "CHƯA KIỂM / NOT CHECKED";
    case Weight::kNoted:
      return "ghi nhận / noted";
  }
  return "";
}

std::string ActWords(const std::string& what) {
  static const auto* const words = new std::map<std::string, std::string>{
      {"policy", Both("công bố chính sách", "publishing the policy")},
      {"list", Both("danh sách đăng ký", "the registration list")},
      {"funding", Both("quyết định kinh phí", "funding decisions")},
      {"map", Both("bản đồ đơn vị", "the map of units")},
      {"team", Both("thành lập tổ", "founding the team")},
      {"held_month", Both("xét tháng bị giữ", "decisions of held months")},
      {"top_up", Both("phần xã chi thêm", "top-ups of communes")},
      {"mobilisation", Both("huy động người", "mobilisations")},
      {"approval",
       Both("thẩm định, duyệt, chi", "verification, approval, payment")},
  };
  const auto it = words->find(what);
  return it == words->end() ? what : it->second;
}

void DescribePack(const VerifyReport& report, Document* document) {
  const Manifest& manifest = report.manifest;
  document->Heading(Both("Sổ được kiểm", "The log that was verified"));
  std::vector<std::vector<std::string>> rows = {
      {Both("Mục", "What"), Both("Giá trị", "Value")},
      {Both("Gói", "Pack"), absl::StrJoin(report.packs, ", ")},
      {Both("Tên sổ", "Origin"), manifest.origin},
      {Both("Số mục của cây", "Tree size"), Number(manifest.tree_size)},
      {Both("Gốc của cây", "Root"), report.root},
      {Both("Mục đã đọc", "Entries read"), Number(report.entries)},
      {Both("Sự kiện", "Events"), Number(report.events)},
      {Both("Vị trí cuối", "Last position"), Number(report.last_position)},
      {Both("Tác giả", "Authors"), Number(report.authors)},
      {Both("Kỷ nguyên", "Epochs"), Number(report.epochs.size())},
      {Both("Gói do", "Made by"),
       absl::StrCat(manifest.made_by, ", ", manifest.made_at)},
      {Both("Khóa của sổ", "The log's key"),
       absl::StrCat(note::FormatVerifierKey(manifest.key),
                    report.key_from_pack ? Both(" (LẤY TỪ CHÍNH GÓI NÀY",
                                                "TAKEN FROM THE PACK ITSELF)")
                                         : "")}};
  document->Table(std::move(rows));
}

void DescribeChecks(const VerifyReport& report, Document* document) {
  document->Heading(Both("Đã kiểm những gì", "What was checked"));
  std::vector<std::vector<std::string>> rows = {{Both("Kết quả", "Result"),
                                                 Both("Số lượng", "Count"),
                                                 Both("Việc kiểm", "Check")}};
  for (int i = 0; i < kCheckCount; ++i) {
    const auto check = static_cast<Check>(i);
    const Result result = report.findings.ResultOf(check);
    if (check == Check::kReceipts && result == Result::kAbsent) continue;
    const Words words = CheckWords(check);
    rows.push_back({ResultWords(result),
                    Number(report.findings.examined(check)),
                    Both(words.vi, words.en)});
  }
  document->Table(std::move(rows));
}

void DescribeFindings(const VerifyReport& report, std::size_t places_shown,
                      Document* document) {
  const auto all = report.findings.All();
  document->Heading(Both("Những điều tìm thấy", "What was found"));
  if (all.empty()) {
    document->Paragraph(Both("Không có gì phải nêu.", "Nothing to name."));
    return;
  }
  std::vector<std::vector<std::string>> rows = {
      {Both("Mức", "Weight"), Both("Số lần", "Count"), Both("Tên", "Name"),
       Both("Điều tìm thấy", "Finding")}};
  for (const auto& [kind, found] : all) {
    rows.push_back({WeightWords(kind->weight), Number(found->count),
                    std::string(kind->name), Both(kind->vi, kind->en)});
  }
  document->Table(std::move(rows));
  document->Heading(Both("Ở đâu", "Where"));
  rows = {{Both("Tên", "Name"), Both("Nơi", "Place")}};
  for (const auto& [kind, found] : all) {
    const std::size_t shown = std::min(found->places.size(), places_shown);
    for (std::size_t i = 0; i < shown; ++i) {
      rows.push_back({std::string(kind->name), PlaceText(found->places[i])});
    }
    if (found->count > shown) {
      rows.push_back(
          {std::string(kind->name),
           Both(absl::StrCat("và ", Number(found->count - shown), " nơi khác"),
                absl::StrCat("and ", Number(found->count - shown), " more"))});
    }
  }
  document->Table(std::move(rows));
}

void DescribePolicy(const std::string& id, const PolicyMoney& policy,
                    Document* document) {
  document->Heading(absl::StrCat(Both("Chính sách", "Policy"), " ", id));
  std::vector<std::vector<std::string>> rows = {
      {Both("Trạng thái", "State"), Both("Số kết quả", "Determinations"),
       Both("Số tiền", "Money")}};
  for (const auto& [state, sum] : policy.by_state) {
    rows.push_back(
        {StateName(state), Number(sum.determinations), FormatDong(sum.vnd)});
  }
  rows.push_back({Both("Phải chi", "Payable"),
                  Number(policy.payable.determinations),
                  FormatDong(policy.payable.vnd)});
  document->Table(std::move(rows));
  rows = {{Both("Tháng", "Month"), Both("Số kết quả", "Determinations"),
           Both("Phải chi", "Payable")}};
  for (const auto& [month, sum] : policy.payable_by_month) {
    rows.push_back(
        {Month(month).Iso(), Number(sum.determinations), FormatDong(sum.vnd)});
  }
  if (rows.size() > 1) document->Table(std::move(rows));
  rows = {{Both("Hành vi chỉ máy chủ ký", "Act that only the server signed"),
           Both("Tiền dựa vào đó", "Money that rests on it"),
           Both("Vị trí", "Positions")}};
  for (const auto& [what, on] : policy.server_signed) {
    std::vector<std::uint64_t> positions = on.positions;
    if (positions.size() > 10) positions.resize(10);
    rows.push_back({ActWords(what), FormatDong(on.sum.vnd),
                    absl::StrCat(absl::StrJoin(positions, ", "),
                                 on.positions.size() > 10 ? ", ..." : "")});
  }
  if (rows.size() > 1) document->Table(std::move(rows));
}

void DescribeMoney(const VerifyReport& report, Document* document) {
  document->Heading(Both("Tiền", "Money"));
  if (!report.money.has_value()) {
    document->Paragraph(
        Both("Không tính được tiền.", "The money could not be computed."));
    return;
  }
  const Money& money = *report.money;
  document->Paragraph(absl::StrCat(
      Both("Tổng phải chi theo sổ", "Payable by the log"), ": ",
      FormatDong(money.payable.vnd), " (", Number(money.payable.determinations),
      " ", Both("kết quả", "determinations"), ")"));
  if (report.expect_total.has_value()) {
    document->Paragraph(absl::StrCat(
        Both("Đem so với số đã cho", "Compared with what was expected"), ": ",
        FormatDong(report.total), report.policy_id.empty() ? "" : " ",
        report.policy_id, report.total == *report.expect_total ? " = " : " ≠ ",
        FormatDong(*report.expect_total)));
  }
  document->Paragraph(absl::StrCat(
      Both("Dựa vào hành vi chỉ máy chủ ký thay cán bộ",
           "Rests on acts that only the server signed for officers"),
      ": ", FormatDong(money.on_server_signed.vnd), "; ",
      Both("trong đó không cần đến sự kiện nào do điện thoại ký",
           "of this, on no event that a phone signed"),
      ": ", FormatDong(money.on_server_signed_alone.vnd)));
  for (const auto& [id, policy] : money.policies) {
    DescribePolicy(id, policy, document);
  }
}

}  // namespace

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHeld:
      return "HELD";
    case Verdict::kFailed:
      return "FAILED";
    case Verdict::kIncomplete:
      return "INCOMPLETE";
  }
  return "";
}

Words VerdictWords(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHeld:
      return {"ĐÚNG: mọi điều kiểm đều đúng", "HELD: everything checked holds"};
    case Verdict::kFailed:
      return {"SAI: có điều không đúng", "FAILED: something does not hold"};
    case Verdict::kIncomplete:
      return {"CHƯA ĐỦ: không có gì sai, nhưng chưa kiểm được hết",
              "INCOMPLETE: nothing failed, but not everything could be "
              "checked"};
  }
  return {};
}

std::string PlaceText(const Place& place) {
  std::vector<std::string> parts;
  if (place.entry.has_value()) {
    parts.push_back(absl::StrCat(Both("mục", "entry"), " ", *place.entry));
  }
  if (place.position.has_value()) {
    parts.push_back(
        absl::StrCat(Both("vị trí", "position"), " ", *place.position));
  }
  if (!place.file.empty()) parts.push_back(place.file);
  std::string text = absl::StrJoin(parts, ", ");
  if (!place.detail.empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ": ",
                    place.detail.vi == place.detail.en
                        ? place.detail.en
                        : Both(place.detail.vi, place.detail.en));
  }
  return text;
}

Document ReportDocument(const VerifyReport& report, std::size_t places_shown) {
  Document document;
  document.title = Both("Biên bản kiểm sổ Thôn", "Report of thon-verify");
  const Words verdict = VerdictWords(report.verdict());
  document.Paragraph(Both(verdict.vi, verdict.en));
  if (report.key_from_pack) {
    document.Paragraph(
        Both("CHÚ Ý: không có khóa của sổ từ nguồn khác; ai làm ra gói này "
             "cũng có thể đã tự đặt khóa. Chạy lại với --log-key.",
             "TAKE CARE: the log's key was not given; whoever made this pack "
             "could have chosen it. Run again with --log-key."));
  }
  // What does not hold is what the reader came for.
  const bool failed = report.findings.any_failed();
  if (failed) DescribeFindings(report, places_shown, &document);
  DescribePack(report, &document);
  DescribeChecks(report, &document);
  DescribeMoney(report, &document);
  if (!failed) DescribeFindings(report, places_shown, &document);
  return document;
}

}  // namespace thon::verify
