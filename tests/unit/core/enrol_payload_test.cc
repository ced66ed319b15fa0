// The text of an enrolment QR says one thing only, and a code can be typed as
// it is printed.
//
// Method: what is written is read again; texts that are wrong in one way each.
#include "server/core/enrol_payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

using ::testing::HasSubstr;

constexpr char kCode[] = "ABCDEFGHIJKLMNOPQRSTUV2345";

EnrolPayload Example() {
  return {"thon.yenbai.gov.vn:7443", kCode, std::string(62, '0') + "9f"};
}

TEST(EnrolPayloadTest, WhatIsWrittenIsRead) {
  for (const std::string server :
       {"thon.yenbai.gov.vn:7443", "10.0.0.1:1", "[2001:db8::1]:65535"}) {
    EnrolPayload payload = Example();
    payload.server = server;
    const std::string text = EnrolPayloadText(payload);
    EXPECT_THAT(ParseEnrolPayload(text), IsOkAndHolds(payload));
    EXPECT_THAT(ParseEnrolPayload(absl::StrCat(" ", text, "\r\n")),
                IsOkAndHolds(payload));
  }
}

TEST(EnrolPayloadTest, TheTextIsTheOneDocumented) {
  EXPECT_EQ(EnrolPayloadText(Example()),
            absl::StrCat("THON1/THON.YENBAI.GOV.VN:7443/", kCode, "/",
                         std::string(62, '0'), "9F"));
}

TEST(EnrolPayloadTest, AnythingElseIsRefusedByThePartThatIsWrong) {
  const std::string print(64, 'A');
  const struct {
    std::string text;
    std::string message;
  } cases[] = {
      {"", "no enrolment code"},
      {kCode, "no enrolment code"},
      {absl::StrCat("THON2/A:1/", kCode, "/", print), "no enrolment code"},
      {absl::StrCat("THON1/A:1/", kCode, "/", print, "/x"),
       "no enrolment code"},
      {absl::StrCat("THON1/A/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/:1/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/A:0/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/A:65536/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/A:+1/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/A B:1/", kCode, "/", print), "HOST:PORT"},
      {absl::StrCat("THON1/A:1/", kCode, "A/", print), "26 letters"},
      {absl::StrCat("THON1/A:1/1BCDEFGHIJKLMNOPQRSTUV2345/", print),
       "26 letters"},
      {absl::StrCat("THON1/A:1/", kCode, "/", print, "A"), "fingerprint"},
      {absl::StrCat("THON1/A:1/", kCode, "/G", print.substr(1)), "fingerprint"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(
        ParseEnrolPayload(c.text),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.text;
  }
}

TEST(EnrolPayloadTest, ACodeIsTypedAsItIsPrintedOrNearly) {
  EXPECT_EQ(GroupedEnrolCode(kCode), "ABCD EFGH IJKL MNOP QRST UV23 45");
  EXPECT_THAT(TypedEnrolCode(GroupedEnrolCode(kCode)), IsOkAndHolds(kCode));
  EXPECT_THAT(TypedEnrolCode("abcd-efgh 1jkl mn0p qrst uv23 45"),
              IsOkAndHolds(kCode));
  for (const std::string wrong :
       {"", "ABCD", "ABCD EFGH IJKL MNOP QRST UV23 458",
        "8BCD EFGH IJKL MNOP QRST UV23 45"}) {
    EXPECT_THAT(TypedEnrolCode(wrong),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace thon
