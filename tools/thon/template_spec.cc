#include "tools/thon/template_spec.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "tools/thon/column_names.h"
#include "tools/thon/csv.h"

namespace thon::cli {
namespace {

using Columns = std::vector<TemplateColumn>;

TemplateColumn Text(const char* column, bool needed, const char* vi,
                    const char* en, const char* example) {
  TemplateColumn made;
  made.column = column;
  made.needed = needed;
  made.note_vi = vi;
  made.note_en = en;
  made.example = example;
  return made;
}

TemplateColumn Day(const char* column, bool needed, const char* vi,
                   const char* en, const char* example) {
  TemplateColumn made = Text(column, needed, vi, en, example);
  made.form = CellForm::kDate;
  return made;
}

TemplateColumn Choice(TemplateColumn column, std::vector<std::string> choices,
                      bool open = false) {
  column.choices = std::move(choices);
  column.open_choice = open;
  return column;
}

TemplateColumn YesNo(const char* column, const char* vi, const char* en) {
  return Choice(Text(column, false, vi, en, "không"), {"có", "không"});
}

TemplateColumn Commune(const KnownChoices& known) {
  TemplateColumn column =
      Text("commune_code", true,
           "Mã xã, phường, thị trấn gồm 5 chữ số, giữ số 0 ở đầu",
           "The commune's code of 5 digits, zeros in front kept", "04771");
  if (known.communes.empty()) {
    column.letters = 5;
    return column;
  }
  column.example = known.communes.front();
  return Choice(std::move(column), known.communes, true);
}

TemplateColumn Village(bool needed) {
  return Text("village_name", needed,
              "Tên thôn, bản, tổ dân phố, ghi cả loại; để trống nếu là tổ của "
              "xã",
              "The village's name with its kind; empty for a team of the "
              "commune",
              "Thôn Nà Xá");
}

TemplateColumn VillageKind() {
  return Choice(
      Text("kind", false, "Loại, chỉ khi tên thôn chưa ghi loại",
           "The kind, only where the name does not begin with it", ""),
      {"thôn", "bản", "tổ dân phố", "ấp", "khu phố", "khu vực"});
}

// By a list of teams where a server gave one, else by place.
void AddTeam(const KnownChoices& known, Columns* columns) {
  if (known.teams.empty()) {
    columns->push_back(Commune(known));
    columns->push_back(Village(false));
    return;
  }
  TemplateColumn team = Text("team_id", true, "Mã tổ, chọn trong danh sách",
                             "The team's id, from the list", "");
  team.example = known.teams.front();
  columns->push_back(Choice(std::move(team), known.teams, true));
}

Columns VillageColumns(const KnownChoices& known) {
  TemplateColumn name = Village(true);
  name.note_vi = "Tên thôn, bản, tổ dân phố, ghi cả loại";
  name.note_en = "The village's name with its kind";
  return {Commune(known), std::move(name), VillageKind(),
          Day("effective", false,
              "Ngày bắt đầu có hiệu lực; để trống thì dùng --effective",
              "First day; empty: that of --effective", "01/04/2023")};
}

Columns TeamColumns(const KnownChoices& known) {
  return {
      Commune(known),
      Village(false),
      VillageKind(),
      Text("team_name", true, "Tên tổ như trong quyết định thành lập",
           "The team's name as its decision has it",
           "Tổ công nghệ số cộng đồng thôn Nà Xá"),
      Day("founded", true, "Ngày thành lập, ngày/tháng/năm",
          "Day of founding, day first", "20/05/2023"),
      Choice(Text("level", false, "Cấp của tổ: thôn hoặc xã",
                  "The team's level: village or commune", "thôn"),
             {"thôn", "xã"}),
      Text("document", false, "Số quyết định thành lập",
           "Number of the decision", "12/QĐ-UBND"),
      Day("issued", false, "Ngày ban hành quyết định", "Its day of issue",
          "18/05/2023"),
      Text("issuer", false, "Cơ quan ban hành", "Who issued it",
           "UBND xã Vĩnh Kiên"),
      YesNo("pilot", "Tổ thí điểm?", "A pilot team?"),
  };
}

Columns MemberColumns(const KnownChoices& known) {
  Columns columns;
  AddTeam(known, &columns);
  columns.push_back(Text(
      "member_ref", true,
      "Ký hiệu riêng của cơ quan; không ghi họ tên, số điện thoại, số định "
      "danh",
      "A reference of the office's own; no name, phone or identity number",
      "TV-01"));
  columns.push_back(Choice(Text("seat", true, "Vai trò trong tổ",
                                "The seat in the team", "tổ trưởng"),
                           {"tổ trưởng", "tổ phó", "thành viên"}));
  columns.push_back(Day("joined", true, "Ngày tham gia, ngày/tháng/năm",
                        "First day, day first", "20/05/2023"));
  columns.push_back(
      Choice(Text("affiliations", false,
                  "Thành phần; nhiều thành phần thì gõ, cách nhau bằng dấu +",
                  "What they are besides; several are typed, parted by +",
                  "trưởng thôn"),
             {"bí thư chi bộ", "trưởng thôn", "bí thư đoàn", "đoàn viên",
              "chi hội trưởng phụ nữ", "đảng viên", "giáo viên",
              "nhân viên y tế", "công an", "viễn thông", "cán bộ", "người dân"},
             true));
  columns.push_back(YesNo("part_time", "Người hoạt động không chuyên trách?",
                          "A part-time official?"));
  return columns;
}

Columns ListColumns(const KnownChoices& known) {
  return {Commune(known),
          Text("commune_name", false,
               "Tên xã như trong quyết định, để đối chiếu với mã",
               "The name as the decision prints it, checked against the code",
               known.communes.empty() ? "Xã Vĩnh Kiên" : ""),
          Choice(Text("target", true, "Mục tiêu đăng ký", "The target",
                      "đạt chuẩn"),
                 {"đạt chuẩn", "nâng cao"})};
}

Columns FundingColumns(const KnownChoices& known) {
  Columns columns;
  AddTeam(known, &columns);
  TemplateColumn amount =
      Text("amount", false,
           "Mức hỗ trợ một tháng, đồng, không có số lẻ; để đối chiếu với kinh "
           "phí",
           "Đồng a month, whole; checked against the ceiling", "500000");
  amount.form = CellForm::kMoney;
  columns.push_back(std::move(amount));
  return columns;
}

Columns OrganisationColumns(const KnownChoices& known) {
  TemplateColumn unit = Text(
      "unit_code", true,
      "Mã tỉnh (2 chữ số), huyện (3) hoặc xã (5), giữ số 0 ở đầu",
      "Code of the province (2 digits), district (3) or commune (5)", "15");
  if (!known.units.empty()) {
    unit.example = known.units.front();
    unit = Choice(std::move(unit), known.units, true);
  }
  return {
      Text("name", true, "Tên cơ quan, đơn vị", "Its name",
           "Sở Thông tin và Truyền thông"),
      Choice(
          Text("kind", true, "Loại cơ quan", "Its kind", "sở, ban, ngành"),
          {"sở, ban, ngành", "UBND huyện", "UBND xã", "doanh nghiệp", "khác"}),
      std::move(unit),
      Day("registered", true, "Ngày đăng ký, ngày/tháng/năm",
          "Day of registration, day first", "01/06/2023")};
}

struct Kind {
  absl::string_view kind;
  const char* title_vi;
  const char* title_en;
  const char* command;
  Columns (*columns)(const KnownChoices&);
};

constexpr Kind kKinds[] = {
    {"teams", "Tổ công nghệ số", "Teams", "thon team import FILE.csv",
     &TeamColumns},
    {"members", "Thành viên", "Members", "thon member import FILE.csv",
     &MemberColumns},
    {"list", "Danh sách xã đăng ký", "Registration list",
     "thon list approve FILE.csv --list SỐ --issued NGÀY --year NĂM "
     "--effective "
     "NGÀY",
     &ListColumns},
    {"funding", "Tổ được cấp kinh phí", "Funded teams",
     "thon funding approve FILE.csv --policy MÃ --document SỐ --issued NGÀY "
     "--from THÁNG --to THÁNG --ceiling SỐ_TIỀN",
     &FundingColumns},
    {"organisations", "Cơ quan, đơn vị", "Organisations",
     "thon organisation import FILE.csv", &OrganisationColumns},
    {"villages", "Thôn, bản, tổ dân phố", "Villages",
     "thon village import FILE.csv", &VillageColumns},
};

}  // namespace

std::vector<std::string> TemplateKinds() {
  std::vector<std::string> kinds;
  for (const Kind& kind : kKinds) kinds.emplace_back(kind.kind);
  return kinds;
}

TemplateSpec SpecOf(absl::string_view kind, const KnownChoices& known) {
  TemplateSpec spec;
  for (const Kind& one : kKinds) {
    if (one.kind != kind) continue;
    spec = {std::string(kind), one.title_vi, one.title_en, one.command,
            one.columns(known)};
  }
  THON_CHECK(!spec.columns.empty());
  spec.columns.push_back(Text(
      "note", false,
      "Ghi chú, không được đọc; dòng có ghi chú bắt đầu bằng VÍ DỤ được bỏ qua",
      "Not read; a row whose note begins with VÍ DỤ is passed over",
      kExampleMark));
  return spec;
}

std::string TitleOf(const TemplateColumn& column) {
  return absl::StrCat(VietnameseTitle(column.column),
                      column.needed ? " *" : "");
}

std::string TemplateCsv(const TemplateSpec& spec) {
  std::vector<std::string> header;
  std::vector<std::string> example;
  for (const TemplateColumn& column : spec.columns) {
    header.push_back(absl::StrCat(TitleOf(column), " (", column.column, ")"));
    example.push_back(column.example);
  }
  return absl::StrCat("\xEF\xBB\xBF", CsvLine(header), CsvLine(example));
}

}  // namespace thon::cli
