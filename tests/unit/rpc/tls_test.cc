// Goal: the server's certificates are made once, renewed when they must be, and
// what an operator put there is never written over.
// Method: folders with files of every kind, and a clock that the test moves.
#include "server/rpc/tls.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest()
      : directory_(
            absl::StrCat(::testing::TempDir(), "thon_tls_", ::getpid())) {
    std::filesystem::remove_all(directory_);
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  absl::StatusOr<TlsFiles> Load() {
    return LoadOrMakeTls(directory_, names_, now_);
  }
  std::string Path(const char* name) const {
    return absl::StrCat(directory_, "/", name);
  }
  std::string Read(const char* name) const {
    std::ifstream file(Path(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void Write(const char* name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  int Mode(const std::string& path) const {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  const std::string directory_;
  std::vector<std::string> names_ = {"localhost", "127.0.0.1"};
  Instant now_ = *ParseInstant("2026-01-01T00:00:00Z");
};

TEST_F(TlsTest, TheFirstStartMakesAnAuthorityAndAServerAndTheNextUsesThem) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles first, Load());
  EXPECT_EQ(first.ca_fingerprint.size(), 64u);
  ASSERT_OK_AND_ASSIGN(const TlsFiles second, Load());
  EXPECT_EQ(first.ca_certificate, second.ca_certificate);
  EXPECT_EQ(first.server_certificate, second.server_certificate);
  EXPECT_EQ(first.server_key, second.server_key);
  EXPECT_EQ(first.ca_fingerprint, second.ca_fingerprint);
}

TEST_F(TlsTest, KeysAreTheirOwnersAlone) {
  ASSERT_THAT(Load(), IsOk());
  EXPECT_EQ(Mode(Path("ca.key")), 0600);
  EXPECT_EQ(Mode(Path("server.key")), 0600);
  EXPECT_EQ(Mode(directory_), 0700);
  for (const auto& file : std::filesystem::directory_iterator(directory_)) {
    EXPECT_NE(file.path().extension(), ".new");
  }
}

TEST_F(TlsTest, ANewNameGetsANewCertificateOfTheSameAuthority) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles first, Load());
  names_.push_back("thon.yenbai.example");
  names_.push_back("192.0.2.7");
  ASSERT_OK_AND_ASSIGN(const TlsFiles second, Load());
  EXPECT_NE(first.server_certificate, second.server_certificate);
  EXPECT_EQ(first.ca_certificate, second.ca_certificate);
  EXPECT_EQ(first.server_key, second.server_key)
      << "a crash between two files would leave a pair that does not match";
  names_.pop_back();
  ASSERT_OK_AND_ASSIGN(const TlsFiles fewer, Load());
  EXPECT_EQ(fewer.server_certificate, second.server_certificate)
      << "fewer names are covered still";
}

TEST_F(TlsTest, ACertificateIsRenewedInItsLastThirtyDays) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles first, Load());
  now_.ms += 360 * kDayMs;
  ASSERT_OK_AND_ASSIGN(const TlsFiles kept, Load());
  EXPECT_EQ(first.server_certificate, kept.server_certificate);
  now_.ms += 10 * kDayMs;
  ASSERT_OK_AND_ASSIGN(const TlsFiles renewed, Load());
  EXPECT_NE(first.server_certificate, renewed.server_certificate);
  EXPECT_EQ(first.ca_certificate, renewed.ca_certificate);
}

TEST_F(TlsTest, ACrashWhileFilesAreMadeIsMended) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles first, Load());
  std::filesystem::remove(Path("server.crt"));
  ASSERT_OK_AND_ASSIGN(const TlsFiles again, Load());
  EXPECT_EQ(first.ca_certificate, again.ca_certificate);
  std::filesystem::remove(Path("server.key"));
  EXPECT_THAT(Load(), IsOk());
  std::filesystem::remove(Path("server.crt"));
  std::filesystem::remove(Path("server.key"));
  std::filesystem::remove(Path("ca.crt"));
  EXPECT_THAT(Load(), IsOk()) << "only ca.key was written";
}

TEST_F(TlsTest, AnotherAuthoritysPairIsUsedAndLeftAsItIs) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles made, Load());
  // Only what an operator would bring: a pair, without the authority's key.
  std::filesystem::remove(Path("ca.key"));
  names_.push_back("another.example");
  ASSERT_OK_AND_ASSIGN(const TlsFiles used, Load());
  EXPECT_EQ(used.server_certificate, made.server_certificate);
  EXPECT_EQ(Read("server.crt"), made.server_certificate);

  std::filesystem::remove(Path("ca.crt"));
  ASSERT_OK_AND_ASSIGN(const TlsFiles alone, Load());
  EXPECT_EQ(alone.ca_certificate, alone.server_certificate)
      << "clients pin the certificate itself";

  now_.ms += 400 * kDayMs;
  EXPECT_THAT(Load(),
              StatusIs(absl::StatusCode::kFailedPrecondition, "has expired"));
}

TEST_F(TlsTest, WhatIsNoCertificateOrKeyIsNamedAndNotWrittenOver) {
  ASSERT_OK_AND_ASSIGN(const TlsFiles made, Load());
  Write("server.crt", "not a certificate");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               "server.crt is no PEM certificate"));
  EXPECT_EQ(Read("server.crt"), "not a certificate");
  Write("server.crt", made.server_certificate);
  Write("server.key", "not a key");
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               "server.key is no PEM private key"));
  Write("server.key", Read("ca.key"));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               "server.key is not the key of"));
  std::filesystem::remove(Path("server.key"));
  std::filesystem::remove(Path("ca.key"));
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kFailedPrecondition, "lacks"));
}

TEST_F(TlsTest, AFolderThatCannotBeMadeIsSaid) {
  std::filesystem::create_directories(
      std::filesystem::path(directory_).parent_path());
  std::ofstream(directory_) << "a file";
  EXPECT_THAT(Load(), StatusIs(absl::StatusCode::kUnavailable, "cannot make"));
}

}  // namespace
}  // namespace thon
