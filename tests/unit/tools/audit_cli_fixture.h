// `thon audit` against a real server with TLS, over a province with a history
// worth auditing, in a folder that goes with the test.
#ifndef THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_
#define THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/unit/tools/cli_server_fixture.h"
#include "tools/thon/files.h"

namespace thon::testing {

class AuditCliTest : public CliServerTest {
 protected:
  void SetUp() override {
    CliServerTest::SetUp();
    province_.ApproveFunding();
    MakeHistory(30);
  }

  std::string Content(const std::string& name) {
    const auto content = cli::ReadFile(Path(name));
    EXPECT_THAT(content, IsOk());
    return content.value_or("");
  }
  note::VerifierKey LogKey() { return province_.engine().log_verifier_key(); }

  // The only file of the trust folder with this ending.
  std::string KeptPath(const std::string& ending) {
    for (const auto& entry :
         std::filesystem::directory_iterator(Path("trust"))) {
      if (entry.path().extension() == ending) return entry.path().string();
    }
    return "";
  }
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_
