// The command line against a real server with TLS: the program's own function,
// the operator's token, and a folder that goes with the test.
#ifndef THON_TESTS_UNIT_TOOLS_CLI_SERVER_FIXTURE_H_
#define THON_TESTS_UNIT_TOOLS_CLI_SERVER_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/rpc/audit_fixture.h"
#include "tools/thon/cli.h"
#include "tools/thon/session.h"

namespace thon::testing {

class CliServerTest : public AuditTest {
 protected:
  void SetUp() override {
    AuditTest::SetUp();
    directory_ = absl::StrCat(::testing::TempDir(), "thon_cli_", ::getpid());
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    std::ofstream(Path("ca.crt")) << tls_.ca_certificate;
    std::ofstream(Path("token")) << operator_;
    setenv("THON_TRUST", Path("trust").c_str(), 1);
  }
  ~CliServerTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const {
    return absl::StrCat(directory_, "/", name);
  }

  int Run(std::vector<std::string> arguments) {
    const std::vector<std::string> where = {
        "--server",     absl::StrCat("127.0.0.1:", server_->port()),
        "--ca",         Path("ca.crt"),
        "--token-file", Path("token")};
    arguments.insert(arguments.begin(), where.begin(), where.end());
    out_.str("");
    err_.str("");
    return cli::RunThon(arguments, &out_, &err_);
  }
  // What a person would have read of the last run.
  std::string Said() const { return out_.str() + err_.str(); }

  cli::Json RunJson(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const int code = Run(arguments);
    EXPECT_EQ(code, cli::kExitOk) << Said();
    return code == cli::kExitOk ? cli::Json::parse(out_.str()) : cli::Json();
  }

  std::string directory_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_TOOLS_CLI_SERVER_FIXTURE_H_
