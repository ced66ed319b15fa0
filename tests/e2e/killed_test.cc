// Goal: what a phone was told holds although the server is killed again and
// again under load, and although it is restored from an older backup.
// Method: bin/thond in a process of its own and real gRPC with TLS. What was
// answered is held against the log as an auditor reads it afterwards.
// THON_ROUNDS sets how often the server is killed, THON_SEED when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/core/entry.h"
#include "tests/e2e/load_phone.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/remote_province.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"

namespace thon::testing {
namespace {

TEST(ServerKilledTest, WhatWasAcknowledgedIsThereHoweverOftenItIsKilled) {
  constexpr int kPhones = 6;
  int rounds = 8;
  if (const char* text = std::getenv("THON_ROUNDS"); text != nullptr) {
    rounds = std::max(1, std::atoi(text));
  }
  std::mt19937_64 random(TestSeed());
  const TestFolder folder;
  const std::string data = folder / "data";
  auto server = std::make_unique<Thond>(Arguments(data));
  ASSERT_TRUE(server->AwaitServing()) << server->log();

  std::vector<std::unique_ptr<LoadPhone>> phones;
  std::vector<AuthorId> authors;
  History history;
  {
    Remote remote(data, server->endpoint());
    remote.SetUpProvince();
    for (int i = 0; i < kPhones; ++i) {
      auto phone = std::make_unique<LoadPhone>(100 + i);
      history.log_key =
          remote.Enrol(phone->phone, remote.Code(absl::StrCat("CODE-", i)));
      authors.push_back(phone->phone.author());
      for (int batch = 0; batch < 60 * rounds; ++batch) {
        phone->batches.push_back(
            phone->phone.Next(static_cast<int>(1 + random() % 16)));
        history.offered.insert(phone->batches.back().batch());
      }
      phones.push_back(std::move(phone));
    }
  }
  ASSERT_FALSE(::testing::Test::HasFailure());

  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE(absl::StrCat("round ", round));
    Remote remote(data, server->endpoint());
    std::atomic<int> answers = 0;
    std::atomic<int> running = kPhones;
    std::vector<std::thread> threads;
    for (const auto& phone : phones) {
      threads.emplace_back([&, load = phone.get()] {
        const auto stub = remote.NewSync();
        load->Run(stub.get(), &answers);
        running.fetch_sub(1);
        answers.fetch_add(1 << 20);  // Whoever waits for answers sees it.
        answers.notify_all();
      });
    }
    const int wanted = static_cast<int>(1 + random() % 250);
    for (int seen = answers; seen < wanted; seen = answers) {
      answers.wait(seen);
    }
    EXPECT_EQ(server->Kill(), 1000 + SIGKILL);
    for (std::thread& thread : threads) thread.join();
    // Some kills hit the start.
    while (random() % 3 == 0) {
      server = std::make_unique<Thond>(Arguments(data));
      for (std::uint64_t spin = random() % 20'000; spin > 0; --spin) {
        std::this_thread::yield();
      }
      server->Kill();
    }
    server = std::make_unique<Thond>(Arguments(data));
    ASSERT_TRUE(server->AwaitServing()) << server->log();
  }

  auto remote = std::make_unique<Remote>(data, server->endpoint());
  for (const auto& phone : phones) {
    std::atomic<int> answers = 0;
    phone->Run(remote->NewSync().get(), &answers);
    EXPECT_EQ(phone->acknowledged.size(), phone->batches.size());
    for (const Acknowledged& acknowledged : phone->acknowledged) {
      history.acknowledged.push_back(acknowledged);
    }
  }
  const History read = remote->ReadHistory(authors);
  remote.reset();  // An idle connection would hold up the drain.
  history.entries = read.entries;
  history.server_authors = read.server_authors;
  history.checkpoint_note = read.checkpoint_note;
  EXPECT_THAT(CheckGuarantees(history), IsOk());

  EXPECT_EQ(server->Stop(), 0) << server->log();
  const Finished check = RunProgram("thon", {"admin", "check", "--data", data});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

TEST(ServerRestoredTest, APhoneBringsBackWhatTheBackupLacks) {
  const TestFolder folder;
  const std::string data = folder / "data";
  const std::string restored = folder / "restored";
  client::Options options;
  options.path = folder / "phone.db";
  options.app_version = "test";

  std::vector<client::Recorded> recorded;
  const auto record = [&](client::Client* phone, int count) {
    for (int i = 0; i < count; ++i) {
      v1::Event event;
      event.set_team_id(1);
      event.set_member_id(11);
      event.mutable_outreach_session()->set_minutes(30 + i);
      event.mutable_outreach_session()->set_attendees(5);
      const absl::StatusOr<client::Recorded> done = phone->Record(event);
      ASSERT_THAT(done, IsOk());
      recorded.push_back(*done);
    }
  };
  const auto transport_to = [](const std::string& directory, Thond* server) {
    client::GrpcOptions grpc;
    grpc.target = server->endpoint();
    grpc.ca_pem = ReadText(directory + "/tls/ca.crt");
    absl::StatusOr<std::unique_ptr<client::Transport>> transport =
        client::NewGrpcTransport(grpc);
    EXPECT_THAT(transport, IsOk());
    return *std::move(transport);
  };

  std::string backup;
  {
    Thond server(Arguments(data));
    ASSERT_TRUE(server.AwaitServing()) << server.log();
    Remote remote(data, server.endpoint());
    remote.SetUpProvince();
    const auto transport = transport_to(data, &server);
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::Client> phone,
                         client::Client::Open(options, transport.get()));
    ASSERT_THAT(phone->Enrol(remote.Code("CODE")), IsOk());
    record(phone.get(), 10);
    ASSERT_THAT(phone->SyncOnce(60'000), IsOk());
    const Finished made = RunProgram(
        "thon", {"admin", "backup", "--name", "nightly", "--data", data});
    ASSERT_EQ(made.exit_code, 0) << made.out << made.err;
    backup = data + "/backups/nightly";
    record(phone.get(), 15);
    ASSERT_THAT(phone->SyncOnce(60'000), IsOk());
    // Killed: an idle connection of this process would hold up the drain.
    server.Kill();
  }

  const Finished restore = RunProgram(
      "thon", {"admin", "restore", "--backup", backup, "--data", restored});
  ASSERT_EQ(restore.exit_code, 0) << restore.out << restore.err;
  auto server = std::make_unique<Thond>(Arguments(restored));
  ASSERT_TRUE(server->AwaitServing()) << server->log();
  auto transport = transport_to(restored, server.get());
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<client::Client> phone,
                       client::Client::Open(options, transport.get()));
  record(phone.get(), 5);
  EXPECT_FALSE(phone->SyncOnce(60'000).ok());
  EXPECT_EQ(phone->State().condition, client::Condition::kLogRestored)
      << phone->State().detail;
  EXPECT_EQ(phone->Pending()->events(), 5u) << "nothing was dropped";

  // It stays stopped, also for others and after a restart.
  phone.reset();
  server->Kill();
  server = std::make_unique<Thond>(Arguments(restored));
  ASSERT_TRUE(server->AwaitServing()) << server->log();
  transport = transport_to(restored, server.get());
  ASSERT_OK_AND_ASSIGN(phone, client::Client::Open(options, transport.get()));
  EXPECT_FALSE(phone->SyncOnce(60'000).ok());
  EXPECT_EQ(phone->State().condition, client::Condition::kLogRestored);

  const Finished opened =
      RunProgram("thon", {"admin", "open-epoch", "--data", restored,
                          "--token-file", data + "/operator.token"});
  ASSERT_EQ(opened.exit_code, 0) << opened.out << opened.err;
  EXPECT_THAT(phone->SyncOnce(60'000), IsOk()) << phone->State().detail;
  EXPECT_EQ(phone->Pending()->events(), 0u);
  EXPECT_EQ(phone->State().condition, client::Condition::kGood);
  EXPECT_EQ(phone->State().origin, "thon.example/e2e/2");

  // Every event that Record() returned is in the log once.
  Remote remote(
      ReadText(restored + "/tls/ca.crt"),
      [&] {
        std::string token = ReadText(data + "/operator.token");
        token.resize(token.find_last_not_of("\n") + 1);
        return token;
      }(),
      server->endpoint());
  const History history = remote.ReadHistory({recorded[0].name.author});
  std::map<Hash, int> found;
  for (const std::string& entry : history.entries) {
    const absl::StatusOr<EntryView> view = ParseEntry(entry);
    ASSERT_THAT(view, IsOk());
    v1::Batch batch;
    ASSERT_EQ(ParseBatch(view->batch, &batch), BatchFault::kNone);
    for (const v1::Event& event : batch.events()) ++found[EventHash(event)];
  }
  for (const client::Recorded& one : recorded) {
    EXPECT_EQ(found[one.event_hash], 1) << one.name.sequence.value;
    const absl::StatusOr<client::EventAnswer> answer =
        phone->AnswerOf(one.name);
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->state, client::EventAnswer::State::kRecorded);
  }
  server->Kill();
  const Finished check =
      RunProgram("thon", {"admin", "check", "--data", restored});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

}  // namespace
}  // namespace thon::testing
