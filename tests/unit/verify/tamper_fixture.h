// One table of tamperings a test: what is altered, and the finding and the
// place that must come of it.
#ifndef THON_TESTS_UNIT_VERIFY_TAMPER_FIXTURE_H_
#define THON_TESTS_UNIT_VERIFY_TAMPER_FIXTURE_H_

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/core/batch.h"
#include "server/core/entry.h"
#include "tests/unit/verify/verify_fixture.h"
#include "tools/verify/report.h"

namespace thon::verify {

using Entries = std::vector<std::string>;

// An entry with its batch and trailer changed, signed by `key` if there is one.
inline std::string Changed(
    const std::string& entry,
    const std::function<void(v1::Batch*)>& batch_change,
    const std::function<void(EntryTrailer*)>& trailer_change,
    const char* key = nullptr) {
  const absl::StatusOr<EntryView> view = ParseEntry(entry);
  EXPECT_TRUE(view.ok());
  std::string bytes(view->batch);
  EntryTrailer trailer = view->trailer;
  if (batch_change) {
    v1::Batch batch;
    EXPECT_TRUE(batch.ParseFromString(bytes));
    batch_change(&batch);
    bytes = batch.SerializeAsString();
    if (key != nullptr) {
      const v1::SealedBatch sealed = SealBatch(batch, LogBuilder::KeyOf(key));
      bytes = sealed.batch();
      Signature::FromBytes(sealed.signature(), &trailer.signature);
    }
  }
  if (trailer_change) trailer_change(&trailer);
  return EncodeEntry(bytes, trailer);
}

// Positions from entry `from` on, one after the other: a server that hides its
// traces.
inline void Renumber(Entries* entries) {
  std::uint64_t next = 1;
  for (std::string& entry : *entries) {
    entry = Changed(entry, nullptr, [&](EntryTrailer* trailer) {
      trailer->first_position = Position(next);
      next += trailer->event_count;
    });
  }
}

class TamperTest : public VerifyTest {
 public:
  struct Case {
    const char* name;
    // One of the two.
    std::function<void(Entries*)> entries;
    std::function<void(MadePack*)> files;
    const char* finding;
    std::optional<std::uint64_t> entry = std::nullopt;
    const char* file = nullptr;    // Part of the place's file.
    const char* detail = nullptr;  // Part of its detail.
  };

  VerifyReport Run(const Case& one) {
    PackParts parts = Parts();
    if (one.entries) one.entries(&parts.entries);
    MadePack pack = MakePack(parts);
    if (one.files) one.files(&pack);
    absl::StatusOr<VerifyReport> report =
        Verify(OptionsFor({Write(pack, one.name)}));
    EXPECT_TRUE(report.ok()) << one.name << ": " << report.status();
    return report.ok() ? *std::move(report) : VerifyReport(1);
  }

  void Expect(const Case& one) {
    SCOPED_TRACE(one.name);
    const VerifyReport report = Run(one);
    EXPECT_EQ(ExitStatusOf(report.verdict()), 1);
    const Found* const found = Find(report, one.finding);
    ASSERT_NE(found, nullptr) << ToTerminal(ReportDocument(report, 3));
    const bool named = std::any_of(
        found->places.begin(), found->places.end(), [&](const Place& place) {
          return (!one.entry.has_value() || place.entry == one.entry) &&
                 (one.file == nullptr ||
                  place.file.find(one.file) != std::string::npos) &&
                 (one.detail == nullptr ||
                  place.detail.en.find(one.detail) != std::string::npos);
        });
    EXPECT_TRUE(named) << PlaceText(found->places.front());
  }
};

}  // namespace thon::verify

#endif  // THON_TESTS_UNIT_VERIFY_TAMPER_FIXTURE_H_
