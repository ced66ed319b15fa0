// Judges a run: what the phones recorded against what the log holds.
#ifndef THON_TOOLS_FLEET_LOG_CHECK_H_
#define THON_TOOLS_FLEET_LOG_CHECK_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "server/core/ids.h"
#include "server/core/merkle.h"
#include "thon/v1/log.pb.h"
#include "tools/fleet/journal.h"

namespace thon::fleet {

struct LogVerdict {
  std::uint64_t events_recorded = 0;  // By phones, as their journals say.
  std::uint64_t events_in_log = 0;    // Of these, found in the log.
  std::uint64_t lost = 0;             // Of these, not found.
  std::uint64_t duplicates = 0;       // In the log more than once.
  std::uint64_t never_recorded = 0;   // In the log, but no phone recorded it.
  std::uint64_t offered_again = 0;    // Under a successor's key.
  std::uint64_t phone_entries = 0;
  std::uint64_t server_events = 0;
  // Of phones' events, by whom they are about.
  std::map<std::uint64_t, std::uint64_t> events_of_teams;
  std::map<std::uint64_t, std::uint64_t> events_of_organisations;

  bool good() const {
    return lost == 0 && duplicates == 0 && never_recorded == 0 &&
           events_recorded == events_in_log;
  }
};

// Give it every entry in order, then ask.
//
// Thread-safety: none.
class LogCheck {
 public:
  explicit LogCheck(const JournalFacts& facts);

  // kDataLoss: the entry does not parse, or is not the next one.
  absl::Status Add(const v1::Entry& entry);

  // `checkpoint` covers what was added: OK if it is signed by the log's key and
  // its root is the root over these entries.
  absl::Status CheckRoot(const v1::Checkpoint& checkpoint) const;
  LogVerdict Verdict() const;

 private:
  void AddPhoneEvent(const AuthorId& author, const v1::Event& event);
  void AddServerEvent(const v1::Event& event);

  std::map<Identity, std::uint64_t> expected_;  // How often each was seen.
  std::map<std::string, std::uint64_t> found_;  // By content, yet to be seen.
  std::set<AuthorId> servers_;
  std::string log_key_;
  merkle::Frontier tree_;
  LogVerdict verdict_;
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_LOG_CHECK_H_
