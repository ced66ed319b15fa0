// `thon audit` against a real server with TLS, over a province with a history
// worth auditing, in a folder that goes with the test.
#ifndef THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_
#define THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/rpc/audit_fixture.h"
#include "tools/thon/cli.h"
#include "tools/thon/files.h"
#include "tools/thon/session.h"

namespace thon::testing {

class AuditCliTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    province_.ApproveFunding();
    MakeHistory(30);
    directory_ =
        absl::StrCat(::testing::TempDir(), "thon_audit_cli_", ::getpid());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::ofstream(Path("ca.crt")) << tls_.ca_certificate;
    std::ofstream(Path("token")) << operator_;
  }
  ~AuditCliTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return absl::StrCat(directory_, "/", name);
  }
  int Run(std::vector<std::string> arguments) {
    const std::vector<std::string> where = {
        "--server",     absl::StrCat("127.0.0.1:", server_->port()),
        "--ca",         Path("ca.crt"),
        "--token-file", Path("token")};
    arguments.insert(arguments.begin(), where.begin(), where.end());
    setenv("THON_TRUST", Path("trust").c_str(), 1);
    out_.str("");
    err_.str("");
    return cli::RunThon(arguments, &out_, &err_);
  }
  cli::Json RunJson(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const int code = Run(arguments);
    EXPECT_EQ(code, 0) << err_.str();
    return code == 0 ? cli::Json::parse(out_.str()) : cli::Json();
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

  std::string directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_TOOLS_AUDIT_CLI_FIXTURE_H_
