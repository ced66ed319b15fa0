// From bytes to requests: HTTP/1.1's grammar and the bounds of a request, with
// no socket and no clock.
//
// Words: the head is the request line and the header lines up to the empty
// line; unread bytes are those behind the request that is being read.
#ifndef THON_HTTP_REQUEST_READER_H_
#define THON_HTTP_REQUEST_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"
#include "server/http/http_stats.h"

namespace thon {

struct RequestRules {
  std::size_t head_bytes_max = 0;
  std::size_t target_bytes_max = 0;
  std::size_t body_bytes_max = 0;
  // As HttpServerOptions has it, in lower case.
  std::vector<std::string> host_names;
};

// Why a request is refused, and what its sender is told.
struct RequestRefusal {
  HttpRefusal reason = HttpRefusal::kMalformed;
  int status = 400;
  std::string text;
};

// Thread-safety: none.
class RequestReader {
 public:
  enum class State {
    kHead,      // The head is not complete.
    kBody,      // The head is; the body is not.
    kComplete,  // Take() it.
    kRefused,   // For good: nothing that follows can be understood.
  };

  // `rules` is not owned and outlives the reader.
  explicit RequestReader(const RequestRules* rules);
  ~RequestReader();

  // Adds bytes and reads as far as they go. After Take(), Read({}) goes on with
  // the unread ones.
  State Read(absl::string_view bytes);

  // Adds bytes that the next Read() will look at.
  void Keep(absl::string_view bytes);
  // Whether a byte of the next request, or of the one that is read, is there.
  bool started() const;
  std::size_t unread_bytes() const { return buffer_.size() - at_; }

  // In kBody and kComplete.
  bool expects_continue() const { return expects_continue_; }
  std::size_t body_bytes() const;  // Read so far.
  bool keep_alive() const { return keep_alive_; }
  bool is_http_1_0() const { return http_1_0_; }

  // In kRefused.
  const RequestRefusal& refusal() const { return refusal_; }

  // The complete request, without peer and secure; then begins the next one.
  HttpRequest Take();

 private:
  class Parser;

  State ReadHead();
  State ReadBody();
  // The head's end in the buffer, 0 if it is not there yet; refuses what no
  // head may contain.
  std::size_t FindHeadEnd();
  bool CheckHead();
  bool CheckLengths();
  bool CheckHost(absl::string_view authority);
  State Refuse(HttpRefusal reason, int status, absl::string_view text);

  const RequestRules* const rules_;
  std::string buffer_;
  std::size_t at_ = 0;          // The first unread byte of the buffer.
  std::size_t scanned_ = 0;     // From at_: looked at by FindHeadEnd().
  std::size_t line_start_ = 0;  // Likewise: where the current line begins.
  State state_ = State::kHead;
  std::unique_ptr<Parser> parser_;
  HttpRequest request_;
  bool expects_continue_ = false;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  RequestRefusal refusal_;
};

}  // namespace thon

#endif  // THON_HTTP_REQUEST_READER_H_
