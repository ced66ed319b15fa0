// Goal: a small pack costs little, whatever it claims and whatever its entries
// would unfold to, and a large one no more than what is read at a time.
//
// Method: packs that claim the largest tree and hold nothing, and entries of
// tens of thousands of empty events or of pieces of evidence, are read; what
// was found and allocated is counted.

#include "tests/unit/verify/tamper_fixture.h"
#include "tools/verify/entry_stream.h"

namespace thon::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
  EXPECT_THAT(found->places[0].detail.en, HasSubstr("50000000 together"));
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
  const ReadPart* const part = stream.Next();
  ASSERT_NE(part, nullptr);
  EXPECT_TRUE(part->broken);
  EXPECT_EQ(part->entries_examined, 40u);
  ASSERT_EQ(part->findings.size(), 1u);
  EXPECT_EQ(part->findings[0].first->name, "ENTRY_MALFORMED");
  EXPECT_LT(part->bytes(), kPartBytes);
}

// Entries of the largest batches, each of one event whose empty pieces of
// evidence unfold to many times their bytes.
std::vector<std::string> EntriesThatUnfold(const std::string& like,
                                           std::size_t count) {
  const absl::StatusOr<EntryView> last = ParseEntry(like);
  EXPECT_TRUE(last.ok());
  v1::Batch batch;
  batch.set_author(std::string(16, 'a'));
  batch.set_first_sequence(1);
  v1::Event* const event = batch.add_events();
  event->set_sequence(1);
  while (event->evidence_size() < 24'000) event->add_evidence();
  EntryTrailer trailer = last->trailer;
  trailer.event_count = 1;
  return std::vector<std::string>(
      count, EncodeEntry(batch.SerializeAsString(), trailer));
}

TEST_F(Bounds, EntriesThatUnfoldComeInPartsOfFewOfThem) {
  PackParts parts = Parts();
  parts.entries = EntriesThatUnfold(parts.entries.back(), 300);
  parts.older = {};
  parts.rows = nullptr;
  const auto packs = PackSet::Open({Write(MakePack(parts))});
  ASSERT_TRUE(packs.ok()) << packs.status();
  EntryStream stream(packs->get());
  std::uint64_t next = 0;
  std::uint64_t examined = 0;
  while (const ReadPart* const part = stream.Next()) {
    EXPECT_THAT(part->findings, IsEmpty());
    EXPECT_FALSE(part->broken);
    EXPECT_EQ(part->entries_examined, part->entries.size());
    ASSERT_FALSE(part->entries.empty());
    const std::size_t each = part->bytes() / part->entries.size();
    EXPECT_GT(each, 20 * limits::kBatchBytesMax) << "they do not unfold";
    EXPECT_LT(part->bytes(), kPartBytes + 2 * each);
    examined += part->entries_examined;
    for (const ReadEntry& entry : part->entries) {
      EXPECT_EQ(entry.index.value, next++);
      EXPECT_EQ(entry.batch->events(0).evidence_size(), 24'000);
    }
  }
  EXPECT_EQ(next, 300u);
  EXPECT_EQ(examined, 300u);
}

// The stream waits for who reads: what lies behind the parts that it may hold
// was not opened yet, and is found missing when it is taken away.
TEST_F(Bounds, NoMoreThanSomePartsAreReadAhead) {
  PackParts parts = Parts();
  parts.entries = EntriesThatUnfold(parts.entries.back(), 300);
  parts.older = {};
  parts.rows = nullptr;
  const MadePack pack = MakePack(parts);
  const std::string path = Write(pack);
  const auto packs = PackSet::Open({path});
  ASSERT_TRUE(packs.ok()) << packs.status();
  EntryStream stream(packs->get());
  const ReadPart* part = stream.Next();
  ASSERT_NE(part, nullptr);
  ASSERT_LT((kPartsAhead + 2) * part->entries.size(), 256u);
  // Others read all of it meanwhile: time enough for one that does not wait.
  for (int i = 0; i < 3; ++i) {
    EntryStream other(packs->get());
    while (other.Next() != nullptr) {
    }
  }
  ASSERT_TRUE(std::filesystem::remove(path + "/tile/entries/001.p/44"));
  std::vector<std::string> found;
  for (; part != nullptr; part = stream.Next()) {
    for (const auto& [kind, place] : part->findings) {
      found.emplace_back(kind->name);
      EXPECT_EQ(place.entry, 256u);
    }
  }
  EXPECT_THAT(found, ElementsAre("BUNDLE_MISSING"));
}

// Behind an entry that is none, the others are good and not parsed either.
TEST_F(Bounds, BehindABrokenEntryNothingIsParsed) {
  PackParts parts = Parts();
  parts.entries.front().back() = 0;
  parts.older = {};
  const auto packs = PackSet::Open({Write(MakePack(parts))});
  ASSERT_TRUE(packs.ok()) << packs.status();
  EntryStream stream(packs->get());
  const ReadPart* const part = stream.Next();
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(part->findings.size(), 1u);
  EXPECT_EQ(part->entries_examined, 256u);
  EXPECT_LT(part->arena.SpaceUsed(), 1024u);
}

}  // namespace
}  // namespace thon::verify
