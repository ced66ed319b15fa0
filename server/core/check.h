#ifndef THON_CORE_CHECK_H_
#define THON_CORE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Stops the process when `condition` is false. On in every build: a server
// that has lost an invariant must not keep writing. For mistakes in our own
// code only; anything that input or a disk can cause is an absl::Status.
#define THON_CHECK(condition)                                               \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, \
                   #condition);                                             \
      std::abort();                                                         \
    }                                                                       \
  } while (false)

#endif  // THON_CORE_CHECK_H_
