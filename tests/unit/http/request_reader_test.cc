// A request means one thing, whoever reads it and however it arrives.
//
// Method: requests as bytes go through the reader whole, byte by byte and cut
// at random; what is ambiguous or beyond a bound has to be refused with its
// status. A request that is mutated at random must never be understood
// differently when it arrives in other pieces.
#include "server/http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/seed.h"

namespace thon {
namespace {

using State = RequestReader::State;

RequestRules SmallRules() {
  RequestRules rules;
  rules.head_bytes_max = 1024;
  rules.target_bytes_max = 256;
  rules.body_bytes_max = 100;
  return rules;
}

// All that a reader makes of bytes: the requests, and how it ends.
std::string Understand(absl::string_view bytes, std::mt19937_64* random) {
  const RequestRules rules = SmallRules();
  RequestReader reader(&rules);
  std::string seen;
  while (true) {
    const std::size_t size =
        random == nullptr
            ? bytes.size()
            : std::min<std::size_t>((*random)() % 9, bytes.size());
    State state = reader.Read(bytes.substr(0, size));
    bytes.remove_prefix(size);
    while (state == State::kComplete) {
      const bool keep_alive = reader.keep_alive();
      const HttpRequest request = reader.Take();
      absl::StrAppend(&seen, request.method, " ", request.path, "?",
                      request.query, " ", request.body, " ", keep_alive, ";");
      for (const auto& [name, value] : request.headers) {
        absl::StrAppend(&seen, name, "=", value, ",");
      }
      state = reader.Read({});
    }
    if (state == State::kRefused) {
      return absl::StrCat(seen, "refused ", reader.refusal().status);
    }
    if (bytes.empty()) return absl::StrCat(seen, reader.started() ? "cut" : "");
  }
}

std::string Get(absl::string_view rest) {
  return absl::StrCat("GET / HTTP/1.1\r\nHost: a\r\n", rest);
}
std::string Post(absl::string_view rest) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\n", rest);
}

TEST(RequestReader, ReadsWhatIsWellFormed) {
  EXPECT_EQ(Understand("GET /a%20b?c=%20 HTTP/1.1\r\nHost: a:1\r\n"
                       "X-Some:  words here \r\n\r\n",
                       nullptr),
            "GET /a b?c=%20  1;host=a:1,x-some=words here,");
  EXPECT_EQ(Understand(Post("Content-Length: 3\r\n\r\nabc"), nullptr),
            "POST /? abc 1;host=a,content-length=3,");
  EXPECT_EQ(Understand(Post("Transfer-Encoding: chunked\r\n\r\n"
                            "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n"
                            "Authorization: later\r\n\r\n"),
                       nullptr),
            "POST /? abcde 1;host=a,transfer-encoding=chunked,");
  EXPECT_EQ(Understand("\r\n\r\nGET / HTTP/1.0\r\n\r\n", nullptr),
            "GET /?  0;");
  EXPECT_EQ(Understand("GET http://a:80/b HTTP/1.1\r\nHost: a\r\n"
                       "Connection: close\r\n\r\n",
                       nullptr),
            "GET /b?  0;host=a,connection=close,");
  EXPECT_EQ(Understand(Get("\r\n") + Get("\r\n") + "GET", nullptr),
            "GET /?  1;host=a,GET /?  1;host=a,cut");
}

struct Bad {
  const char* name;
  std::string bytes;
  int status;
};

std::vector<Bad> BadRequests() {
  const std::string zero(1, '\0');
  return {
      {"two lengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n\r\n"),
       400},
      {"the same length twice",
       Post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400},
      {"a list of lengths", Post("Content-Length: 3, 3\r\n\r\nabc"), 400},
      {"a length with a sign", Post("Content-Length: +3\r\n\r\nabc"), 400},
      {"a length below zero", Post("Content-Length: -3\r\n\r\nabc"), 400},
      {"a hexadecimal length", Post("Content-Length: 0x3\r\n\r\nabc"), 400},
      {"an empty length", Post("Content-Length: \r\n\r\nabc"), 400},
      {"a length beyond 64 bits",
       Post("Content-Length: 99999999999999999999\r\n\r\n"), 400},
      {"length and chunks",
       Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       400},
      {"chunks and length",
       Post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
       400},
      {"chunked twice",
       Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
       400},
      {"an encoding before chunked",
       Post("Transfer-Encoding: gzip, chunked\r\n\r\n"), 501},
      {"an encoding alone", Post("Transfer-Encoding: identity\r\n\r\n"), 501},
      {"chunked with a tab in it",
       Post("Transfer-Encoding: \x0b"
            "chunked\r\n\r\n"),
       400},
      {"a misspelt encoding", Post("Transfer-Encoding: xchunked\r\n\r\n"), 501},
      {"chunks in HTTP/1.0",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a blank before the colon", Post("Content-Length : 3\r\n\r\nabc"), 400},
      {"a folded line", Get("X: a\r\n b\r\n\r\n"), 400},
      {"a folded first line", Get(" X: a\r\n\r\n"), 400},
      {"a folded request line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"a bare newline", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"a bare return", Get("X: a\rb\r\n\r\n"), 400},
      {"a NUL in a value", Get("X: a" + zero + "b\r\n\r\n"), 400},
      {"a NUL in the target", "GET /" + zero + " HTTP/1.1\r\n\r\n", 400},
      {"a control character", Get("X: a\x01\r\n\r\n"), 400},
      {"no colon", Get("X\r\n\r\n"), 400},
      {"no name", Get(": a\r\n\r\n"), 400},
      {"a name with a blank", Get("X Y: a\r\n\r\n"), 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", Get("Host: b\r\n\r\n"), 400},
      {"a bad host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"a host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no version", "GET /\r\nHost: a\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"TLS on a plain port", "\x16\x03\x01\x02", 400},
      {"a method of its own", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"PUT", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", 405},
      {"a part ..", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"an encoded ..", "GET /%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"an encoded slash", "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"a bad escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"an odd expectation", Get("Expect: tea\r\n\r\n"), 417},
      {"a body beyond the bound", Post("Content-Length: 101\r\n\r\n"), 413},
      {"a chunk beyond the bound",
       Post("Transfer-Encoding: chunked\r\n\r\n65\r\n"), 413},
      {"chunks beyond the bound together",
       Post(absl::StrCat("Transfer-Encoding: chunked\r\n\r\n40\r\n",
                         std::string(64, 'a'), "\r\n40\r\n")),
       413},
      {"a chunk size that is none",
       Post("Transfer-Encoding: chunked\r\n\r\nzz\r\n"), 400},
      {"a chunk size with a sign",
       Post("Transfer-Encoding: chunked\r\n\r\n-1\r\n"), 400},
      {"a chunk size with 0x",
       Post("Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"), 400},
      {"a chunk size beyond 64 bits",
       Post("Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\n"), 400},
      {"a chunk longer than it says",
       Post("Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"), 400},
      {"a chunk's head beyond the bound",
       Post(absl::StrCat("Transfer-Encoding: chunked\r\n\r\n1;x=",
                         std::string(2000, 'a'))),
       431},
      {"a trailing length",
       Post("Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n"),
       400},
      {"a target beyond the bound",
       absl::StrCat("GET /", std::string(400, 'a')), 414},
      {"a target just beyond the bound",
       absl::StrCat("GET /", std::string(256, 'a'),
                    " HTTP/1.1\r\nHost: a\r\n\r\n"),
       414},
      {"a head beyond the bound", Get("X: " + std::string(1100, 'a')), 431},
      {"many headers",
       [] {
         std::string many;
         for (int i = 0; i < 200; ++i)
           absl::StrAppend(&many, "X", i, ": a\r\n");
         return Get(many);
       }(),
       431},
  };
}

TEST(RequestReader, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  for (const Bad& bad : BadRequests()) {
    EXPECT_EQ(Understand(bad.bytes, nullptr),
              absl::StrCat("refused ", bad.status))
        << bad.name;
  }
}

TEST(RequestReader, PiecesDoNotMatter) {
  std::mt19937_64 random = SeededRandom();
  std::vector<std::string> all;
  for (const Bad& bad : BadRequests()) all.push_back(bad.bytes);
  all.push_back(
      Get("\r\n") + Post("Content-Length: 3\r\n\r\nabc") +
      Post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
  for (const std::string& bytes : all) {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(Understand(bytes, &random), Understand(bytes, nullptr))
          << bytes;
    }
  }
}

// Beast 1.74 aborted when the last chunk of an empty body came as 3 + 1 bytes.
TEST(RequestReader, AnEmptyChunkedBodyMayComeByteByByte) {
  const RequestRules rules = SmallRules();
  RequestReader reader(&rules);
  State state = State::kHead;
  for (const char byte : Post("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
    EXPECT_NE(state, State::kComplete);
    state = reader.Read(absl::string_view(&byte, 1));
  }
  ASSERT_EQ(state, State::kComplete);
  EXPECT_EQ(reader.Take().body, "");
}

// The bytes of a request, changed in a few places, cut into pieces in two ways.
TEST(RequestReader, NoMutatedRequestIsUnderstoodInTwoWays) {
  std::mt19937_64 random = SeededRandom(1);
  const std::string whole =
      Post("Content-Length: 3\r\nX-A: b\r\n\r\nabc") + Get("\r\n") +
      Post(
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n"
          "T: u\r\n\r\n");
  constexpr absl::string_view kBytes = "\r\n :;,0123aZ\t%/?\x80=";
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
      const std::size_t at = random() % bytes.size();
      const char byte = kBytes[random() % kBytes.size()];
      switch (random() % 3) {
        case 0:
          bytes[at] = byte;
          break;
        case 1:
          bytes.insert(at, 1, byte);
          break;
        default:
          bytes.erase(at, 1 + random() % 3);
      }
    }
    ASSERT_EQ(Understand(bytes, &random), Understand(bytes, nullptr)) << bytes;
  }
}

TEST(RequestReader, NamesOfTheHostAreCheckedOnlyWhereThereAreSome) {
  RequestRules rules = SmallRules();
  rules.host_names = {"thon.example.vn"};
  const auto status = [&rules](absl::string_view host) {
    RequestReader reader(&rules);
    const State state =
        reader.Read(absl::StrCat("GET / HTTP/1.1\r\nHost: ", host, "\r\n\r\n"));
    return state == State::kRefused ? reader.refusal().status : 200;
  };
  EXPECT_EQ(status("thon.example.vn"), 200);
  EXPECT_EQ(status("THON.example.vn:7480"), 200);
  EXPECT_EQ(status("localhost:7480"), 200);
  EXPECT_EQ(status("127.0.0.1:7480"), 200);
  EXPECT_EQ(status("[::1]:7480"), 200);
  EXPECT_EQ(status("rebound.example.com"), 421);
  EXPECT_EQ(status("127.0.0.1.example.com"), 421);
  rules.host_names.clear();
  EXPECT_EQ(status("rebound.example.com"), 200);
}

}  // namespace
}  // namespace thon
