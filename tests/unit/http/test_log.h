// A log reduced to leaf hashes in memory and a key: it signs checkpoints and
// makes proofs, also false ones; and where a witness keeps its records in
// tests.
#ifndef THON_TESTS_UNIT_HTTP_TEST_LOG_H_
#define THON_TESTS_UNIT_HTTP_TEST_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/check.h"
#include "server/core/checkpoint.h"
#include "server/core/merkle.h"
#include "server/core/mutex.h"
#include "server/core/signature.h"
#include "server/core/witness_request.h"

namespace thon::testing {

class TestLog {
 public:
  explicit TestLog(std::string origin, const std::string& key = "log")
      : origin_(std::move(origin)),
        key_(*SigningKey::FromSeed(Sha256Of(key).view())) {}

  // Appends leaves until there are `size`; those of another `history` differ.
  void GrowTo(std::size_t size, const std::string& history = "") {
    while (leaves_.size() < size) {
      leaves_.push_back(
          merkle::HashLeaf(absl::StrCat(history, leaves_.size())));
    }
  }
  void ShrinkTo(std::size_t size) { leaves_.resize(size); }

  const std::string& origin() const { return origin_; }
  const SigningKey& key() const { return key_; }
  note::VerifierKey verifier_key() const {
    return LogVerifierKey(origin_, key_.public_key());
  }
  std::size_t size() const { return leaves_.size(); }
  Hash Root(std::size_t size) const {
    return merkle::RootOf({leaves_.data(), size});
  }
  Hash Root() const { return Root(size()); }
  std::string Checkpoint(std::size_t size) const {
    return MakeCheckpointNote(key_, origin_, size, Root(size));
  }
  std::string Checkpoint() const { return Checkpoint(size()); }

  std::vector<Hash> Proof(std::uint64_t from, std::uint64_t to) const {
    const auto node = [this](merkle::NodeId id) -> absl::StatusOr<Hash> {
      const std::size_t width = std::size_t{1} << id.level;
      THON_CHECK((id.index + 1) * width <= leaves_.size());
      return merkle::RootOf({leaves_.data() + id.index * width, width});
    };
    return *merkle::ConsistencyProof(from, to, node);
  }
  // A request as an honest log makes it.
  std::string Request(std::uint64_t old_size, std::size_t size) const {
    return FormatAddCheckpoint({.old_size = old_size,
                                .proof = Proof(old_size, size),
                                .checkpoint = Checkpoint(size)});
  }
  std::string Request(std::uint64_t old_size) const {
    return Request(old_size, size());
  }

 private:
  const std::string origin_;
  const SigningKey key_;
  std::vector<Hash> leaves_;
};

// What a disk would hold of a witness. Thread-safety: any thread.
class TestRecords {
 public:
  absl::StatusOr<std::string> Load(const std::string& key) const {
    MutexLock lock(&mu_);
    const auto it = records_.find(key);
    if (it == records_.end()) return absl::NotFoundError(key);
    return it->second;
  }
  absl::Status Store(const std::string& key, const std::string& value) {
    MutexLock lock(&mu_);
    if (!error_.ok()) return error_;
    ++writes_;
    records_[key] = value;
    return absl::OkStatus();
  }
  void FailWith(absl::Status error) {
    MutexLock lock(&mu_);
    error_ = std::move(error);
  }
  int writes() const {
    MutexLock lock(&mu_);
    return writes_;
  }
  std::map<std::string, std::string> All() const {
    MutexLock lock(&mu_);
    return records_;
  }

 private:
  mutable Mutex mu_;
  std::map<std::string, std::string> records_ ABSL_GUARDED_BY(mu_);
  absl::Status error_ ABSL_GUARDED_BY(mu_);
  int writes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_TEST_LOG_H_
