// Goal: a phone that is killed between any two steps loses nothing, sends
// nothing twice under two names, and numbers without gaps. Method: the app runs
// in a child process that ends itself, without any clean-up, at its k-th step
// (a commit, a message sent or taken), for k = 1, 2, ... until it is not killed
// any more; the server lives in this process. After each kill the same file is
// opened by a new child, which is let run to the end. The app shows previews
// between its events, so views, what was shown and differences are written at
// these steps too; and between its events a minute passes, so that proofs are
// asked for and kept, or evidence against a server that gives wrong ones.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "server/core/check.h"
#include "tests/unit/client/fake_server.h"
#include "tests/unit/client/phone.h"
#include "tests/unit/client/preview_server.h"
#include "thon/client.h"

namespace thon::client {
namespace {

constexpr int kKilled = 9;

// Whatever a kill left of the view, a preview can be made; what it says of the
// view's events is the server's word.
bool Shows(Client* client) {
  const absl::StatusOr<MonthPreview> preview =
      client->PreviewMonth(Month::Of(2023, 11));
  if (!preview.ok() || !client->Differences().ok()) return false;
  if (!preview->has_view) return preview->policies.empty();
  return preview->policies.size() == 1 || !preview->missing.empty();
}

// A minute passes until the next exchange: what has a receipt is due a proof.
constexpr char kMinutePasses[] = "0";

// What is to be the matter with receipts when nobody is killed any more: an
// honest server's are proven, a liar's are promises and evidence.
bool IsSettled(SocketTransport* transport, Client* client, bool liar) {
  for (int i = 0; i < 5; ++i) {
    transport->Note(kMinutePasses);
    if (!client->SyncOnce(1'000'000).ok()) return false;
    const absl::StatusOr<ReceiptCount> count = client->CountReceipts();
    const absl::StatusOr<std::vector<EvidenceItem>> evidence =
        client->Evidence();
    if (!count.ok() || !evidence.ok()) return false;
    if (!liar && !evidence->empty()) return false;
    if (!liar && count->promises == 0) return true;
    if (!liar || evidence->size() < count->promises) continue;
    for (const EvidenceItem& item : *evidence) {
      if (!client->ExportEvidence(item.id).ok()) return false;
    }
    return count->proven == 0;
  }
  return false;
}

// An app: enrols, then records and syncs. Tells the parent each event for which
// Record() has returned. Ends the process at the `kill_at`-th step.
[[noreturn]] void RunApp(int socket, const std::string& path,
                         std::uint64_t first_mark, int events, int kill_at,
                         bool liar) {
  SocketTransport transport(socket);
  int steps = 0;
  FakeClock clock;
  Options options;
  options.path = path;
  options.clock = &clock;
  options.timer = &FakeTimerMs;
  options.batch_events_max = 2;
  options.on_step = [&](absl::string_view) {
    if (++steps == kill_at) ::_exit(kKilled);
  };
  auto client = Client::Open(options, &transport);
  THON_CHECK(client.ok());
  // Not for a successor: its predecessor's word enrols it, not the used code.
  const absl::Status enrolled = (*client)->Enrol("code");
  THON_CHECK(enrolled.ok() || (*client)->State().generation > 0);
  for (int i = 0; i < events; ++i) {
    const std::uint64_t mark = first_mark + static_cast<std::uint64_t>(i);
    THON_CHECK((*client)->Record(Session(7, mark)).ok());
    transport.Note(absl::StrCat(mark));
    if (i % 2 == 0) THON_CHECK(Shows(client->get()));
    if (i % 3 == 2) (*client)->SyncOnce(1'000'000).IgnoreError();
  }
  const absl::Status even = (*client)->SyncOnce(1'000'000);
  THON_CHECK(even.ok());
  THON_CHECK((*client)->Pending()->events() == 0);
  THON_CHECK(Shows(client->get()));
  if (const auto all = (*client)->Differences(); !all->empty()) {
    THON_CHECK((*client)->Acknowledge(all->back().id).ok());
  }
  if (kill_at == 0) {
    THON_CHECK(IsSettled(&transport, client->get(), liar));
  }
  ::_exit(0);
}

// Runs an app in a child and serves it until it is gone. Returns its exit code.
int RunChild(FakeServer* server, const std::string& path,
             std::uint64_t first_mark, int events, int kill_at,
             std::set<std::uint64_t>* recorded) {
  const bool liar = server->faults.bend_paths;
  int sockets[2];
  THON_CHECK(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  const pid_t child = ::fork();
  THON_CHECK(child >= 0);
  if (child == 0) {
    ::close(sockets[0]);
    RunApp(sockets[1], path, first_mark, events, kill_at, liar);
  }
  ::close(sockets[1]);
  SocketTransport::Serve(sockets[0], server, [&](const std::string& note) {
    std::uint64_t mark = 0;
    THON_CHECK(absl::SimpleAtoi(note, &mark));
    server->now_ms += 61'000;
    if (note != kMinutePasses) recorded->insert(mark);
  });
  ::close(sockets[0]);
  int status = 0;
  THON_CHECK(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What Record() returned is in the log once; what was killed inside Record()
// may be there, once. Numbers are dense.
void ExpectOnce(const FakeServer& server,
                const std::set<std::uint64_t>& recorded, bool copies) {
  std::map<std::uint64_t, int> times;
  std::map<std::string, std::uint64_t> last;
  // A clone gives one name to two facts; the hash tells them apart.
  std::set<std::pair<std::pair<std::string, std::uint64_t>, std::string>> names;
  for (const LoggedEvent& logged : server.Events()) {
    const std::string author(logged.author.view());
    EXPECT_EQ(logged.event.sequence(), last[author] + 1);
    last[author] = logged.event.sequence();
    const std::string hash = logged.event.has_originally()
                                 ? logged.event.originally().event_hash()
                                 : std::string(EventHash(logged.event).view());
    if (copies && !names.emplace(logged.FirstName(), hash).second) continue;
    ++times[logged.event.member_id()];
  }
  for (const auto& [mark, count] : times) {
    EXPECT_EQ(count, 1) << "event " << mark;
  }
  for (const std::uint64_t mark : recorded) {
    EXPECT_EQ(times[mark], 1) << "event " << mark;
  }
}

// Kills at every step of an app that starts from `prepare`'s file.
void KillAtEveryStep(
    const std::function<void(FakeServer*, const std::string& path,
                             std::set<std::uint64_t>* recorded)>& prepare,
    bool copies) {
  int kills = 0;
  for (int kill_at = 1;; ++kill_at) {
    SCOPED_TRACE(absl::StrCat("killed at step ", kill_at));
    Folder folder;
    FakeServer server;
    // Each view says something else, so that there are differences.
    PreviewServer said;
    server.team_view = [&](const v1::TeamViewRequest& request,
                           const std::string& author) {
      said.end_sequence = server.NextOf(author);
      said.months[Month::Of(2023, 11)].set_activities(
          static_cast<std::int64_t>(said.position % 5));
      return said.Say(request);
    };
    std::set<std::uint64_t> recorded;
    const std::string path = folder / "phone.db";
    prepare(&server, path, &recorded);
    const int first = RunChild(&server, path, 1000, 7, kill_at, &recorded);
    ASSERT_TRUE(first == 0 || first == kKilled) << first;
    kills += first == kKilled;
    // Again from the same file: killed once more a little later, then not.
    if (first == kKilled) {
      const int second =
          RunChild(&server, path, 2000, 3, 1 + kill_at % 7, &recorded);
      ASSERT_TRUE(second == 0 || second == kKilled) << second;
    }
    ASSERT_EQ(RunChild(&server, path, 3000, 2, 0, &recorded), 0);
    ExpectOnce(server, recorded, copies);
    if (::testing::Test::HasFailure() || first == 0) break;
  }
  // The app has far more steps than these, else nothing was tried.
  EXPECT_GT(kills, 20);
}

TEST(CrashTest, APhoneKilledAtAnyStepLosesAndDoublesNothing) {
  KillAtEveryStep(
      [](FakeServer*, const std::string&, std::set<std::uint64_t>*) {},
      /*copies=*/false);
}

TEST(CrashTest, APhoneKilledWhileItFindsEvidenceKeepsIt) {
  KillAtEveryStep(
      [](FakeServer* server, const std::string&, std::set<std::uint64_t>*) {
        server->faults.bend_paths = true;
      },
      /*copies=*/false);
}

TEST(CrashTest, ACloneKilledWhileItBecomesASuccessorLosesNothing) {
  KillAtEveryStep(
      [](FakeServer* server, const std::string& path,
         std::set<std::uint64_t>* recorded) {
        ASSERT_EQ(RunChild(server, path, 100, 3, 0, recorded), 0);
        const std::string model = path + ".model";
        std::filesystem::copy_file(path, model);
        // The app ended without closing, so the newest is in the log beside.
        std::filesystem::copy_file(path + "-wal", model + "-wal");
        ASSERT_EQ(RunChild(server, model, 200, 4, 0, recorded), 0);
      },
      /*copies=*/true);
}

TEST(CrashTest, APhoneKilledWhileItLearnsOfANewEpochLosesNothing) {
  KillAtEveryStep(
      [](FakeServer* server, const std::string& path,
         std::set<std::uint64_t>* recorded) {
        const FakeServer::Log empty = server->Backup();
        ASSERT_EQ(RunChild(server, path, 100, 3, 0, recorded), 0);
        const FakeServer::Log backup = server->Backup();
        ASSERT_EQ(RunChild(server, path, 200, 4, 0, recorded), 0);
        server->RestoreUnderNextEpoch(recorded->size() % 2 == 0 ? empty
                                                                : backup);
      },
      /*copies=*/false);
}

}  // namespace
}  // namespace thon::client
