#include "server/core/trust_policy.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "server/core/limits.h"
#include "server/core/lines.h"

namespace thon {
namespace {

constexpr absl::string_view kNone = "none";

using Words = absl::Span<const absl::string_view>;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// Bytes of the file, never read as characters.
bool IsAllowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// Reads a policy line by line. After an error it is of no further use.
class Reader {
 public:
  absl::Status Line(absl::string_view line) {
    if (!std::all_of(line.begin(), line.end(), IsAllowed)) {
      return Wrong(
          "it holds a control character; only tabs may be in a line, and lines "
          "end in a newline alone, without a carriage return");
    }
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') return absl::OkStatus();
    const Words arguments = absl::MakeConstSpan(words).subspan(1);
    if (words[0] == "log") return Log(arguments);
    if (words[0] == "witness") return Witness(arguments);
    if (words[0] == "group") return Group(arguments);
    if (words[0] == "quorum") return Quorum(arguments);
    return Wrong("it begins with none of log, witness, group, quorum and #");
  }

  absl::StatusOr<TrustPolicy> Finish() && {
    if (!has_quorum_) {
      return Wrong(
          "the trust policy has no quorum line; write quorum and the name of a "
          "witness or group, or quorum none");
    }
    return std::move(policy_);
  }

 private:
  absl::Status Log(Words words) {
    if (words.empty() || words.size() > 2) {
      return Wrong("a log is written: log <verifier key> [<url>]");
    }
    absl::StatusOr<note::VerifierKey> key = ParseKey(
        words[0], note::KeyType::kEd25519, "a log's key is of type 1, Ed25519");
    if (!key.ok()) return key.status();
    if (!log_keys_.insert(key->key.bytes).second) {
      return Wrong("another log has this public key");
    }
    if (log_keys_.size() > limits::kTrustPolicyNamesMax) {
      return Wrong(absl::StrCat("it is one log more than the ",
                                limits::kTrustPolicyNamesMax,
                                " that a policy may have"));
    }
    policy_.logs.push_back(
        {.key = *std::move(key),
         .url = words.size() == 2 ? std::string(words[1]) : ""});
    return absl::OkStatus();
  }

  absl::Status Witness(Words words) {
    if (words.size() < 2 || words.size() > 3) {
      return Wrong(
          "a witness is written: witness <name> <verifier key> "
          "[<url>]");
    }
    absl::StatusOr<note::VerifierKey> key =
        ParseKey(words[1], note::KeyType::kCosignature,
                 "a witness's key is of type 4, a cosignature's");
    if (!key.ok()) return key.status();
    if (!witness_keys_.insert(key->key.bytes).second) {
      return Wrong("another witness has this public key");
    }
    TrustPolicy::Group alone;
    alone.name = std::string(words[0]);
    alone.witness = static_cast<int>(policy_.witnesses.size());
    const absl::Status defined = Define(std::move(alone));
    if (!defined.ok()) return defined;
    policy_.witnesses.push_back(
        {.name = std::string(words[0]),
         .key = *std::move(key),
         .url = words.size() == 3 ? std::string(words[2]) : ""});
    return absl::OkStatus();
  }

  absl::Status Group(Words words) {
    if (words.size() < 3) {
      return Wrong("a group is written: group <name> all|any|<k> <name>...");
    }
    const Words members = words.subspan(2);
    TrustPolicy::Group group;
    group.name = std::string(words[0]);
    for (const absl::string_view member : members) {
      const auto defined = names_.find(std::string(member));
      if (defined == names_.end()) return NotDefined(member);
      if (!members_.insert(defined->second).second) {
        return Wrong(absl::StrCat(member,
                                  " is the member of a group already; each "
                                  "name is listed once"));
      }
      group.members.push_back(defined->second);
    }
    std::uint64_t k = members.size();
    if (words[1] == "any") {
      k = 1;
    } else if (words[1] != "all" &&
               (!ParseDecimal(words[1], &k) || k < 1 || k > members.size())) {
      return Wrong(absl::StrCat(
          "of ", members.size(), " members all, any, or a number from 1 to ",
          members.size(), " is asked for, not ", words[1]));
    }
    group.k = static_cast<int>(k);
    return Define(std::move(group));
  }

  absl::Status Quorum(Words words) {
    if (words.size() != 1) return Wrong("a quorum is written: quorum <name>");
    if (has_quorum_) return Wrong("a policy has one quorum line");
    has_quorum_ = true;
    if (words[0] == kNone) return absl::OkStatus();
    const auto defined = names_.find(std::string(words[0]));
    if (defined == names_.end()) return NotDefined(words[0]);
    policy_.quorum = defined->second;
    return absl::OkStatus();
  }

  absl::Status Define(TrustPolicy::Group group) {
    if (group.name == kNone) return Wrong("the name none is taken");
    if (policy_.groups.size() == limits::kTrustPolicyNamesMax) {
      return Wrong(absl::StrCat("it is one name more than the ",
                                limits::kTrustPolicyNamesMax,
                                " that a policy may have"));
    }
    const int place = static_cast<int>(policy_.groups.size());
    if (!names_.emplace(group.name, place).second) {
      return Wrong(absl::StrCat("the name ", group.name, " is taken"));
    }
    policy_.groups.push_back(std::move(group));
    return absl::OkStatus();
  }

  static absl::StatusOr<note::VerifierKey> ParseKey(absl::string_view text,
                                                    note::KeyType type,
                                                    absl::string_view wanted) {
    absl::StatusOr<note::VerifierKey> key = note::ParseVerifierKey(text);
    if (key.ok() && key->type != type) return Wrong(wanted);
    return key;
  }

  static absl::Status NotDefined(absl::string_view name) {
    if (name == kNone) return Wrong("none cannot be the member of a group");
    return Wrong(absl::StrCat("no line before it defines ", name));
  }

  TrustPolicy policy_;
  bool has_quorum_ = false;
  std::map<std::string, int> names_;  // To `policy_.groups`.
  std::set<int> members_;
  std::set<decltype(PublicKey::bytes)> log_keys_;
  std::set<decltype(PublicKey::bytes)> witness_keys_;
};

}  // namespace

absl::StatusOr<TrustPolicy> ParseTrustPolicy(absl::string_view text) {
  if (text.size() > limits::kTrustPolicyBytesMax) {
    return Wrong(absl::StrCat("the trust policy has ", text.size(),
                              " bytes; at most ", limits::kTrustPolicyBytesMax,
                              " are read"));
  }
  Reader reader;
  int number = 0;
  while (!text.empty()) {
    ++number;
    absl::string_view line;
    // The last line counts as one even where its newline was forgotten.
    if (!TakeLine(&text, &line)) std::swap(line, text);
    const absl::Status read = reader.Line(line);
    if (!read.ok()) {
      return Wrong(absl::StrCat("line ", number,
                                " of the trust policy: ", read.message()));
    }
  }
  return std::move(reader).Finish();
}

CosignedBy CheckCosignatures(const TrustPolicy& policy,
                             const note::SignedNote& checkpoint) {
  CosignedBy by;
  std::vector<bool> good(policy.witnesses.size());
  for (std::size_t i = 0; i < policy.witnesses.size(); ++i) {
    const note::Verified verified =
        note::Verify(checkpoint, policy.witnesses[i].key);
    const int witness = static_cast<int>(i);
    if (verified.verdict == note::Verdict::kBad) by.bad.push_back(witness);
    if (verified.verdict != note::Verdict::kGood) continue;
    good[i] = true;
    by.witnesses.push_back(witness);
    by.times_s.push_back(verified.time_s);
  }
  // Members stand before their group, so one pass settles all.
  std::vector<bool> satisfied;
  for (const TrustPolicy::Group& group : policy.groups) {
    const auto members = std::count_if(
        group.members.begin(), group.members.end(), [&](int member) {
          return satisfied[static_cast<std::size_t>(member)];
        });
    satisfied.push_back(group.witness >= 0
                            ? good[static_cast<std::size_t>(group.witness)]
                            : members >= group.k);
  }
  by.quorum =
      by.bad.empty() &&
      (policy.quorum < 0 || satisfied[static_cast<std::size_t>(policy.quorum)]);
  return by;
}

}  // namespace thon
