// Watches over a world, and callers that a test moves by hand.
#ifndef THON_TESTS_UNIT_WATCH_WATCHES_FIXTURE_H_
#define THON_TESTS_UNIT_WATCH_WATCHES_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/watch/past_tables.h"
#include "server/watch/watches.h"
#include "tests/support/status_matchers.h"
#include "tests/support/watch_checkers.h"
#include "tests/unit/watch/watch_client.h"
#include "tests/unit/watch/watch_world.h"

namespace thon::testing {

class WatchesTest : public ::testing::Test {
 protected:
  void Start(const WatchOptions& options) {
    watches_ = std::make_unique<Watches>(
        options, Watches::Out{[this](WatchId id, const SharedPage& page) {
                                ClientOf(id)->Hear(page->response(),
                                                   world_.clock().SteadyMs(),
                                                   world_.end());
                              },
                              [this](WatchId id, absl::Status reason) {
                                ClientOf(id)->Leave(world_.clock().SteadyMs(),
                                                    std::move(reason));
                              }});
    changed_.clear();
  }
  WatchClient* ClientOf(WatchId id) {
    for (const auto& client : clients_) {
      if (client->id == id) return client.get();
    }
    ADD_FAILURE() << "a call for a watch that left";
    return nullptr;
  }
  WatchClient* NewClient(v1::WatchRequest request, std::uint64_t officer = 1) {
    return NewClient(std::move(request), Viewer::Officer(OfficerId(officer)));
  }
  WatchClient* NewClient(v1::WatchRequest request, const Viewer& viewer) {
    clients_.push_back(std::make_unique<WatchClient>());
    WatchClient* const client = clients_.back().get();
    client->viewer = viewer;
    client->request = std::move(request);
    Open(client);
    return client;
  }
  void Open(WatchClient* client) {
    client->Begin();
    client->id = ++last_id_;
    watches_->Add(client->id, client->viewer, client->Normal());
  }
  void Close(WatchClient* client) {
    client->trace.calls.back().left_at = watches_->position();
    watches_->Remove(client->id);
    client->Leave(world_.clock().SteadyMs());
  }
  void Ask(WatchClient* client) {
    if (client->id == 0 || client->requested) return;
    client->requested = true;
    watches_->Request(client->id);
  }
  void AskAll() {
    for (const auto& client : clients_) Ask(client.get());
  }

  void Take(WatchWorld::Written written) {
    for (const NewRowVersion& version : written[0].versions) {
      if (IsWatchedTable(version.table)) {
        changed_.emplace(version.table, version.key);
      }
    }
  }
  void Round(bool all_changed = false) {
    watches_->Round(world_.end(), changed_, all_changed);
    changed_.clear();
    for (const auto& client : clients_) {
      client->trace.owed.push_back(
          {watches_->kept_keys(), watches_->kept_bytes()});
    }
  }
  // Everybody who reads hears all there is.
  void Settle() {
    Round();
    do {
      AskAll();
    } while (watches_->Step());
  }
  void CheckAll() {
    for (const auto& client : clients_) {
      if (client->id != 0) Close(client.get());
      client->LookInto(world_);
      EXPECT_THAT(CheckWatch(client->trace), IsOk()) << Told(*client);
    }
  }
  // As of every PROGRESS that the client was told, the past is what it held
  // then, and keeps the promises of one call.
  void ExpectPastAsLive(const WatchClient& client) {
    std::map<std::uint32_t, WatchTable> told;
    for (const WatchCall& call : client.trace.calls) {
      std::map<std::uint32_t, WatchTable> tables = told;
      for (const Heard& heard : call.heard) {
        ApplyTo(heard.response, &tables);
        if (!heard.response.has_progress()) continue;
        told = tables;
        const v1::WatchProgress& live = heard.response.progress();
        std::map<std::uint32_t, WatchTable> past;
        const v1::WatchProgress then =
            Past(client, Position(live.position()), &past);
        EXPECT_EQ(past, told) << live.position() << Told(client);
        EXPECT_EQ(then.position(), live.position());
        EXPECT_EQ(then.local_date(), live.local_date());
        EXPECT_EQ(then.resume_token(), "");
        ASSERT_EQ(then.tables_size(), live.tables_size());
        for (int i = 0; i < then.tables_size(); ++i) {
          EXPECT_EQ(then.tables(i).SerializeAsString(),
                    live.tables(i).SerializeAsString());
        }
      }
    }
  }
  PastTables::Options PastOptions() {
    PastTables::Options options;
    options.rows = &world_.rows();
    options.log = &world_.log();
    options.clock = &world_.clock();
    options.page = {700, 9};
    return options;
  }
  // The client's queries as of a position: the tables, and the PROGRESS.
  v1::WatchProgress Past(const WatchClient& client, Position position,
                         std::map<std::uint32_t, WatchTable>* tables) {
    v1::WatchRequest request = client.request;
    request.clear_resume_token();
    request.mutable_as_of()->set_position(position.value);
    WatchClient then;
    then.viewer = client.viewer;
    then.request = request;
    then.Begin();
    PastTables past(PastOptions(), then.Normal(), position);
    while (!past.done()) {
      std::optional<v1::WatchResponse> page = past.Step();
      if (!page.has_value()) continue;
      ApplyTo(*page, tables);
      then.Hear(*std::move(page), 0, world_.end());
    }
    then.LookInto(world_);
    // Rights are those of today: the hub looks at them.
    then.trace.granted_at = [](Position) { return true; };
    for (const auto check :
         {CheckWatchOrdered, CheckWatchUnique, CheckWatchGapFree,
          CheckWatchResumable, CheckWatchFaithful, CheckWatchScoped}) {
      EXPECT_THAT(check(then.trace), IsOk()) << Told(then);
    }
    EXPECT_THAT(CheckWatchBounded(then.trace, {900 + 5 * 150, 9, {0, 0}}),
                IsOk());
    return then.trace.calls[0].heard.back().response.progress();
  }
  static void ApplyTo(const v1::WatchResponse& response,
                      std::map<std::uint32_t, WatchTable>* tables) {
    for (const v1::WatchStarted& started : response.started()) {
      WatchTable& table = (*tables)[started.query_id()];
      if (started.clear()) table.clear();
    }
    for (const v1::WatchedRow& row : response.rows()) {
      if (row.removed()) {
        (*tables)[row.query_id()].erase(row.key());
      } else {
        (*tables)[row.query_id()][row.key()] = row.row();
      }
    }
  }
  // Every step of a trace, a line each.
  static std::string Told(const WatchClient& client) {
    std::string text = client.request.ShortDebugString();
    for (const WatchCall& call : client.trace.calls) {
      text += call.resumed_from.has_value() ? "\nresumed" : "\nfresh";
      for (const Heard& heard : call.heard) {
        v1::WatchResponse response = heard.response;
        response.mutable_progress()->clear_resume_token();
        response.mutable_progress()->clear_tables();
        absl::StrAppend(&text, "\n  ", response.ShortDebugString());
      }
    }
    return text;
  }
  static v1::WatchRequest RequestOf(v1::WatchedProjection projection,
                                    std::uint64_t root) {
    v1::WatchRequest request;
    v1::WatchQuery* const query = request.add_queries();
    query->set_query_id(1);
    query->set_projection(projection);
    query->set_root_unit_id(root);
    return request;
  }
  // Reasons for which the client's tables started since the call began.
  static std::vector<v1::WatchStartReason> Reasons(const WatchClient& client) {
    std::vector<v1::WatchStartReason> reasons;
    for (const Heard& heard : client.trace.calls.back().heard) {
      for (const v1::WatchStarted& started : heard.response.started()) {
        reasons.push_back(started.reason());
      }
    }
    return reasons;
  }

  WatchWorld world_{1};
  std::unique_ptr<Watches> watches_;
  std::vector<std::unique_ptr<WatchClient>> clients_;
  ChangedKeys changed_;
  WatchId last_id_ = 0;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_WATCH_WATCHES_FIXTURE_H_
