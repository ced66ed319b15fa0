// One connection of the HTTP server: from its handshake to its end.
#ifndef THON_HTTP_HTTP_CONNECTION_H_
#define THON_HTTP_HTTP_CONNECTION_H_

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/http/http_handler.h"
#include "server/http/http_shared.h"
#include "server/http/http_stats.h"
#include "server/http/request_reader.h"

namespace thon {

// Lifetime: shared by the server's list until Close(), and by its operations
// under way. Answers hold it weakly.
//
// Threads: everything private runs on the connection's strand. At most one
// read and one write are under way; one timer bounds the phase.
//
// While a request is answered, reading goes on, so that a browser that leaves
// is noticed; what it sends meanwhile is kept, up to a bound.
class HttpConnection final
    : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using TlsContext = boost::asio::ssl::context;

  // `tls` is null for plain text. `surplus`: refused once its first request's
  // head is there.
  HttpConnection(HttpShared* shared, Socket socket,
                 std::shared_ptr<TlsContext> tls, std::string peer,
                 std::string peer_key, std::optional<HttpRefusal> surplus);
  ~HttpConnection();

  // From any thread.
  void Start();
  void Abort();

 private:
  friend class HttpAnswerStream;

  enum class Phase {
    kHandshake,
    kIdle,       // No byte of a request is there.
    kHead,       // Some are.
    kBody,       // The head is complete.
    kAnswering,  // The request is complete, or refused.
    kDraining,   // The last answer is sent; what comes is thrown away.
    kTlsEnding,  // TLS says goodbye.
    kClosed,
  };

  void Begin();
  void Handshake();
  // The next request, or what there is of it.
  void BeginRequest();
  void Advance(absl::string_view bytes);
  void AdvanceBody();
  bool ReserveBody();
  void ReleaseBody();
  void Serve();
  void Refuse(HttpRefusal reason, int status, absl::string_view text);

  // Of the answer to the request number `request`; others are too late.
  bool IsCurrent(std::uint64_t request) const;
  void SendWhole(HttpResponse response);
  void SendHead(int status, const HttpHeaders& headers);
  void SendPiece(std::string piece, std::function<void(bool)> written);
  void SendEnd();
  void EndAnswer();

  void Arm(std::int64_t ms);
  void OnTimeout();
  void StartRead();
  void OnRead(const boost::system::error_code& error, std::size_t size);
  void OnEnd(bool clean);
  // Queues bytes; `written` as HttpStream::Write() has it, or null.
  void Send(std::string bytes, std::function<void(bool)> written);
  void StartWrite();
  void OnWritten(const boost::system::error_code& error, std::size_t size);
  void CloseSoftly();
  void EndTls();
  void Close();

  HttpShared* const shared_;
  const std::string peer_;
  const std::string peer_key_;
  const std::optional<HttpRefusal> surplus_;
  const std::shared_ptr<TlsContext> tls_context_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  boost::asio::steady_timer timer_;
  std::uint64_t armed_ = 0;  // Counts Arm(): a timer that lost does nothing.

  Phase phase_ = Phase::kHandshake;
  RequestReader reader_;
  std::array<char, 8192> incoming_;
  bool reading_ = false;
  bool ended_ = false;  // The browser sends nothing any more.
  std::size_t drained_ = 0;
  std::size_t body_reserved_ = 0;
  bool continued_ = false;  // 100 Continue was sent, or was not needed.
  bool refused_ = false;

  std::uint64_t request_ = 0;  // Counts requests.
  bool answered_ = false;      // The answer has begun.
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool streaming_ = false;      // Serve() was a stream handler's.
  std::function<void()> gone_;  // As its Serve() returned it.

  std::string outgoing_;  // Being written, from out_at_.
  std::size_t out_at_ = 0;
  bool writing_ = false;
  std::string waiting_;  // Behind it.
  std::function<void(bool)> written_;
  bool end_after_write_ = false;  // Everything of the answer is queued.
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_CONNECTION_H_
