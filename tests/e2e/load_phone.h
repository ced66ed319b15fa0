// How the tests start a server, and a phone whose word can be held against its
// log.
#ifndef THON_TESTS_E2E_LOAD_PHONE_H_
#define THON_TESTS_E2E_LOAD_PHONE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "server/core/limits.h"
#include "tests/support/guarantees.h"
#include "tests/support/wire_phone.h"

namespace thon::testing {

// What starts a new log, and the same log again.
inline std::vector<std::string> Arguments(const std::string& data) {
  return {"--data", data, "--origin", "thon.example/e2e",
          // Small machines run tests too.
          "--disk-reserve-bytes", "1048576"};
}

inline std::vector<std::string> With(std::vector<std::string> arguments,
                                     const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// One phone of the load: batches signed beforehand, sent in order, and what was
// answered. Belongs to one thread at a time.
struct LoadPhone {
  explicit LoadPhone(std::uint64_t seed) : phone(seed) {}

  // Sends until all is answered or the connection breaks.
  void Run(v1::SyncService::Stub* stub, std::atomic<int>* answers) {
    SyncCall call(stub);
    if (!call.Send(phone.Hello())) return;
    const v1::SyncResponse hello = call.Read();
    if (!hello.has_hello()) return;
    if (!acknowledged.empty()) {
      const v1::Receipt& last = acknowledged.back().receipt;
      v1::Batch batch;
      ASSERT_TRUE(batch.ParseFromString(acknowledged.back().sealed.batch()));
      EXPECT_GE(hello.hello().next_sequence(),
                batch.first_sequence() + last.event_count())
          << "an acknowledged batch is not there";
    }
    std::size_t sent = acknowledged.size();
    while (acknowledged.size() < batches.size()) {
      while (sent < batches.size() &&
             sent - acknowledged.size() < limits::kSyncBatchesInFlightMax) {
        if (!call.Send(batches[sent])) return;
        ++sent;
      }
      const v1::SyncResponse response = call.Read();
      if (!response.has_answer()) return;
      const v1::Answer& answer = response.answer();
      ASSERT_THAT(answer.code(), ::testing::AnyOf(v1::ANSWER_CODE_RECORDED,
                                                  v1::ANSWER_CODE_DUPLICATE))
          << answer.ShortDebugString();
      acknowledged.push_back({batches[acknowledged.size()], answer.receipt()});
      answers->fetch_add(1);
      answers->notify_all();
    }
  }

  TestPhone phone;
  std::vector<v1::SealedBatch> batches;
  std::vector<Acknowledged> acknowledged;
};

}  // namespace thon::testing

#endif  // THON_TESTS_E2E_LOAD_PHONE_H_
