// A phone for the client's tests: a file of its own, a clock that the test
// moves, a way to the fake server, and the check that every test ends with.
#ifndef THON_TESTS_UNIT_CLIENT_PHONE_H_
#define THON_TESTS_UNIT_CLIENT_PHONE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/fake_server.h"
#include "thon/client.h"

namespace thon::client {

class FakeClock final : public DeviceClock {
 public:
  std::int64_t WallMs() const override { return wall_ms; }
  std::int64_t MonotonicMs() const override { return monotonic_ms; }
  std::uint32_t Boot() const override { return boot; }

  std::int64_t wall_ms = 1'700'000'000'000;
  std::int64_t monotonic_ms = 5'000;
  std::uint32_t boot = 1;
};

// A folder that is gone with the test.
class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "thon_client_XXXXXX");
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const {
    return absl::StrCat(path_, "/", name);
  }

 private:
  std::string path_;
};

inline v1::Event Session(std::uint64_t team, std::uint64_t mark) {
  v1::Event event;
  event.set_team_id(team);
  event.set_member_id(mark);  // Tells the test's events apart.
  event.mutable_outreach_session();
  return event;
}

// Names and hashes of what Record() returned.
using Ledger = std::map<std::pair<std::string, std::uint64_t>, Hash>;

struct Phone {
  explicit Phone(std::string file, FakeServer* server)
      : path(std::move(file)), transport(server) {}

  Options MakeOptions() {
    Options options;
    options.path = path;
    options.clock = &clock;
    options.timer = &FakeTimerMs;
    options.app_version = "test";
    options.on_step = on_step;
    if (change) change(&options);
    return options;
  }
  void Open() {
    client.reset();
    auto opened = Client::Open(MakeOptions(), &transport);
    ASSERT_TRUE(opened.ok()) << opened.status();
    client = *std::move(opened);
  }
  void OpenAndEnrol() {
    Open();
    ASSERT_THAT(client->Enrol(absl::StrCat("code of ", path)), IsOk());
  }
  // Records `count` events; their marks go on from the last.
  std::vector<Recorded> Record(int count, std::uint64_t team = 7) {
    std::vector<v1::Event> events;
    for (int i = 0; i < count; ++i) events.push_back(Session(team, ++mark));
    auto recorded = client->RecordAll(events);
    EXPECT_TRUE(recorded.ok()) << recorded.status();
    for (const Recorded& one : *recorded) {
      ledger[{std::string(one.name.author.view()), one.name.sequence.value}] =
          one.event_hash;
    }
    return *recorded;
  }
  absl::Status Sync() { return client->SyncOnce(1'000'000); }
  std::uint64_t Waiting() { return client->Pending()->events(); }
  EventAnswer::State StateOf(const Recorded& one) {
    return client->AnswerOf(one.name)->state;
  }

  std::string path;
  DirectTransport transport;
  FakeClock clock;
  std::function<void(Options*)> change;
  std::function<void(absl::string_view)> on_step;
  std::unique_ptr<Client> client;
  std::uint64_t mark = 100;
  Ledger ledger;
};

// The promise: what Record() returned is in the log exactly once under its
// first name and with the bytes that were recorded, each author's numbers are
// dense from 1, and nothing else is there. With `copies`, an original may come
// by two branches of a clone.
inline void ExpectExactlyOnce(const FakeServer& server, const Ledger& ledger,
                              bool copies = false) {
  std::map<std::pair<std::string, std::uint64_t>, int> times;
  std::map<std::string, std::uint64_t> last;
  for (const LoggedEvent& logged : server.Events()) {
    const std::string author(logged.author.view());
    EXPECT_EQ(logged.event.sequence(), last[author] + 1);
    last[author] = logged.event.sequence();
    const auto name = logged.FirstName();
    ++times[name];
    const auto recorded = ledger.find(name);
    ASSERT_NE(recorded, ledger.end()) << "never recorded: " << name.second;
    const std::string hash = logged.event.has_originally()
                                 ? logged.event.originally().event_hash()
                                 : std::string(EventHash(logged.event).view());
    if (!logged.event.has_withdrawn()) {
      EXPECT_EQ(hash, std::string(recorded->second.view()));
    }
  }
  for (const auto& [name, hash] : ledger) {
    if (copies) {
      EXPECT_GE(times[name], 1) << "lost: " << name.second;
    } else {
      EXPECT_EQ(times[name], 1) << "event " << name.second;
    }
  }
}

}  // namespace thon::client

#endif  // THON_TESTS_UNIT_CLIENT_PHONE_H_
