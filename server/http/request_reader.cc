#include "server/http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/http/request_target.h"

namespace thon {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

// Around the target of a request line: method, version, blanks.
constexpr std::size_t kRequestLineRest = 64;

constexpr absl::string_view kLastChunk = "0\r\n\r\n";

// A std::string that grows with what has come, not with what was announced.
struct GrowingBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool kIsRequest, class Fields>
    reader(beast::http::header<kIsRequest, Fields>&, value_type& body)
        : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, beast::error_code& error) {
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& error) {
      std::size_t size = 0;
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
        size += buffer.size();
      }
      error = {};
      return size;
    }
    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

absl::string_view View(boost::string_view text) {
  return absl::string_view(text.data(), text.size());
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

}  // namespace

class RequestReader::Parser {
 public:
  explicit Parser(const RequestRules& rules) {
    // The head has been measured already.
    parser_.header_limit(static_cast<std::uint32_t>(rules.head_bytes_max + 1));
    parser_.body_limit(rules.body_bytes_max);
  }

  // Reads a whole head.
  beast::error_code PutHead(absl::string_view head) {
    beast::error_code error;
    parser_.put(asio::const_buffer(head.data(), head.size()), error);
    parser_.eager(true);
    return error;
  }

  // Reads some of the body; how many bytes were used up.
  std::size_t PutBody(absl::string_view bytes, beast::error_code* error) {
    return parser_.put(asio::const_buffer(bytes.data(), bytes.size()), *error);
  }

  bool head_done() const { return parser_.is_header_done(); }
  bool done() const { return parser_.is_done(); }
  bool chunked() const { return parser_.chunked(); }
  beast::http::request<GrowingBody>& message() { return parser_.get(); }
  bool keep_alive() const { return parser_.keep_alive(); }

 private:
  beast::http::request_parser<GrowingBody> parser_;
};

RequestReader::RequestReader(const RequestRules* rules) : rules_(rules) {}
RequestReader::~RequestReader() = default;

bool RequestReader::started() const {
  return state_ != State::kHead || unread_bytes() > 0;
}

std::size_t RequestReader::body_bytes() const {
  return parser_ == nullptr ? request_.body.size()
                            : parser_->message().body().size();
}

void RequestReader::Keep(absl::string_view bytes) {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_.append(bytes.data(), bytes.size());
}

RequestReader::State RequestReader::Read(absl::string_view bytes) {
  if (!bytes.empty()) Keep(bytes);
  if (state_ == State::kHead) ReadHead();
  if (state_ == State::kBody) ReadBody();
  return state_;
}

HttpRequest RequestReader::Take() {
  state_ = State::kHead;
  scanned_ = line_start_ = 0;
  expects_continue_ = false;
  parser_.reset();
  HttpRequest request = std::move(request_);
  request_ = HttpRequest();
  return request;
}

RequestReader::State RequestReader::Refuse(HttpRefusal reason, int status,
                                           absl::string_view text) {
  refusal_ = RequestRefusal{reason, status, std::string(text)};
  parser_.reset();
  request_ = HttpRequest();
  buffer_.clear();
  at_ = 0;
  return state_ = State::kRefused;
}

std::size_t RequestReader::FindHeadEnd() {
  const absl::string_view text = absl::string_view(buffer_).substr(at_);
  for (; scanned_ < text.size(); ++scanned_) {
    const char byte = text[scanned_];
    const bool after_return = scanned_ > 0 && text[scanned_ - 1] == '\r';
    if (byte == '\n' ? !after_return : after_return) {
      Refuse(HttpRefusal::kMalformed, 400, "a line does not end with CR LF");
      return 0;
    }
    if (byte == '\n') {
      if (scanned_ == line_start_ + 1) return ++scanned_;
      line_start_ = scanned_ + 1;
    } else if (byte != '\r' && byte != '\t' &&
               absl::ascii_iscntrl(static_cast<unsigned char>(byte))) {
      Refuse(HttpRefusal::kMalformed, 400, "the head has a control character");
      return 0;
    } else if (scanned_ == line_start_ && (byte == ' ' || byte == '\t')) {
      Refuse(HttpRefusal::kMalformed, 400, "a header line is folded");
      return 0;
    }
    if (line_start_ == 0 &&
        scanned_ > rules_->target_bytes_max + kRequestLineRest) {
      Refuse(HttpRefusal::kTargetTooLong, 414, "the target is too long");
      return 0;
    }
    if (scanned_ >= rules_->head_bytes_max) {
      Refuse(HttpRefusal::kHeadTooLarge, 431, "the headers are too large");
      return 0;
    }
  }
  return 0;
}

RequestReader::State RequestReader::ReadHead() {
  // Empty lines before a request, which some senders put behind a body.
  while (scanned_ == 0 && buffer_.compare(at_, 2, "\r\n") == 0) at_ += 2;
  if (scanned_ == 0 && buffer_.compare(at_, std::string::npos, "\r") == 0) {
    return state_;  // Half of one.
  }
  const std::size_t end = FindHeadEnd();
  if (end == 0) return state_;

  namespace http = beast::http;
  parser_ = std::make_unique<Parser>(*rules_);
  const beast::error_code error =
      parser_->PutHead(absl::string_view(buffer_).substr(at_, end));
  at_ += end;
  if (error == http::error::body_limit) {
    return Refuse(HttpRefusal::kBodyTooLarge, 413, "the body is too large");
  }
  if (error == http::error::bad_version) {
    return Refuse(HttpRefusal::kMalformed, 505, "this server speaks HTTP/1.1");
  }
  if (error || !parser_->head_done()) {
    return Refuse(HttpRefusal::kMalformed, 400,
                  absl::StrCat("the head is malformed: ",
                               error ? error.message() : "it is not complete"));
  }
  if (!CheckHead()) return state_;
  keep_alive_ = parser_->keep_alive() && !http_1_0_;
  state_ = State::kBody;
  return state_;
}

bool RequestReader::CheckHead() {
  const auto& message = parser_->message();
  const auto refuse = [this](HttpRefusal reason, int status,
                             absl::string_view text) {
    Refuse(reason, status, text);
    return false;
  };
  if (message.version() != 10 && message.version() != 11) {
    return refuse(HttpRefusal::kMalformed, 505, "this server speaks HTTP/1.1");
  }
  http_1_0_ = message.version() == 10;
  if (message.target().size() > rules_->target_bytes_max) {
    return refuse(HttpRefusal::kTargetTooLong, 414, "the target is too long");
  }
  for (const auto& field : message) {
    request_.headers.emplace_back(
        absl::AsciiStrToLower(View(field.name_string())),
        std::string(View(field.value())));
  }
  request_.method = std::string(View(message.method_string()));
  if (!CheckLengths()) return false;
  if (request_.method != "GET" && request_.method != "HEAD" &&
      request_.method != "POST") {
    return refuse(HttpRefusal::kMethod, 405, "this server takes GET and POST");
  }
  RequestTarget target;
  if (const char* const wrong = ReadTarget(View(message.target()), &target)) {
    return refuse(HttpRefusal::kMalformed, 400, wrong);
  }
  if (!CheckHost(target.authority)) return false;
  request_.path = std::move(target.path);
  request_.query = std::move(target.query);
  if (const absl::string_view expected = request_.Header("expect");
      !expected.empty() && !http_1_0_) {
    if (!absl::EqualsIgnoreCase(expected, "100-continue")) {
      return refuse(HttpRefusal::kExpectation, 417, "the expectation is odd");
    }
    expects_continue_ = true;
  }
  return true;
}

// Beast refuses a length beside chunks; what it lets pass is a list of equal
// lengths and encodings that it does not know.
bool RequestReader::CheckLengths() {
  int lengths = 0;
  int encodings = 0;
  for (const auto& [name, value] : request_.headers) {
    if (name == "content-length") {
      ++lengths;
      if (!IsNumber(value)) lengths = 2;
    }
    if (name == "transfer-encoding") {
      ++encodings;
      if (!absl::EqualsIgnoreCase(value, "chunked")) {
        Refuse(HttpRefusal::kMalformed, 501,
               "the only transfer-encoding is chunked");
        return false;
      }
    }
  }
  if (lengths + encodings > 1 || (encodings > 0 && http_1_0_)) {
    Refuse(HttpRefusal::kMalformed, 400, "the body's length is ambiguous");
    return false;
  }
  return true;
}

bool RequestReader::CheckHost(absl::string_view authority) {
  int hosts = 0;
  absl::string_view host;
  for (const auto& [name, value] : request_.headers) {
    if (name != "host") continue;
    ++hosts;
    host = value;
  }
  if (hosts > 1 || (hosts == 0 && !http_1_0_) ||
      (hosts == 1 && !IsHost(host))) {
    Refuse(HttpRefusal::kMalformed, 400, "there must be one host header");
    return false;
  }
  if (!authority.empty()) host = authority;
  if (!host.empty() && !IsHostAllowed(host, rules_->host_names)) {
    Refuse(HttpRefusal::kHost, 421, "this server has another name");
    return false;
  }
  return true;
}

RequestReader::State RequestReader::ReadBody() {
  while (!parser_->done()) {
    // Beast 1.74 aborts when it sees a first chunk that is the last grow from
    // three bytes to four. Whatever these are, five follow from here at least.
    if (parser_->chunked() && unread_bytes() < kLastChunk.size() &&
        absl::StartsWith(absl::string_view(buffer_).substr(at_),
                         kLastChunk.substr(0, 3))) {
      return state_;
    }
    beast::error_code error;
    const std::size_t used =
        parser_->PutBody(absl::string_view(buffer_).substr(at_), &error);
    at_ += used;
    if (error == beast::http::error::need_more) {
      // A chunk's head, or what follows the last chunk.
      if (unread_bytes() > rules_->head_bytes_max) {
        return Refuse(HttpRefusal::kHeadTooLarge, 431,
                      "a chunk's head is too large");
      }
      return state_;
    }
    if (error == beast::http::error::body_limit) {
      return Refuse(HttpRefusal::kBodyTooLarge, 413, "the body is too large");
    }
    if (error) {
      return Refuse(HttpRefusal::kMalformed, 400,
                    absl::StrCat("the body is malformed: ", error.message()));
    }
    if (used == 0) return state_;
  }
  request_.body = std::move(parser_->message().body());
  parser_.reset();
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  }
  return state_ = State::kComplete;
}

}  // namespace thon
