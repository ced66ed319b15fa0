#include "tools/verify/signature_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "server/core/batch.h"

namespace thon::verify {
namespace {

constexpr std::size_t kJobsTogether = 64;
constexpr std::size_t kWaitingMax = 256;  // Of `kJobsTogether`.
constexpr std::size_t kBadMax = 100'000;

}  // namespace

SignaturePool::SignaturePool(int threads) {
  for (int i = 0; i < std::max(threads, 1); ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

SignaturePool::~SignaturePool() { Finish(); }

void SignaturePool::Add(const SignatureJob& job) {
  filling_.push_back(job);
  if (filling_.size() >= kJobsTogether) Hand();
}

void SignaturePool::Hand() {
  if (filling_.empty()) return;
  std::vector<SignatureJob> jobs;
  jobs.swap(filling_);
  MutexLock lock(&mu_);
  while (waiting_.size() >= kWaitingMax) changed_.Wait(&mu_);
  waiting_.push_back(std::move(jobs));
  changed_.NotifyAll();
}

BadSignatures SignaturePool::Finish() {
  Hand();
  {
    MutexLock lock(&mu_);
    closed_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  MutexLock lock(&mu_);
  BadSignatures bad{.count = bad_count_, .first = {}};
  for (const auto& [entry, job] : bad_) bad.first.push_back(job);
  return bad;
}

void SignaturePool::Run() {
  while (true) {
    std::vector<SignatureJob> jobs;
    {
      MutexLock lock(&mu_);
      while (waiting_.empty() && !closed_) changed_.Wait(&mu_);
      if (waiting_.empty()) return;
      jobs = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.NotifyAll();
    }
    for (const SignatureJob& job : jobs) {
      if (VerifyBatchSignature(job.key, job.batch_hash, job.signature)) {
        continue;
      }
      MutexLock lock(&mu_);
      ++bad_count_;
      bad_.emplace(job.entry, job);
      if (bad_.size() > kBadMax) bad_.erase(std::prev(bad_.end()));
    }
  }
}

}  // namespace thon::verify
