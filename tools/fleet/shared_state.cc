#include "tools/fleet/shared_state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace thon::fleet {
namespace {

absl::StatusOr<PhoneState*> Map(const std::string& path, std::size_t phones,
                                int flags) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  const std::size_t bytes = phones * sizeof(PhoneState);
  void* memory = MAP_FAILED;
  if (flags == 0 || ftruncate(fd, static_cast<off_t>(bytes)) == 0) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  const int error = errno;
  close(fd);
  if (memory == MAP_FAILED) {
    return absl::UnavailableError(
        absl::StrCat("cannot map ", path, ": ", std::strerror(error)));
  }
  // All zero is a state as good as new, and every bit pattern is one.
  return static_cast<PhoneState*>(memory);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SharedState>> SharedState::Create(
    const std::string& path, std::size_t phones) {
  absl::StatusOr<PhoneState*> states = Map(path, phones, O_CREAT | O_TRUNC);
  if (!states.ok()) return states.status();
  return std::unique_ptr<SharedState>(new SharedState(*states, phones));
}

absl::StatusOr<std::unique_ptr<SharedState>> SharedState::Open(
    const std::string& path, std::size_t phones) {
  absl::StatusOr<PhoneState*> states = Map(path, phones, 0);
  if (!states.ok()) return states.status();
  return std::unique_ptr<SharedState>(new SharedState(*states, phones));
}

SharedState::~SharedState() { munmap(states_, size_ * sizeof(PhoneState)); }

}  // namespace thon::fleet
