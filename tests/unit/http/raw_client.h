// A browser reduced to a socket: sends bytes, and reads what an HTTP/1.1 server
// answers, over plain TCP or TLS of this machine.
#ifndef THON_TESTS_UNIT_HTTP_RAW_CLIENT_H_
#define THON_TESTS_UNIT_HTTP_RAW_CLIENT_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace thon::testing {

// How long anything may take before a test fails.
inline constexpr int kPatienceMs = 90'000;

struct RawResponse {
  int status = 0;  // 0: the connection ended before a head.
  std::vector<std::pair<std::string, std::string>> headers;  // Lower case.
  std::string body;                                          // Chunks joined.
  bool whole = false;  // The body ended as its framing says.

  std::string Header(absl::string_view name) const;
};

// Waits until `condition` holds, at most kPatienceMs; whether it does.
bool Eventually(const std::function<bool()>& condition);

class RawClient {
 public:
  // Connects at once; aborts the test program if it cannot.
  explicit RawClient(int port, bool tls = false);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Sends all of it; false if the server has closed or does not read.
  bool Send(absl::string_view bytes);
  // As much as the server takes at once; how much.
  std::size_t SendSome(absl::string_view bytes);
  // Repeats `bytes` until the server has taken none for a while, or `max` are
  // sent; how many.
  std::size_t SendUntilFull(absl::string_view bytes, std::size_t max);
  void CloseSend();
  void Close();
  // Closes with a reset, as a browser that is killed.
  void Reset();

  // The next answer; 100 Continue is an answer of its own.
  RawResponse Read(bool head_only = false);
  // The next answer's head, and then its chunks one by one; empty at the end.
  RawResponse ReadHead();
  std::string ReadChunk();
  // Whether the server closes without another byte.
  bool IsClosed();
  // The server's certificate, as DER.
  std::string Certificate() const;
  // Throws away up to so many bytes, waiting for them; how many there were.
  std::size_t ReadSome(std::size_t size_max);

 private:
  // Reads more into the buffer; false at the end, or after kPatienceMs.
  bool Fill();
  std::string Line(bool* found);
  std::string Take(std::size_t size, bool* found);

  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_RAW_CLIENT_H_
