// Whole runs of the program's own function against a server in memory, or
// against none.
#ifndef THON_TESTS_UNIT_TOOLS_CLI_FIXTURE_H_
#define THON_TESTS_UNIT_TOOLS_CLI_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/tools/fake_client.h"
#include "tools/thon/cli.h"

namespace thon::cli {

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    for (const char* name :
         {"THON_DATA", "THON_SERVER", "THON_CA", "THON_TOKEN_FILE"}) {
      unsetenv(name);
    }
  }
  ~CliTest() override {
    for (const std::string& path : files_) std::remove(path.c_str());
  }

  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    return RunThon(arguments, &out_, &err_,
                   std::make_unique<FakeClient>(&server_));
  }
  // Without the server in memory.
  int RunAlone(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    return RunThon(arguments, &out_, &err_);
  }
  Json Output() const { return Json::parse(out_.str()); }

  // A path that is empty now and is removed at the end.
  std::string NewPath(const std::string& name) {
    files_.push_back(::testing::TempDir() + "thon_cli_test_" +
                     std::to_string(getpid()) + "_" + name);
    std::remove(files_.back().c_str());
    return files_.back();
  }
  std::string File(const std::string& name, const std::string& content) {
    const std::string path = NewPath(name);
    std::ofstream(path) << content;
    return path;
  }
  std::string UnitsFile() {
    return File("units.csv",
                "code,level,name,parent_code\n"
                "02,province,Tỉnh Hà Giang,\n"
                "024,district,Thành phố Hà Giang,02\n"
                "00688,commune,Phường Quang Trung,024\n");
  }

  FakeServer server_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::vector<std::string> files_;
};

}  // namespace thon::cli

#endif  // THON_TESTS_UNIT_TOOLS_CLI_FIXTURE_H_
