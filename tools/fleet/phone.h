// One phone of the fleet: a libthon client on a file of its own, living the
// days of its plan.
#ifndef THON_TOOLS_FLEET_PHONE_H_
#define THON_TOOLS_FLEET_PHONE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/core/civil.h"
#include "thon/client.h"
#include "thon/grpc_transport.h"
#include "tools/fleet/breaking_transport.h"
#include "tools/fleet/journal.h"
#include "tools/fleet/plan.h"
#include "tools/fleet/shared_state.h"
#include "tools/fleet/sim_clock.h"

namespace thon::fleet {

// What the phones of a worker share. All outlive the phones.
struct PhoneContext {
  const Plan* plan = nullptr;
  SharedState* states = nullptr;
  Journal* journal = nullptr;
  std::string directory;  // Of the fleet; a phone's own is below it.
  client::GrpcOptions server;
};

// Thread-safety: one thread at a time.
class Phone {
 public:
  // Opens nothing yet.
  Phone(const PhoneContext* context, std::size_t phone);

  // Does what the plan wants on `day` and is not done yet. After a crash it is
  // called for the same day again. Any error is a failure of the run.
  absl::Status Live(Date day);

  bool is_open() const { return client_ != nullptr; }
  void Close();

 private:
  absl::Status Open();
  absl::Status Do(const Task& task, Date day, std::uint32_t index);
  absl::Status Enrol();
  absl::Status Record(const Task& task, Date day, std::uint32_t index);
  // After a crash: asks the phone what became of the open intent.
  absl::Status Resolve();
  absl::Status Sync(const Task& task, Date day);
  absl::Status CopyTo(std::size_t clone, Date day);
  void CountTotals();
  // kDataLoss: the phone holds evidence against the log.
  absl::Status CountReceipts();
  std::string DirectoryOf(std::size_t phone) const;
  absl::Status Annotate(const absl::Status& status, const char* doing) const;

  const PhoneContext* const context_;
  const std::size_t phone_;
  PhoneState* const state_;
  SimClock clock_;
  std::unique_ptr<BreakingTransport> transport_;  // Outlives the client.
  std::unique_ptr<client::Client> client_;
  client::Counters counted_;  // Of `client_`, as far as they are in `state_`.
};

}  // namespace thon::fleet

#endif  // THON_TOOLS_FLEET_PHONE_H_
