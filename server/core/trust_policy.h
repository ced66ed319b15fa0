// Trust policies (c2sp.org/tlog-policy): which logs are known, which witnesses,
// and how many of them make a checkpoint witnessed. One file format for a log
// that asks witnesses, for a witness that knows logs, for auditors and phones.
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> all|any|<k> <name>...
//   quorum <name>|none
#ifndef THON_CORE_TRUST_POLICY_H_
#define THON_CORE_TRUST_POLICY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/note.h"

namespace thon {

struct TrustPolicy {
  struct Log {
    note::VerifierKey key;
    std::string url;  // "" if none.
  };
  struct Witness {
    std::string name;
    note::VerifierKey key;
    std::string url;
  };
  // What a name of the file stands for: one witness, or k of members.
  struct Group {
    std::string name;
    int witness = -1;          // Index into `witnesses`; -1: a group.
    int k = 0;                 // Of `members`.
    std::vector<int> members;  // Indices into `groups`, before this one.
  };
  std::vector<Log> logs;
  std::vector<Witness> witnesses;
  std::vector<Group> groups;  // In the file's order; each witness is one.
  int quorum = -1;            // Index into `groups`; -1: none.
};

// kInvalidArgument: with the line's number and what would be right.
absl::StatusOr<TrustPolicy> ParseTrustPolicy(absl::string_view text);

struct CosignedBy {
  std::vector<int> witnesses;         // Good ones, ascending.
  std::vector<std::int64_t> times_s;  // Theirs.
  std::vector<int> bad;               // Lines that claim to be theirs and fail.
  // The good ones satisfy it, as none do `quorum none`, and none is bad.
  bool quorum = false;
};
CosignedBy CheckCosignatures(const TrustPolicy& policy,
                             const note::SignedNote& checkpoint);

}  // namespace thon

#endif  // THON_CORE_TRUST_POLICY_H_
