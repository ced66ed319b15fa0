// Offices that have only the command line: the program's own function against a
// real server with TLS, in a province whose days a test lets pass.
#ifndef THON_TESTS_UNIT_TOOLS_ACTS_FIXTURE_H_
#define THON_TESTS_UNIT_TOOLS_ACTS_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/tools/cli_server_fixture.h"
#include "tools/thon/proto_json.h"

namespace thon::testing {

// The province of province.h: teams 1 and 2 on Thôn 1 and Thôn 2 of 04771, a
// registered commune, and 3 on Thôn 3 of 04717, which is not. 30 May 2023.
class ActsTest : public CliServerTest {
 protected:
  std::string File(const std::string& name, const std::string& content) {
    std::ofstream(Path(name)) << content;
    return Path(name);
  }

  // Must take effect.
  void Act(const std::vector<std::string>& arguments) {
    EXPECT_EQ(Run(arguments), cli::kExitOk) << Said();
  }
  // Must end so, and leave the log as it was.
  void Refused(int code, const std::vector<std::string>& arguments) {
    const Position before = LastPosition();
    EXPECT_EQ(Run(arguments), code) << Said();
    EXPECT_EQ(LastPosition(), before) << "a refused act was recorded";
  }

  // "PROVISIONAL 500000".
  std::string Paid(std::uint64_t team, const std::string& month,
                   const std::string& as_of = "") {
    std::vector<std::string> arguments = {
        "eligibility", "show", "--team",   absl::StrCat(team),
        "--month",     month,  "--policy", Province::kPolicy};
    if (!as_of.empty()) {
      arguments.insert(arguments.end(), {"--as-of", as_of});
    }
    const cli::Json json = RunJson(arguments);
    if (!json.contains("row")) return json.dump();
    const cli::Json& row = json["row"]["determination"];
    return absl::StrCat(row["state"].get<std::string>(), " ",
                        row.value("amount_vnd", std::int64_t{0}));
  }
  cli::Json TeamNow(std::uint64_t team) {
    return RunJson({"team", "show", absl::StrCat(team)})["team"];
  }

  // A decision that funds these teams from June to December.
  void Fund(const std::vector<std::uint64_t>& teams,
            const std::string& number = "1/QĐ-KP",
            const std::string& from = "2023-06") {
    std::string csv = "team_id\n";
    for (const std::uint64_t team : teams) absl::StrAppend(&csv, team, "\n");
    Act({"funding", "approve", File("funding.csv", csv), "--policy",
         Province::kPolicy, "--document", number, "--issued", "31/05/2023",
         "--from", from, "--to", "2023-12", "--ceiling", "70 triệu đồng",
         "--retroactive", "--apply"});
  }
  // 8 in the morning, with the rows of that day.
  void To(const std::string& day) {
    province_.AdvanceTo(absl::StrCat(day, "T08:00:00+07:00"));
    AwaitAllRows();
  }
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_TOOLS_ACTS_FIXTURE_H_
