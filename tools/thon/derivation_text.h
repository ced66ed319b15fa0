// The explanation of a determination as a person reads it.
#ifndef THON_TOOLS_THON_DERIVATION_TEXT_H_
#define THON_TOOLS_THON_DERIVATION_TEXT_H_

#include <ostream>

#include "thon/v1/policy.pb.h"

namespace thon::cli {

// A step and those below it, indented by `depth`: Vietnamese, then English,
// then the parameter, its source and the first events it rests on.
void PrintDerivation(const v1::Derivation& step, int depth, std::ostream& out);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_DERIVATION_TEXT_H_
