// The command line of thon-verify.
#ifndef THON_TOOLS_VERIFY_CLI_H_
#define THON_TOOLS_VERIFY_CLI_H_

#include <ostream>
#include <string>
#include <vector>

namespace thon::verify {

// Runs the program; `arguments` without its name. The exit status: 0 all held,
// 1 something did not, 2 usage or unreadable, 3 nothing failed but not
// everything could be checked.
int RunVerify(const std::vector<std::string>& arguments, std::ostream* out,
              std::ostream* err);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_CLI_H_
