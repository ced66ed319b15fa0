// Entries in order, read ahead by a thread of its own: split out of their
// bundles, hashed, compared with the tiles of level 0, and parsed.
#ifndef THON_TOOLS_VERIFY_ENTRY_STREAM_H_
#define THON_TOOLS_VERIFY_ENTRY_STREAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
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
  absl::string_view bytes;
  EntryTrailer trailer;
  AuthorId author;
  Hash batch_hash;
  const v1::Batch* batch = nullptr;
};

// The entries of one bundle, in order; what they point to lives here.
struct ReadBundle {
  std::string bytes;
  google::protobuf::Arena arena;
  std::vector<ReadEntry> entries;
  std::vector<std::pair<const FindingKind*, Place>> findings;
  std::uint64_t entries_examined = 0;
  // Behind `entries` something is missing or malformed: what follows is not in
  // this bundle, or cannot be understood.
  bool broken = false;
  bool ended = false;  // Broken, and the rest was not looked at.
};

// Reads [packs.first_entry(), packs.end_entry()). Bundles that no pack has come
// as one that is broken, however many they are. Behind a broken one, entries of
// the same bundle are only hashed.
//
// Memory: at most kBundlesAhead bundles. Thread-safety: Next() belongs to one
// thread.
class EntryStream {
 public:
  // `packs` must outlive it.
  explicit EntryStream(const PackSet* packs);
  // Ends the thread, also in the middle.
  ~EntryStream();

  // nullptr: that was all.
  std::unique_ptr<ReadBundle> Next();

 private:
  void Run();
  // One finding for the bundles [index, end), which no pack has.
  std::unique_ptr<ReadBundle> Missing(std::uint64_t index,
                                      std::uint64_t end) const;
  std::unique_ptr<ReadBundle> Read(std::uint64_t index, TileNodes* nodes) const;
  void ReadOne(std::uint64_t index, absl::string_view bytes, const Pack& from,
               TileNodes* nodes, ReadBundle* into) const;
  // Whether entry `index` of `from` is one that its own tree holds and that a
  // later epoch took the place of.
  bool IsOfEarlierEpoch(std::uint64_t index, const Hash& leaf,
                        const Pack& from) const;

  const PackSet* const packs_;
  Mutex mu_;
  CondVar changed_;
  std::deque<std::unique_ptr<ReadBundle>> ready_ ABSL_GUARDED_BY(mu_);
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_ENTRY_STREAM_H_
