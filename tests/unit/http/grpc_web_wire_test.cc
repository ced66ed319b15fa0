// gRPC-Web's bytes: what is well formed is read as it was meant, and everything
// else has the status that gRPC gives it.
#include "server/http/grpc_web_wire.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "server/core/limits.h"
#include "tests/support/seed.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

using absl::StatusCode;
constexpr GrpcWebMode kBinary = GrpcWebMode::kBinary;
constexpr GrpcWebMode kText = GrpcWebMode::kText;

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

TEST(GrpcWebWire, AFrameIsReadAsItWasWritten) {
  std::mt19937_64 random = SeededRandom();
  for (int i = 0; i < 200; ++i) {
    std::string message;
    for (std::uint64_t n = random() % 400; n > 0; --n) {
      message.push_back(static_cast<char>(random()));
    }
    for (const GrpcWebMode mode : {kBinary, kText}) {
      EXPECT_THAT(
          ReadGrpcWebMessage(GrpcWebMessageFrame(message, mode), mode, ""),
          IsOkAndHolds(message));
    }
  }
}

TEST(GrpcWebWire, TextMayComeInPaddedPieces) {
  const std::string frame = GrpcWebMessageFrame("a message", kBinary);
  for (std::size_t cut = 0; cut <= frame.size(); ++cut) {
    const std::string text = absl::Base64Escape(frame.substr(0, cut)) +
                             absl::Base64Escape(frame.substr(cut));
    EXPECT_THAT(ReadGrpcWebMessage(text, kText, ""), IsOkAndHolds("a message"))
        << cut;
  }
}

TEST(GrpcWebWire, MalformedRequestsHaveTheRightStatus) {
  const std::string good = GrpcWebMessageFrame("abc", kBinary);
  const auto code = [](absl::string_view body, GrpcWebMode mode,
                       absl::string_view encoding = "") {
    return ReadGrpcWebMessage(body, mode, encoding).status().code();
  };
  EXPECT_EQ(code(good, kBinary), StatusCode::kOk);
  EXPECT_EQ(code("", kBinary), StatusCode::kUnimplemented);
  EXPECT_EQ(code("", kText), StatusCode::kUnimplemented);
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_EQ(code(good.substr(0, size), kBinary), StatusCode::kInternal)
        << size;
  }
  EXPECT_EQ(code(good + good, kBinary), StatusCode::kUnimplemented);
  EXPECT_EQ(code(good + "x", kBinary), StatusCode::kInternal);
  EXPECT_EQ(code(good + "xxxxxxxx", kBinary), StatusCode::kInternal);
  EXPECT_EQ(code(Bytes({0x80, 0, 0, 0, 0}), kBinary), StatusCode::kInternal);
  EXPECT_EQ(code(Bytes({0x02, 0, 0, 0, 0}), kBinary), StatusCode::kInternal);
  EXPECT_EQ(code(Bytes({1, 0, 0, 0, 0}), kBinary), StatusCode::kInternal);
  EXPECT_EQ(code(Bytes({1, 0, 0, 0, 0}), kBinary, "identity"),
            StatusCode::kInternal);
  EXPECT_EQ(code(Bytes({1, 0, 0, 0, 0}), kBinary, "gzip"),
            StatusCode::kUnimplemented);
  EXPECT_EQ(code(good, kBinary, "gzip"), StatusCode::kOk);
  EXPECT_EQ(code(Bytes({0, 0xff, 0xff, 0xff, 0xff}), kBinary),
            StatusCode::kResourceExhausted);
  const std::string largest(limits::kRequestBytesMax, 'a');
  EXPECT_EQ(code(GrpcWebMessageFrame(largest, kText), kText), StatusCode::kOk);
  EXPECT_EQ(code(GrpcWebMessageFrame(largest + "a", kBinary), kBinary),
            StatusCode::kResourceExhausted);
  // The largest message in text mode is not refused as a body.
  EXPECT_LE(GrpcWebMessageFrame(largest, kText).size(),
            limits::kHttpBodyBytesMax);

  for (const char* const bad : {"A", "AAA", "A===", "AA=A", "AAAAA", "AAA=A",
                                "====", "AAA A", "AAA-", "AA\nAA", "AAAA="}) {
    EXPECT_EQ(code(bad, kText), StatusCode::kInternal) << bad;
  }
}

TEST(GrpcWebWire, ContentTypes) {
  EXPECT_EQ(GrpcWebModeOf("application/grpc-web"), kBinary);
  EXPECT_EQ(GrpcWebModeOf("Application/gRPC-Web+proto; charset=utf-8"),
            kBinary);
  EXPECT_EQ(GrpcWebModeOf("application/grpc-web-text"), kText);
  EXPECT_EQ(GrpcWebModeOf("application/grpc-web-text+proto"), kText);
  for (const char* const other :
       {"", "application/grpc", "application/grpc-web+json", "text/plain",
        "application/grpc-webx", "application/grpc-web-text+thrift"}) {
    EXPECT_EQ(GrpcWebModeOf(other), GrpcWebMode::kNone) << other;
  }
  EXPECT_EQ(GrpcWebAnswerMode("", kText), kText);
  EXPECT_EQ(GrpcWebAnswerMode("*/*", kBinary), kBinary);
  EXPECT_EQ(GrpcWebAnswerMode("application/grpc-web-text", kBinary), kText);
  EXPECT_EQ(GrpcWebAnswerMode("a/b, application/grpc-web", kText), kBinary);
}

TEST(GrpcWebWire, TrailersAreOneLineEach) {
  GenericCallStatus status;
  status.code = 9;
  status.message = "50% không\r\nx-forged: 1";
  status.trailers = {{"a", "b"}, {"c-bin", Bytes({0xff, 0})}};
  const std::string frame = GrpcWebTrailersFrame(status, kBinary);
  ASSERT_GT(frame.size(), 5u);
  EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0x80);
  EXPECT_EQ(frame.substr(5),
            "grpc-status: 9\r\n"
            "grpc-message: 50%25 kh%C3%B4ng%0D%0Ax-forged: 1\r\n"
            "a: b\r\n"
            "c-bin: /wA\r\n");
}

TEST(GrpcWebWire, HeadersBecomeMetadata) {
  const auto metadata = MetadataOf({{"authorization", "Bearer x"},
                                    {"x-own", "a, b"},
                                    {"x-own", "c"},
                                    {"x-data-bin", "/wA=, AQ"},
                                    {"host", "a"},
                                    {"cookie", "b"},
                                    {"te", "trailers"},
                                    {"connection", "close"},
                                    {"origin", "\x80"},
                                    {"x-forwarded-for", "1.2.3.4"},
                                    {"sec-fetch-site", "same-origin"},
                                    {"user-agent", "\x80"},
                                    {"grpc-timeout", "1S"},
                                    {"x-grpc-web", "1"},
                                    {"x-user-agent", "grpc-web-javascript"}});
  ASSERT_THAT(metadata, IsOk());
  EXPECT_EQ(*metadata, (CallMetadata{{"authorization", "Bearer x"},
                                     {"x-own", "a, b"},
                                     {"x-own", "c"},
                                     {"x-data-bin", Bytes({0xff, 0})},
                                     {"x-data-bin", Bytes({1})}}));
}

// gRPC aborts the process over what metadata cannot carry.
TEST(GrpcWebWire, WhatMetadataCannotCarryIsRefused) {
  for (const auto& header : HttpHeaders{{"x-own", "\x80"},
                                        {"x-own", "a\tb"},
                                        {"x-own", "\x7f"},
                                        {"x~own", "a"},
                                        {"X-Own", "a"},
                                        {"x-data-bin", "***"},
                                        {"x-data-bin", "A"},
                                        {"x-data-bin", "AQ==,="}}) {
    EXPECT_THAT(MetadataOf({header}), StatusIs(StatusCode::kInvalidArgument))
        << header.first << " " << header.second;
  }
}

TEST(GrpcWebWire, Timeouts) {
  const auto read = [](absl::string_view text) {
    const auto timeout = ReadGrpcTimeout(text);
    return timeout.ok() ? timeout->value_or(-1) : -2;
  };
  EXPECT_EQ(read(""), -1);
  EXPECT_EQ(read("100m"), 100);
  EXPECT_EQ(read("2S"), 2000);
  EXPECT_EQ(read("3M"), 180'000);
  EXPECT_EQ(read("99999999H"), 359'999'996'400'000);
  EXPECT_EQ(read("1u"), 1);
  EXPECT_EQ(read("1000001n"), 2);
  EXPECT_EQ(read("0n"), 0);
  for (const char* const bad :
       {"m", "1", "123456789m", "-1m", "1.5S", "1s", " 1S", "1S "}) {
    EXPECT_EQ(read(bad), -2) << bad;
  }
}

}  // namespace
}  // namespace thon
