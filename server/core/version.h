#ifndef THON_CORE_VERSION_H_
#define THON_CORE_VERSION_H_

namespace thon {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace thon

#endif  // THON_CORE_VERSION_H_
