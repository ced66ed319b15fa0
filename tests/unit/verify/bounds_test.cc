// Goal: a small pack costs little, whatever it claims and whatever its entries
// would unfold to.
//
// Method: packs that claim the largest tree and hold nothing, and entries of
// tens of thousands of empty events, are read; what was found and allocated is
// counted.

#include "tests/unit/verify/tamper_fixture.h"
#include "tools/verify/entry_stream.h"

namespace thon::verify {
namespace {

using ::testing::HasSubstr;

class Bounds : public VerifyTest {};

constexpr std::uint64_t kLargestTree = 12'800'000'000;

TEST_F(Bounds, AHugeTreeWithoutBundlesIsOneFinding) {
  PackParts parts = Parts();
  parts.older = {};
  MadePack pack = MakePack(parts);
  for (auto it = pack.files.begin(); it != pack.files.end();) {
    it = it->first.compare(0, 4, "tile") == 0 ? pack.files.erase(it)
                                              : std::next(it);
  }
  pack.manifest["tree_size"] = kLargestTree;
  pack.manifest["end_entry"] = kLargestTree;
  const std::string path = Write(pack);
  absl::StatusOr<VerifyReport> report = Verify(OptionsFor({path}));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict(), Verdict::kFailed);
  const Found* found = Find(*report, "BUNDLE_MISSING");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->count, 1u);
  EXPECT_EQ(found->places[0].entry, 0u);
  EXPECT_THAT(found->places[0].detail, HasSubstr("50000000 together"));
  // Also beside another that holds: the claim is one finding of its own.
  parts.origin = "thon.test/2";
  const std::string whole = Write(MakePack(parts), "whole");
  report = Verify(OptionsFor({path, whole}));
  ASSERT_TRUE(report.ok()) << report.status();
  found = Find(*report, "BUNDLE_MISSING");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->count, 1u);
}

TEST_F(Bounds, EachGapBetweenBundlesIsOneFinding) {
  MadePack pack = MakePack(Parts());
  pack.files.erase("tile/entries/000");
  const absl::StatusOr<VerifyReport> report = Verify(OptionsFor({Write(pack)}));
  ASSERT_TRUE(report.ok());
  const Found* const found = Find(*report, "BUNDLE_MISSING");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->count, 1u);
  EXPECT_EQ(found->places[0].entry, 0u);
  // Those behind it are still compared with the tree.
  EXPECT_EQ(report->entries, Parts().entries.size() - 256);
}

TEST_F(Bounds, EntriesOfEmptyEventsAreNotUnfolded) {
  PackParts parts = Parts();
  const absl::StatusOr<EntryView> last = ParseEntry(parts.entries.back());
  ASSERT_TRUE(last.ok());
  v1::Batch head;
  head.set_author(std::string(16, 'a'));
  head.set_first_sequence(1);
  std::string bytes = head.SerializeAsString();
  while (bytes.size() + 2 <= limits::kBatchBytesMax) {
    bytes.append("\x32\x00", 2);
  }
  parts.entries.clear();
  for (int i = 0; i < 40; ++i) {
    parts.entries.push_back(EncodeEntry(bytes, last->trailer));
  }
  parts.older = {};
  parts.rows = nullptr;
  const auto packs = PackSet::Open({Write(MakePack(parts))});
  ASSERT_TRUE(packs.ok()) << packs.status();
  EntryStream stream(packs->get());
  const std::unique_ptr<ReadBundle> bundle = stream.Next();
  ASSERT_NE(bundle, nullptr);
  EXPECT_TRUE(bundle->broken);
  EXPECT_EQ(bundle->entries_examined, 40u);
  ASSERT_EQ(bundle->findings.size(), 1u);
  EXPECT_EQ(bundle->findings[0].first->name, "ENTRY_MALFORMED");
  EXPECT_LT(bundle->arena.SpaceAllocated(), 1u << 20);
}

// Behind an entry that is none, the others are good and not parsed either.
TEST_F(Bounds, BehindABrokenEntryNothingIsParsed) {
  PackParts parts = Parts();
  parts.entries.front().back() = 0;
  parts.older = {};
  const auto packs = PackSet::Open({Write(MakePack(parts))});
  ASSERT_TRUE(packs.ok()) << packs.status();
  EntryStream stream(packs->get());
  const std::unique_ptr<ReadBundle> bundle = stream.Next();
  ASSERT_NE(bundle, nullptr);
  EXPECT_EQ(bundle->findings.size(), 1u);
  EXPECT_EQ(bundle->entries_examined, 256u);
  EXPECT_LT(bundle->arena.SpaceUsed(), 1024u);
}

}  // namespace
}  // namespace thon::verify
