// A phone whose server says views that the real engine made (preview_server.h).
#ifndef THON_TESTS_UNIT_CLIENT_PREVIEW_FIXTURE_H_
#define THON_TESTS_UNIT_CLIENT_PREVIEW_FIXTURE_H_

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/client/phone.h"
#include "tests/unit/client/preview_server.h"
#include "thon/client.h"
#include "thon/preview.h"

namespace thon::client {

// FakeClock and FakeServer are at 2023-11-15 05:13 in Việt Nam.
inline const Month kNovember = Month::Of(2023, 11);
inline constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;

inline v1::Event Outreach(std::uint64_t member = 11,
                          std::int64_t attendees = 20) {
  v1::Event event;
  event.set_team_id(PreviewServer::kTeam);
  event.set_member_id(member);
  event.mutable_outreach_session()->set_topic(v1::TOPIC_ONLINE_SERVICES);
  event.mutable_outreach_session()->set_attendees(attendees);
  return event;
}

class PreviewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.team_view = [this](const v1::TeamViewRequest& request,
                               const std::string&) {
      return said_.Say(request);
    };
    phone_.OpenAndEnrol();
  }

  // The server has everything that was recorded so far, and counted `counted`
  // activities of November.
  void ServerCounts(int counted) {
    v1::TeamMonth& month = said_.months[kNovember];
    month.Clear();
    month.set_activities(counted);
    month.set_active_days(counted == 0 ? 0 : 1);
    said_.end_sequence = recorded_ + 1;
  }
  Recorded Record(const v1::Event& event) {
    absl::StatusOr<Recorded> recorded = phone_.client->Record(event);
    EXPECT_TRUE(recorded.ok()) << recorded.status();
    ++recorded_;
    return *recorded;
  }
  void Record(int count) {
    for (int i = 0; i < count; ++i) Record(Outreach());
  }
  MonthPreview Preview(Month month = kNovember) {
    absl::StatusOr<MonthPreview> preview = phone_.client->PreviewMonth(month);
    EXPECT_TRUE(preview.ok()) << preview.status();
    return *std::move(preview);
  }
  PolicyPreview OnlyPolicy(Month month = kNovember) {
    const MonthPreview preview = Preview(month);
    EXPECT_EQ(preview.policies.size(), 1u);
    return preview.policies.empty() ? PolicyPreview() : preview.policies[0];
  }
  // A first view, without own events.
  void HearView() {
    Preview();
    ASSERT_THAT(phone_.Sync(), IsOk());
    ASSERT_TRUE(Preview().has_view);
  }
  std::vector<Difference> Differences() {
    absl::StatusOr<std::vector<Difference>> all = phone_.client->Differences();
    EXPECT_TRUE(all.ok()) << all.status();
    return *std::move(all);
  }
  // nullptr: there is none about the field.
  static const Difference* Find(const std::vector<Difference>& all,
                                Difference::Field field) {
    for (const Difference& one : all) {
      if (one.field == field) return &one;
    }
    return nullptr;
  }
  void Sql(const std::string& sql) {
    phone_.client.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(phone_.path.c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error),
              SQLITE_OK)
        << error;
    sqlite3_close(db);
    phone_.Open();
  }

  Folder folder_;
  FakeServer server_;
  PreviewServer said_;
  Phone phone_{folder_ / "phone.db", &server_};
  std::uint64_t recorded_ = 0;
};

}  // namespace thon::client

#endif  // THON_TESTS_UNIT_CLIENT_PREVIEW_FIXTURE_H_
