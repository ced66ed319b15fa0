// What a template offers is what the importers take, and its example is passed
// over.
//
// Method: the CSV of each kind goes through the reader and its importer as it
// is, and with a row of its own; each choice of each drop-down is parsed. What
// is in the workbook is looked at by tests/e2e/cli_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/tools/report_matchers.h"
#include "tools/thon/decision_files.h"
#include "tools/thon/facts_file.h"
#include "tools/thon/template_spec.h"
#include "tools/thon/template_xlsx.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// How many rows an importer takes of a table of that kind.
int Taken(const std::string& kind, const CsvTable& table, Report* report) {
  const UnitMap map = SmallUnitMap();
  const TeamIndex teams(
      {Team(7, 1001, "Tổ công nghệ số", Date::Of(2023, 5, 20))});
  const FactsFileOptions options;
  if (kind == "villages") {
    return PlanVillages(table, map, options, report).villages;
  }
  if (kind == "teams") {
    return PlanTeams(table, map, teams, options, report).teams;
  }
  if (kind == "members") {
    return PlanMembers(table, map, teams, options, report).members;
  }
  if (kind == "organisations") {
    return PlanOrganisations(table, map, {}, options, report).organisations;
  }
  return kind == "list"
             ? PlanRegistrationList(table, map, CellRules(), false, report)
                   .rows_size()
             : PlanFundedTeams(table, map, teams, CellRules(), report)
                   .team_ids_size();
}

TEST(TemplateTest, TheExampleIsAGoodRowAndIsPassedOver) {
  KnownChoices known;
  known.communes = {"04771 Xã Vĩnh Kiên"};
  known.units = {"15 Tỉnh Yên Bái"};
  known.teams = {"7 Tổ công nghệ số"};
  for (const KnownChoices& offered : {KnownChoices(), known}) {
    for (const std::string& kind : TemplateKinds()) {
      SCOPED_TRACE(kind);
      const std::string csv = TemplateCsv(SpecOf(kind, offered));
      const CsvTable as_made = Table(csv);
      ASSERT_THAT(as_made.rows, SizeIs(1));
      Report untouched;
      EXPECT_EQ(Taken(kind, as_made, &untouched), 0);
      EXPECT_EQ(untouched.examples(), 1);

      // The same row as a real one; villages and teams need a new name.
      Report real;
      const CsvTable filled = Table(absl::StrReplaceAll(
          csv,
          {{kExampleMark, "thật"},
           {"Thôn Nà Xá", kind == "villages" ? "Thôn Mới" : "Thôn Nà Xá"}}));
      EXPECT_EQ(Taken(kind, filled, &real), 1);
      EXPECT_EQ(real.errors(), 0)
          << (real.findings().empty() ? "" : real.findings()[0].words.en);
    }
  }
}

TEST(TemplateTest, EveryChoiceIsAWordThatIsRead) {
  int choices = 0;
  for (const std::string& kind : TemplateKinds()) {
    for (const TemplateColumn& column : SpecOf(kind, KnownChoices()).columns) {
      for (const std::string& choice : column.choices) {
        SCOPED_TRACE(absl::StrCat(kind, " ", column.column, " ", choice));
        ++choices;
        const bool read =
            column.column == "kind" && kind == "organisations"
                ? ParseOrganisationKind(choice).has_value()
            : column.column == "kind" ? ParseVillageKind(choice).has_value()
            : column.column == "seat" ? ParseSeat(choice).has_value()
            : column.column == "affiliations"
                ? ParseAffiliation(choice).has_value()
            : column.column == "target" ? ParseTarget(choice).has_value()
            : column.column == "level"  ? ParseLevel(choice).has_value()
                                        : ParseYesNo(choice).has_value();
        EXPECT_TRUE(read);
      }
    }
  }
  EXPECT_GT(choices, 30);
}

TEST(TemplateTest, AWorkbookIsWrittenOnceAndNeverOverAnother) {
  const std::string path = ::testing::TempDir() + "thon_template_test.xlsx";
  std::remove(path.c_str());
  const TemplateSpec spec = SpecOf("teams", KnownChoices());
  ASSERT_THAT(WriteTemplateXlsx(spec, path), IsOk());
  std::ifstream file(path, std::ios::binary);
  std::string head(2, ' ');
  file.read(head.data(), 2);
  EXPECT_EQ(head, "PK");
  EXPECT_THAT(WriteTemplateXlsx(spec, path),
              StatusIs(absl::StatusCode::kAlreadyExists));
  // Given to an importer as it is, it says how to save it.
  EXPECT_THAT(ReadCsv(path), StatusIs(absl::StatusCode::kInvalidArgument,
                                      ::testing::HasSubstr("CSV UTF-8")));
  std::remove(path.c_str());
  EXPECT_FALSE(WriteTemplateXlsx(spec, "/nonexistent/folder/t.xlsx").ok());
}

}  // namespace
}  // namespace thon::cli
