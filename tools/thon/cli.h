// The command line `thon` as a function, so that tests run what people run.
#ifndef THON_TOOLS_THON_CLI_H_
#define THON_TOOLS_THON_CLI_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tools/thon/client.h"
#include "tools/thon/session.h"

namespace thon::cli {

// Understands `arguments` (without the program's name), does it, and returns
// the exit code. `client`, if not null, is the server instead of the one that
// options and environment name.
int RunThon(const std::vector<std::string>& arguments, std::ostream* out,
            std::ostream* err, std::unique_ptr<Client> client = nullptr);

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_CLI_H_
