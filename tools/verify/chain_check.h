// What each entry must be by itself and after those before it: positions,
// receive times, the calendar, the author's chain, who the author is, forks and
// epochs. Signatures go to the pool.
#ifndef THON_TOOLS_VERIFY_CHAIN_CHECK_H_
#define THON_TOOLS_VERIFY_CHAIN_CHECK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "server/projections/projection.h"
#include "tools/verify/entry_stream.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_events.h"
#include "tools/verify/signature_pool.h"

namespace thon::verify {

// What a LogOpened or an EpochOpened says.
struct Epoch {
  std::string origin;
  PublicKey log_key;
  EntryIndex entry;
  Position position;
  // Of an EpochOpened.
  std::string old_origin;
  std::uint64_t old_size = 0;
  std::uint64_t first_lost = 0;
  std::uint64_t last_known_lost = 0;
};

// The smallest size that later epochs kept of a tree of epoch `index`;
// UINT64_MAX: all of it.
std::uint64_t KeptOf(const std::vector<Epoch>& epochs, std::size_t index);

// The same of a tree of this origin; nullopt if no epoch declares or follows
// it.
std::optional<std::uint64_t> KeptOfOrigin(const std::vector<Epoch>& epochs,
                                          absl::string_view origin);

// "author ID".
Detail AuthorText(const AuthorId& id);

// Thread-safety: none. Memory: what is known of each author.
class ChainCheck {
 public:
  // All outlive it. `nodes` give the tree as its tiles say.
  ChainCheck(const PackSet& packs, const PackEvents* events, TileNodes* nodes,
             Findings* findings, SignaturePool* signatures);

  // Requires: entries in order. `rows`, behind the entry's own fold; nullptr if
  // nothing is folded: then what only rows tell is not looked at.
  void Visit(const ReadEntry& entry, const RowReader* rows);

  // After the last entry: what only the whole log tells. Reads the pack again
  // if there are forks without the batch that was offered.
  void Finish();

  const std::vector<Epoch>& epochs() const { return epochs_; }
  std::uint64_t author_count() const { return authors_.size(); }
  Position last_position() const { return Position(next_position_ - 1); }
  // Of the author's newest entries: whether it is a server's.
  bool IsServer(const AuthorId& author) const;

 private:
  struct Author {
    std::optional<PublicKey> key;
    std::uint64_t next = 1;
    Hash last;
    bool server = false;
    bool replaced = false;  // A server of an epoch that ended.
    bool revoked = false;
  };

  Place At(const ReadEntry& entry, Detail detail = {}) const;
  Place At(const ReadEntry& entry, const v1::Event& event,
           Detail detail = {}) const;
  void CheckNumbers(const ReadEntry& entry);
  void CheckDay(const ReadEntry& entry, bool server);
  void CheckOpenedDay(const ReadEntry& entry, const v1::Event& event);
  Author* FindOrOpen(const ReadEntry& entry);
  void CheckChain(const ReadEntry& entry, Author* author);
  void VisitServerEvent(const ReadEntry& entry, const v1::Event& event,
                        const RowReader* rows);
  void OpenLog(const ReadEntry& entry, const v1::Event& event);
  void OpenEpoch(const ReadEntry& entry, const v1::Event& event);
  void Enrol(const ReadEntry& entry, const v1::Event& event,
             const RowReader* rows);
  void CheckSuccessor(const ReadEntry& entry, const v1::Event& event,
                      const PublicKey& key);
  void CheckCode(const ReadEntry& entry, const v1::Event& event,
                 const PublicKey& key, const RowReader& rows);
  void Revoke(const ReadEntry& entry, const v1::Event& event,
              const RowReader* rows);
  void CheckFork(const ReadEntry& entry, const v1::Event& event);
  // Why the batch that a fork's author signed besides shows none; empty if it
  // does, or is not there.
  Detail WrongOffer(const v1::ForkObserved& fork, const AuthorId& id,
                    const Author& author) const;

  const PackSet& packs_;
  const PackEvents* const events_;
  TileNodes* const nodes_;
  Findings* const findings_;
  SignaturePool* const signatures_;
  const bool from_start_;
  const TimeZone zone_ = TimeZone::VietNam();
  std::uint64_t next_position_ = 1;
  bool position_known_ = false;
  std::optional<Instant> last_receive_;
  std::optional<Date> open_day_;
  std::map<AuthorId, Author> authors_;
  std::vector<Epoch> epochs_;
  // Forks of which only the other batch's hash is known, by author and hash.
  std::map<std::pair<AuthorId, Hash>, Place> bare_forks_;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_CHAIN_CHECK_H_
