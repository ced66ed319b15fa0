// A small province on a real engine with simulated time: a map, teams with
// members, a policy with its list and funding, and enrolment codes. For tests
// that need the whole way of an event without a network.
//
//   Province province(directory);
//   province.SetUp();                       // 30 May 2023; three teams.
//   const std::string code = province.CodeFor(TeamId(1), MemberId(11));
//   province.AdvanceTo("2023-06-01T08:00:00+07:00");
#ifndef THON_TESTS_SUPPORT_PROVINCE_H_
#define THON_TESTS_SUPPORT_PROVINCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/engine/await.h"
#include "server/engine/engine.h"
#include "tests/support/guarantees.h"

namespace thon::testing {

class Province {
 public:
  // Teams 1 to 3 on villages of communes 101 (registered, funded), 101 and 102
  // (not registered); members 10 x team + 1 and + 2.
  static constexpr std::uint64_t kTeams = 3;
  static constexpr std::uint64_t kProvinceUnit = 15;
  static constexpr char kPolicy[] = "YB-2023";
  static constexpr std::int64_t kMonthVnd = 500'000;

  // `directory` is emptied. Aborts the test program if something that a test
  // does not try fails.
  explicit Province(std::string directory);
  ~Province();

  // Opens the engine and records map, teams, policy and list.
  void SetUp();

  Engine& engine() { return *engine_; }
  Engine* engine_or_null() { return engine_.get(); }

  // Ends the engine as SIGTERM would, and opens it again.
  void Restart();
  void Close();
  absl::Status Open();

  void AdvanceTo(absl::string_view rfc3339);
  void AdvanceTo(Instant instant);

  // A fresh one-time code.
  std::string CodeFor(TeamId team, MemberId member);

  // Records one command of the operator and waits for its outcome.
  absl::StatusOr<v1::CommandOutcome> Submit(v1::Event event);
  Hash PutDocument(const std::string& content);

  // Funding for team 1, June to December 2023.
  void ApproveFunding();

  // Rows as of the newest position, after the projector has caught up.
  std::unique_ptr<RowReader> Rows();
  // What is judged (standings, activity, months, determinations), a line a row,
  // ascending, without what only says how it came: equal iff it is equal.
  std::vector<std::string> JudgementDump();

  // The log as it lies on disk, and what else CheckGuarantees wants of the
  // engine; `acknowledged`, `offered` and `recorded` are the caller's to fill.
  History ReadHistory();

  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  std::unique_ptr<Engine> engine_;
  int commands_ = 0;
  int codes_ = 0;
};

}  // namespace thon::testing

#endif  // THON_TESTS_SUPPORT_PROVINCE_H_
