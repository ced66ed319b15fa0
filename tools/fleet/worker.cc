#include "tools/fleet/worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "server/core/mutex.h"
#include "tools/fleet/phone.h"

namespace thon::fleet {
namespace {

// Files of one open client: the database, its log and its index.
constexpr std::size_t kFilesOfClient = 3;

// Raises the limit of open files, and returns how many clients fit.
std::size_t ClientsOpenMax() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t files = limit.rlim_cur;
  return files > 400 ? (files - 200) / kFilesOfClient : 64;
}

class Worker {
 public:
  Worker(const WorkerOptions& options, const Plan& plan, SharedState* states,
         Journal* journal)
      : threads_(options.threads), open_max_(ClientsOpenMax()) {
    context_.plan = &plan;
    context_.states = states;
    context_.journal = journal;
    context_.directory = options.directory;
    context_.server = options.server;
    for (std::size_t phone = 0; phone < plan.phone_count(); ++phone) {
      if (WorkerOf(plan, phone, options.workers) == options.index) {
        phones_.push_back(std::make_unique<Phone>(&context_, phone));
      }
    }
  }

  absl::Status Live(Date day) {
    next_ = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < threads_; ++i) {
      threads.emplace_back([this, day] { LiveSome(day); });
    }
    for (std::thread& thread : threads) thread.join();
    MutexLock lock(&mu_);
    return failure_;
  }

 private:
  void LiveSome(Date day) {
    for (std::size_t i; (i = next_++) < phones_.size();) {
      Phone& phone = *phones_[i];
      const bool was_open = phone.is_open();
      absl::Status lived = phone.Live(day);
      // Beyond what may be open, a phone's file is closed after each use.
      if (phone.is_open() && !was_open && ++open_ > open_max_) {
        phone.Close();
        --open_;
      } else if (!phone.is_open() && was_open) {
        --open_;
      }
      if (!lived.ok()) {
        MutexLock lock(&mu_);
        if (failure_.ok()) failure_ = lived;
        return;
      }
    }
  }

  const std::size_t threads_;
  const std::size_t open_max_;
  PhoneContext context_;
  std::vector<std::unique_ptr<Phone>> phones_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> open_{0};
  Mutex mu_;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
};

void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

int Fail(const absl::Status& status) {
  Say(absl::StrCat("fail ",
                   absl::StrReplaceAll(status.ToString(), {{"\n", " "}})));
  return 1;
}

}  // namespace

std::string StatePath(const std::string& directory) {
  return directory + "/phones.state";
}

std::string JournalPath(const std::string& directory, std::size_t worker) {
  return absl::StrCat(directory, "/journal.", worker);
}

std::size_t WorkerOf(const Plan& plan, std::size_t phone, std::size_t workers) {
  return plan.OriginalOf(phone) % workers;
}

int RunWorker(const WorkerOptions& options, const Plan& plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGINT, SIG_IGN);  // The supervisor is asked, and decides.
  auto states =
      SharedState::Open(StatePath(options.directory), plan.phone_count());
  if (!states.ok()) return Fail(states.status());
  auto journal = Journal::Open(JournalPath(options.directory, options.index));
  if (!journal.ok()) return Fail(journal.status());
  Worker worker(options, plan, states->get(), journal->get());
  for (std::string line; std::getline(std::cin, line);) {
    absl::string_view word = line;
    std::int32_t days = 0;
    if (!absl::ConsumePrefix(&word, "day ") || !absl::SimpleAtoi(word, &days)) {
      return Fail(absl::InvalidArgumentError("no such command: " + line));
    }
    if (absl::Status lived = worker.Live(Date(days)); !lived.ok()) {
      return Fail(lived);
    }
    Say(absl::StrCat("done ", days));
  }
  return 0;
}

}  // namespace thon::fleet
