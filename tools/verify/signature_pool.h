// Signatures, verified by threads of their own while the log is folded.
#ifndef THON_TOOLS_VERIFY_SIGNATURE_POOL_H_
#define THON_TOOLS_VERIFY_SIGNATURE_POOL_H_

#include <cstdint>
#include <deque>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/mutex.h"
#include "server/core/signature.h"

namespace thon::verify {

// A batch's signature under its author's key.
struct SignatureJob {
  EntryIndex entry;
  Position position;  // Of the batch's first event.
  PublicKey key;
  Hash batch_hash;
  Signature signature;
};

// Which they are does not depend on the number of threads.
struct BadSignatures {
  std::uint64_t count = 0;
  std::vector<SignatureJob> first;  // The first 100,000, by entry.
};

// Thread-safety: one thread adds. Memory: what waits is bounded; Add() waits.
class SignaturePool {
 public:
  explicit SignaturePool(int threads);
  ~SignaturePool();

  void Add(const SignatureJob& job);
  // Waits until all are verified. Nothing is added afterwards.
  BadSignatures Finish();

 private:
  void Hand();
  void Run();

  std::vector<SignatureJob> filling_;
  Mutex mu_;
  CondVar changed_;
  std::deque<std::vector<SignatureJob>> waiting_ ABSL_GUARDED_BY(mu_);
  std::uint64_t bad_count_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<EntryIndex, SignatureJob> bad_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_SIGNATURE_POOL_H_
