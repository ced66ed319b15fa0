// Entries in order, read ahead by a thread of its own: split out of their
// bundles, hashed, compared with the tiles of level 0, and parsed. That is the
// only time that a batch is parsed: who checks chains and who folds read the
// same messages.
#ifndef THON_TOOLS_VERIFY_ENTRY_STREAM_H_
#define THON_TOOLS_VERIFY_ENTRY_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/arena.h"
#include "server/core/entry.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "thon/v1/log.pb.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_set.h"

namespace thon::verify {

// An entry that is an entry and holds a batch.
struct ReadEntry {
  EntryIndex index;
  EntryTrailer trailer;
  AuthorId author;
  Hash batch_hash;
  const v1::Batch* batch = nullptr;  // What ParseBatch made of it, with kNone.
};

// Entries of one bundle, in order; what they point to lives here. All of them,
// or as many as kPartBytes hold.
struct ReadPart {
  ReadPart();

  // What the entries take, about.
  std::size_t bytes() const { return arena.SpaceAllocated() + text_bytes; }

  google::protobuf::Arena arena;
  std::size_t text_bytes = 0;
  std::vector<ReadEntry> entries;
  std::vector<std::pair<const FindingKind*, Place>> findings;
  std::uint64_t entries_examined = 0;
  // Behind `entries` something is missing or malformed: what follows is not in
  // the bundle, or cannot be understood.
  bool broken = false;
};

// Small, so that who reads a part finds it in the processor's cache still.
inline constexpr std::size_t kPartBytes = std::size_t{1} << 20;
inline constexpr std::size_t kPartsAhead = 16;

// Reads [packs.first_entry(), packs.end_entry()). Bundles that no pack has come
// as one part that is broken, however many they are. Behind a broken one,
// entries of the same bundle are only hashed.
//
// Memory: one bundle's bytes, and kPartsAhead + 2 parts; each holds less than
// kPartBytes besides its last entry. Thread-safety: Next() belongs to one
// thread.
class EntryStream {
 public:
  // `packs` must outlive it.
  explicit EntryStream(const PackSet* packs);
  // Ends the thread, also in the middle.
  ~EntryStream();

  // Stays until the next call. nullptr: that was all.
  const ReadPart* Next();

 private:
  void Run();
  // Waits until there is room. False: nobody wants more.
  bool Hand(std::unique_ptr<ReadPart> part);
  // One finding for the bundles [index, end), which no pack has.
  std::unique_ptr<ReadPart> Missing(std::uint64_t index,
                                    std::uint64_t end) const;
  // Hands the bundle's parts; false as Hand() does.
  bool Read(std::uint64_t index, TileNodes* nodes);
  // False: the rest of the bundle is not looked at.
  bool ReadOne(std::uint64_t index, absl::string_view bytes, const Pack& from,
               TileNodes* nodes, ReadPart* into) const;
  // Adds the batch, or what is wrong with it.
  void Parse(const absl::StatusOr<EntryView>& view, absl::string_view bytes,
             const Hash& batch_hash, Place place, ReadPart* into) const;
  // Whether entry `index` of `from` is one that its own tree holds and that a
  // later epoch took the place of.
  bool IsOfEarlierEpoch(std::uint64_t index, const Hash& leaf,
                        const Pack& from) const;

  const PackSet* const packs_;
  Mutex mu_;
  CondVar changed_;
  std::deque<std::unique_ptr<ReadPart>> ready_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<ReadPart> given_ ABSL_GUARDED_BY(mu_);
  // Read by everybody: freed by the thread, which has less to do than who
  // folds.
  std::vector<std::unique_ptr<ReadPart>> spent_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_ENTRY_STREAM_H_
