// A phone of the fake server's, and what is asked of its receipts.
#ifndef THON_TESTS_UNIT_CLIENT_PROOFS_FIXTURE_H_
#define THON_TESTS_UNIT_CLIENT_PROOFS_FIXTURE_H_

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "server/core/checkpoint.h"
#include "tests/unit/client/phone.h"

namespace thon::client {

inline constexpr std::int64_t kMinuteMs = 61'000;
inline constexpr std::int64_t kDayMs = 86'400'000;

class ProofsTest : public ::testing::Test {
 protected:
  void SetUp() override { phone_.OpenAndEnrol(); }

  // Records a batch and brings it into the log.
  Recorded Send(int events = 1) {
    const Recorded first = phone_.Record(events)[0];
    EXPECT_THAT(phone_.Sync(), IsOk());
    return first;
  }
  // A sync when every promise is due.
  void Later(std::int64_t ms = kMinuteMs) {
    server_.now_ms += ms;
    ASSERT_THAT(phone_.Sync(), IsOk());
  }
  Proven ProvenOf(const Recorded& one) {
    const absl::StatusOr<Proof> proof = phone_.client->ProofOf(one.name);
    EXPECT_THAT(proof, IsOk());
    return proof.ok() ? proof->proven : Proven::kPromise;
  }
  ReceiptCount Count() { return *phone_.client->CountReceipts(); }
  std::vector<EvidenceItem> Evidence() { return *phone_.client->Evidence(); }
  std::vector<EvidenceKind> Kinds() {
    std::vector<EvidenceKind> kinds;
    for (const EvidenceItem& item : Evidence()) kinds.push_back(item.kind);
    return kinds;
  }
  note::VerifierKey LogKey() const {
    return LogVerifierKey(server_.origin(), server_.log_key());
  }
  std::string Export(std::size_t i) {
    const absl::StatusOr<std::string> file =
        phone_.client->ExportEvidence(Evidence()[i].id);
    EXPECT_THAT(file, IsOk());
    return file.ok() ? *file : "";
  }
  // Batches of one event, each with a receipt of its own.
  void SendBatches(int count) {
    phone_.change = [](Options* options) { options->batch_events_max = 1; };
    phone_.Open();
    Send(count);
  }

  Folder folder_;
  FakeServer server_;
  Phone phone_{folder_ / "phone.db", &server_};
};

}  // namespace thon::client

#endif  // THON_TESTS_UNIT_CLIENT_PROOFS_FIXTURE_H_
