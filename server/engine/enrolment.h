// Enrolment: how a key becomes an author. By a one-time code, as the successor
// of an enrolled key, or by the receipt of an enrolment that a restore lost.
//
// Two requests that touch the same code, predecessor or key run one after the
// other, from the look at the rows until the rows hold the result, so that a
// code serves one key.
#ifndef THON_ENGINE_ENROLMENT_H_
#define THON_ENGINE_ENROLMENT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/mutex.h"
#include "server/engine/engine.h"
#include "server/engine/epochs.h"

namespace thon {

// Thread-safety: any thread.
class Enrolments {
 public:
  // `engine` is not owned and outlives it; `epochs` gives the declared ones.
  Enrolments(Engine* engine, std::function<std::vector<Epoch>()> epochs)
      : engine_(engine), epochs_(std::move(epochs)) {}

  // As Engine::Enrol.
  void Enrol(EnrolmentRequest request, Done<Enrolment> done);

 private:
  // A request whose signatures are good.
  struct Job {
    PublicKey key;
    AuthorId author;
    enum class Way { kCode, kSuccessor, kLost } way = Way::kCode;
    Hash code_hash;
    AuthorId predecessor;
    v1::AuthorEnrolled event;         // Complete for kLost.
    std::vector<std::string> claims;  // What no other may touch meanwhile.
    Done<Enrolment> done;
  };
  using JobPtr = std::shared_ptr<Job>;

  absl::Status Check(const EnrolmentRequest& request, Job* job) const;
  absl::Status CheckLost(const EnrolmentRequest& request, Job* job) const;
  void Start(JobPtr job);
  void Decide(const JobPtr& job);
  // True: the key is enrolled this way already. False: `job->event` is what to
  // record.
  absl::StatusOr<bool> Examine(const RowReader& rows, Job* job) const;
  absl::StatusOr<bool> ExamineCode(const RowReader& rows, Job* job) const;
  absl::StatusOr<bool> ExamineSuccessor(const RowReader& rows, Job* job) const;
  absl::StatusOr<Enrolment> Read(const AuthorId& author) const;
  void Finish(const JobPtr& job, absl::StatusOr<Enrolment> result);

  Engine* const engine_;
  const std::function<std::vector<Epoch>()> epochs_;
  Mutex mu_;
  std::set<std::string> claimed_ ABSL_GUARDED_BY(mu_);
  std::deque<JobPtr> waiting_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_ENGINE_ENROLMENT_H_
