#include "server/http/grpc_web_wire.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/limits.h"

namespace thon {
namespace {

// A frame: flags, the payload's size in four bytes, big end first, the payload.
constexpr std::size_t kFrameHeadBytes = 5;
constexpr unsigned char kCompressed = 0x01;
constexpr unsigned char kTrailers = 0x80;

// What HTTP, browsers and proxies say to each other, sorted. A service that
// asks who its caller is must not hear it from the caller.
constexpr absl::string_view kNotMetadata[] = {
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "referer",
    "save-data",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-grpc-web",
    "x-real-ip",
    "x-user-agent",
};
constexpr absl::string_view kNotMetadataPrefixes[] = {"grpc-", "if-", "proxy-",
                                                      "sec-", "x-forwarded-"};

bool IsMetadata(absl::string_view name) {
  return !std::binary_search(std::begin(kNotMetadata), std::end(kNotMetadata),
                             name) &&
         std::none_of(std::begin(kNotMetadataPrefixes),
                      std::end(kNotMetadataPrefixes),
                      [name](absl::string_view prefix) {
                        return absl::StartsWith(name, prefix);
                      });
}

// Base64 with padding or without, and nothing else.
bool Decode(absl::string_view text, std::string* bytes) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' ||
           c == '/' || c == '=';
  });
  return plain && absl::Base64Unescape(text, bytes);
}

// gRPC's senders leave the padding out.
std::string EncodeWithoutPadding(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (absl::EndsWith(text, "=")) text.pop_back();
  return text;
}

// Text mode: pieces of base64, each with its padding, one behind the other.
absl::StatusOr<std::string> DecodePieces(absl::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  while (!text.empty()) {
    std::size_t end = text.find('=');
    // The piece ends with the group that is padded.
    end = end == absl::string_view::npos
              ? text.size()
              : std::min(text.size(), end / 4 * 4 + 4);
    std::string piece;
    if (end % 4 != 0 || !Decode(text.substr(0, end), &piece)) {
      return absl::InternalError("malformed gRPC-Web text: it is not base64");
    }
    bytes += piece;
    text.remove_prefix(end);
  }
  return bytes;
}

std::string Frame(unsigned char flags, absl::string_view payload,
                  GrpcWebMode mode) {
  std::string frame;
  frame.reserve(kFrameHeadBytes + payload.size());
  frame.push_back(static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame.push_back(static_cast<char>((payload.size() >> shift) & 0xff));
  }
  frame.append(payload.data(), payload.size());
  return mode == GrpcWebMode::kText ? absl::Base64Escape(frame) : frame;
}

// gRPC's percent-encoding of a status message.
std::string EncodeMessage(absl::string_view message) {
  std::string text;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && byte != '%') {
      text.push_back(c);
    } else {
      constexpr absl::string_view kDigits = "0123456789ABCDEF";
      text.push_back('%');
      text.push_back(kDigits[byte >> 4]);
      text.push_back(kDigits[byte & 0x0f]);
    }
  }
  return text;
}

}  // namespace

GrpcWebMode GrpcWebModeOf(absl::string_view content_type) {
  const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(
      content_type.substr(0, content_type.find(';'))));
  if (type == "application/grpc-web" || type == "application/grpc-web+proto") {
    return GrpcWebMode::kBinary;
  }
  if (type == "application/grpc-web-text" ||
      type == "application/grpc-web-text+proto") {
    return GrpcWebMode::kText;
  }
  return GrpcWebMode::kNone;
}

GrpcWebMode GrpcWebAnswerMode(absl::string_view accept, GrpcWebMode asked) {
  for (const absl::string_view one : absl::StrSplit(accept, ',')) {
    const GrpcWebMode mode = GrpcWebModeOf(one);
    if (mode != GrpcWebMode::kNone) return mode;
  }
  return asked;
}

absl::string_view GrpcWebContentType(GrpcWebMode mode) {
  return mode == GrpcWebMode::kText ? "application/grpc-web-text+proto"
                                    : "application/grpc-web+proto";
}

absl::StatusOr<std::string> ReadGrpcWebMessage(absl::string_view body,
                                               GrpcWebMode mode,
                                               absl::string_view encoding) {
  std::string decoded;
  if (mode == GrpcWebMode::kText) {
    absl::StatusOr<std::string> bytes = DecodePieces(body);
    if (!bytes.ok()) return bytes.status();
    decoded = *std::move(bytes);
    body = decoded;
  }
  if (body.empty()) {
    return absl::UnimplementedError("the request has no message");
  }
  if (body.size() < kFrameHeadBytes) {
    return absl::InternalError("malformed gRPC-Web frame: it is too short");
  }
  const auto byte = [body](std::size_t i) {
    return static_cast<unsigned char>(body[i]);
  };
  const unsigned char flags = byte(0);
  std::size_t size = 0;
  for (std::size_t i = 1; i < kFrameHeadBytes; ++i) size = size << 8 | byte(i);
  if ((flags & ~kCompressed) != 0) {
    return absl::InternalError("malformed gRPC-Web frame: unknown flags");
  }
  if (size > limits::kRequestBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the message has ", size, " bytes; at most ",
                     limits::kRequestBytesMax, " are taken"));
  }
  body.remove_prefix(kFrameHeadBytes);
  if (size > body.size()) {
    return absl::InternalError(
        "malformed gRPC-Web frame: it is shorter than it says");
  }
  if (flags == kCompressed) {
    if (encoding.empty() || encoding == "identity") {
      return absl::InternalError(
          "malformed gRPC-Web frame: compressed, but grpc-encoding is absent");
    }
    return absl::UnimplementedError(
        "compressed messages are not taken; send grpc-encoding identity");
  }
  if (body.size() > size) {
    // A second message, or what is no frame.
    if (body.size() - size >= kFrameHeadBytes && body[size] == 0) {
      return absl::UnimplementedError("the request has more than one message");
    }
    return absl::InternalError(
        "malformed gRPC-Web frame: there are bytes behind it");
  }
  return std::string(body);
}

std::string GrpcWebMessageFrame(absl::string_view message, GrpcWebMode mode) {
  return Frame(0, message, mode);
}

std::string GrpcWebTrailersFrame(const GenericCallStatus& status,
                                 GrpcWebMode mode) {
  std::string lines;
  for (const auto& [name, value] : GrpcWebTrailers(status)) {
    absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  return Frame(kTrailers, lines, mode);
}

HttpHeaders GrpcWebTrailers(const GenericCallStatus& status) {
  HttpHeaders headers = {{"grpc-status", absl::StrCat(status.code)}};
  if (!status.message.empty()) {
    headers.emplace_back("grpc-message", EncodeMessage(status.message));
  }
  for (auto& header : HeadersOf(status.trailers)) {
    headers.push_back(std::move(header));
  }
  return headers;
}

HttpHeaders HeadersOf(const CallMetadata& metadata) {
  HttpHeaders headers;
  for (const auto& [key, value] : metadata) {
    headers.emplace_back(
        key, absl::EndsWith(key, "-bin") ? EncodeWithoutPadding(value) : value);
  }
  return headers;
}

absl::StatusOr<CallMetadata> MetadataOf(const HttpHeaders& headers) {
  CallMetadata metadata;
  for (const auto& [name, value] : headers) {
    if (!IsMetadata(name)) continue;
    if (absl::EndsWith(name, "-bin")) {
      // Browsers join values of one name.
      for (const absl::string_view one : absl::StrSplit(value, ',')) {
        std::string bytes;
        if (!Decode(absl::StripAsciiWhitespace(one), &bytes)) {
          return absl::InvalidArgumentError(
              absl::StrCat("the header ", name, " is not base64"));
        }
        metadata.emplace_back(name, std::move(bytes));
      }
    } else {
      metadata.emplace_back(name, value);
    }
    if (!IsLegalMetadata(metadata.back().first, metadata.back().second)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the header ", absl::CHexEscape(name),
          " cannot be metadata: names have a-z 0-9 _ - . and values visible "
          "ASCII; put bytes into a name that ends with -bin"));
    }
  }
  return metadata;
}

absl::StatusOr<std::optional<std::int64_t>> ReadGrpcTimeout(
    absl::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto wrong = absl::InvalidArgumentError(
      "grpc-timeout must be 1 to 8 digits and one of H M S m u n");
  const absl::string_view digits = text.substr(0, text.size() - 1);
  std::int64_t number = 0;
  if (digits.empty() || digits.size() > 8 ||
      !std::all_of(digits.begin(), digits.end(),
                   [](char c) {
                     return absl::ascii_isdigit(static_cast<unsigned char>(c));
                   }) ||
      !absl::SimpleAtoi(digits, &number)) {
    return wrong;
  }
  switch (text.back()) {
    case 'H':
      return number * 3'600'000;
    case 'M':
      return number * 60'000;
    case 'S':
      return number * 1000;
    case 'm':
      return number;
    case 'u':
      return (number + 999) / 1000;
    case 'n':
      return (number + 999'999) / 1'000'000;
    default:
      return wrong;
  }
}

}  // namespace thon
