#include "server/http/http_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/http/http_answer_stream.h"
#include "server/http/response_head.h"

namespace thon {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// One write: its progress is what the write limit watches.
constexpr std::size_t kWriteBytesMax = 64 * limits::kKiB;

// The write limit, which is counted, comes before the kernel's own.
constexpr int kUserTimeoutMoreMs = 15'000;
// From the last byte to the first question whether anybody is there.
constexpr int kKeepAliveSeconds = 60;

HttpResponse PlainAnswer(int status, absl::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", "text/plain; charset=utf-8"},
                      {"cache-control", "no-store"}};
  if (status == 405) response.headers.emplace_back("allow", "GET, HEAD, POST");
  if (status == 503) response.headers.emplace_back("retry-after", "5");
  response.body = absl::StrCat(text, "\n");
  return response;
}

}  // namespace

HttpConnection::HttpConnection(HttpShared* shared, Socket socket,
                               std::shared_ptr<TlsContext> tls,
                               std::string peer, std::string peer_key,
                               std::optional<HttpRefusal> surplus)
    : shared_(shared),
      peer_(std::move(peer)),
      peer_key_(std::move(peer_key)),
      surplus_(surplus),
      tls_context_(std::move(tls)),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      reader_(&shared->rules) {
  if (tls_context_ != nullptr) tls_.emplace(socket_, *tls_context_);
}

HttpConnection::~HttpConnection() { THON_CHECK(written_ == nullptr); }

void HttpConnection::Start() {
  shared_->Post(socket_.get_executor(),
                [self = shared_from_this()] { self->Begin(); });
}

void HttpConnection::Abort() {
  shared_->Post(socket_.get_executor(),
                [self = shared_from_this()] { self->Close(); });
}

void HttpConnection::Begin() {
  if (phase_ == Phase::kClosed) return;
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::send_buffer_size(
                         shared_->options.limits.send_buffer_bytes),
                     ignored);
  // A machine that was switched off says nothing: without these, the kernel
  // goes on for a quarter of an hour, and a quiet stream for ever.
  const int dead_ms = static_cast<int>(shared_->options.limits.write_ms_max) +
                      kUserTimeoutMoreMs;
  const int on = 1;
  const int socket = socket_.native_handle();
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms,
               sizeof(dead_ms));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveSeconds,
               sizeof(kKeepAliveSeconds));
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (tls_.has_value()) {
    Handshake();
  } else {
    BeginRequest();
  }
}

void HttpConnection::Handshake() {
  Arm(shared_->options.limits.handshake_ms_max);
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](const error_code& error) {
                          if (self->phase_ == Phase::kClosed) return;
                          if (error) {
                            self->shared_->Count(HttpRefusal::kHandshake);
                            self->Close();
                          } else {
                            self->BeginRequest();
                          }
                        });
}

void HttpConnection::BeginRequest() {
  phase_ = Phase::kIdle;
  continued_ = false;
  Arm(surplus_.has_value() ? shared_->options.limits.head_ms_max
                           : shared_->options.limits.idle_ms_max);
  Advance({});
}

void HttpConnection::Advance(absl::string_view bytes) {
  switch (reader_.Read(bytes)) {
    case RequestReader::State::kHead:
      if (phase_ == Phase::kIdle && reader_.started()) {
        phase_ = Phase::kHead;
        Arm(shared_->options.limits.head_ms_max);
      }
      if (ended_) return OnEnd(true);
      return StartRead();
    case RequestReader::State::kBody:
      return AdvanceBody();
    case RequestReader::State::kComplete:
      if (surplus_.has_value()) {
        return Refuse(*surplus_, 503, "too many connections; come back later");
      }
      if (!ReserveBody()) return;
      return Serve();
    case RequestReader::State::kRefused: {
      const RequestRefusal refusal = reader_.refusal();
      return Refuse(refusal.reason, refusal.status, refusal.text);
    }
  }
}

void HttpConnection::AdvanceBody() {
  if (surplus_.has_value()) {
    return Refuse(*surplus_, 503, "too many connections; come back later");
  }
  if (phase_ != Phase::kBody) {
    phase_ = Phase::kBody;
    Arm(shared_->options.limits.body_ms_max);
  }
  if (!ReserveBody()) return;
  if (reader_.expects_continue() && !continued_) {
    continued_ = true;
    // Some send the body without waiting for it.
    if (reader_.body_bytes() == 0 && reader_.unread_bytes() == 0) {
      Send("HTTP/1.1 100 Continue\r\n\r\n", nullptr);
    }
  }
  if (ended_) return OnEnd(true);
  StartRead();
}

// Counts the body's bytes among those of all requests; refuses what is beyond.
bool HttpConnection::ReserveBody() {
  const std::size_t more = reader_.body_bytes() - body_reserved_;
  if (more == 0) return true;
  body_reserved_ += more;
  if (shared_->bodies_bytes.fetch_add(more) + more <=
      shared_->options.limits.bodies_bytes_max) {
    return true;
  }
  Refuse(HttpRefusal::kBodiesTooLarge, 503, "too busy; come back later");
  return false;
}

void HttpConnection::ReleaseBody() {
  shared_->bodies_bytes -= body_reserved_;
  body_reserved_ = 0;
}

void HttpConnection::Serve() {
  keep_alive_ = reader_.keep_alive();
  chunked_ = !reader_.is_http_1_0();
  HttpRequest request = reader_.Take();
  request.peer = peer_;
  request.secure = tls_.has_value();
  head_only_ = request.method == "HEAD";
  answered_ = streaming_ = end_after_write_ = false;
  phase_ = Phase::kAnswering;
  ++armed_;  // No limit: whoever answers has its own.
  ++request_;
  ++shared_->counters.requests;
  StartRead();

  const auto shared = shared_->shared_from_this();
  for (const auto& handler : shared_->options.stream_handlers) {
    if (!handler->Takes(request)) continue;
    streaming_ = true;
    ++shared_->counters.streams;
    ++shared_->counters.streams_started;
    gone_ = handler->Serve(std::move(request),
                           std::make_shared<HttpAnswerStream>(
                               shared, shared_from_this(), request_));
    if (ended_) Close();
    return;
  }
  auto stream =
      std::make_shared<HttpAnswerStream>(shared, shared_from_this(), request_);
  shared_->options.handler(std::move(request), [stream](HttpResponse response) {
    stream->Answer(std::move(response));
  });
}

void HttpConnection::Refuse(HttpRefusal reason, int status,
                            absl::string_view text) {
  shared_->Count(reason);
  phase_ = Phase::kAnswering;
  ++request_;
  head_only_ = keep_alive_ = answered_ = streaming_ = end_after_write_ = false;
  refused_ = true;
  SendWhole(PlainAnswer(status, text));
}

bool HttpConnection::IsCurrent(std::uint64_t request) const {
  return phase_ == Phase::kAnswering && request == request_ &&
         !end_after_write_;
}

void HttpConnection::SendWhole(HttpResponse response) {
  if (answered_) return;
  answered_ = true;
  ReleaseBody();
  ++shared_->counters.responses[static_cast<std::size_t>(
      std::clamp(response.status / 100, 0, 5))];
  ResponseFraming framing;
  framing.length = response.body.size();
  framing.keep_alive = keep_alive_;
  framing.secure = tls_.has_value();
  framing.now = shared_->options.clock->Now();
  std::string bytes = ResponseHead(response.status, response.headers, framing);
  if (!head_only_ && HasBody(response.status)) bytes += response.body;
  end_after_write_ = true;
  Send(std::move(bytes), nullptr);
}

void HttpConnection::SendHead(int status, const HttpHeaders& headers) {
  if (answered_) return;
  answered_ = true;
  ReleaseBody();
  // Without chunks the end of the connection is the answer's.
  if (!chunked_) keep_alive_ = false;
  ++shared_->counters
        .responses[static_cast<std::size_t>(std::clamp(status / 100, 0, 5))];
  ResponseFraming framing;
  framing.chunked = chunked_;
  framing.keep_alive = keep_alive_;
  framing.secure = tls_.has_value();
  framing.now = shared_->options.clock->Now();
  Send(ResponseHead(status, headers, framing), nullptr);
}

void HttpConnection::SendPiece(std::string piece,
                               std::function<void(bool)> written) {
  THON_CHECK(answered_ && written_ == nullptr && !piece.empty());
  if (chunked_) {
    piece = absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n");
  }
  Send(std::move(piece), std::move(written));
}

void HttpConnection::SendEnd() {
  THON_CHECK(answered_);
  end_after_write_ = true;
  if (chunked_) {
    Send("0\r\n\r\n", nullptr);
  } else if (!writing_) {
    EndAnswer();
  }
}

// The answer is written: the next request, or the connection's end.
void HttpConnection::EndAnswer() {
  if (streaming_) {
    streaming_ = false;
    --shared_->counters.streams;
  }
  gone_ = nullptr;
  if (keep_alive_) {
    BeginRequest();
  } else {
    CloseSoftly();
  }
}

void HttpConnection::Arm(std::int64_t ms) {
  const std::uint64_t armed = ++armed_;
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait(
      [self = shared_from_this(), armed](const error_code& error) {
        if (!error && armed == self->armed_) self->OnTimeout();
      });
}

void HttpConnection::OnTimeout() {
  switch (phase_) {
    case Phase::kHandshake:
      shared_->Count(HttpRefusal::kHandshake);
      return Close();
    case Phase::kIdle:
      shared_->Count(HttpRefusal::kIdle);
      return Close();
    case Phase::kHead:
      return Refuse(HttpRefusal::kHeadTimeout, 408, "the head took too long");
    case Phase::kBody:
      return Refuse(HttpRefusal::kBodyTimeout, 408, "the body took too long");
    case Phase::kAnswering:
      shared_->Count(HttpRefusal::kWriteTimeout);
      return Close();
    case Phase::kDraining:
    case Phase::kTlsEnding:
      return Close();
    case Phase::kClosed:
      return;
  }
}

void HttpConnection::StartRead() {
  if (reading_ || ended_ || phase_ == Phase::kClosed) return;
  // Requests that were sent before their turn.
  if (phase_ == Phase::kAnswering &&
      reader_.unread_bytes() >= shared_->options.limits.head_bytes_max) {
    return;
  }
  reading_ = true;
  const auto done = [self = shared_from_this()](const error_code& error,
                                                std::size_t size) {
    self->OnRead(error, size);
  };
  if (tls_.has_value()) {
    tls_->async_read_some(asio::buffer(incoming_), done);
  } else {
    socket_.async_read_some(asio::buffer(incoming_), done);
  }
}

void HttpConnection::OnRead(const error_code& error, std::size_t size) {
  reading_ = false;
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kTlsEnding) return EndTls();
  if (error) {
    ended_ = true;
    return OnEnd(error == asio::error::eof);
  }
  shared_->counters.bytes_read += size;
  const absl::string_view bytes(incoming_.data(), size);
  switch (phase_) {
    case Phase::kAnswering:
      reader_.Keep(bytes);
      return StartRead();
    case Phase::kDraining:
      drained_ += size;
      if (drained_ > shared_->options.limits.drain_bytes_max) return Close();
      return StartRead();
    default:
      return Advance(bytes);
  }
}

// Nothing comes any more. What was asked for until then is answered still, but
// a stream ends with its browser.
void HttpConnection::OnEnd(bool clean) {
  if (phase_ != Phase::kAnswering || !clean || streaming_) Close();
}

void HttpConnection::Send(std::string bytes,
                          std::function<void(bool)> written) {
  if (written != nullptr) written_ = std::move(written);
  if (waiting_.empty()) {
    waiting_ = std::move(bytes);
  } else {
    waiting_ += bytes;
  }
  if (!writing_) StartWrite();
}

void HttpConnection::StartWrite() {
  if (out_at_ == outgoing_.size()) {
    outgoing_ = std::move(waiting_);
    waiting_.clear();
    out_at_ = 0;
  }
  writing_ = true;
  if (phase_ == Phase::kAnswering) Arm(shared_->options.limits.write_ms_max);
  const auto done = [self = shared_from_this()](const error_code& error,
                                                std::size_t size) {
    self->OnWritten(error, size);
  };
  const asio::const_buffer buffer(
      outgoing_.data() + out_at_,
      std::min(outgoing_.size() - out_at_, kWriteBytesMax));
  if (tls_.has_value()) {
    tls_->async_write_some(buffer, done);
  } else {
    socket_.async_write_some(buffer, done);
  }
}

void HttpConnection::OnWritten(const error_code& error, std::size_t size) {
  writing_ = false;
  if (phase_ == Phase::kClosed) return;
  if (error) return Close();
  shared_->counters.bytes_written += size;
  out_at_ += size;
  if (out_at_ < outgoing_.size() || !waiting_.empty()) return StartWrite();
  outgoing_.clear();
  outgoing_.shrink_to_fit();  // A connection at rest holds no answer.
  out_at_ = 0;
  if (phase_ != Phase::kAnswering) return;
  ++armed_;
  if (written_ != nullptr) std::exchange(written_, nullptr)(true);
  if (end_after_write_) EndAnswer();
}

// Lets the browser read the last answer: closing over bytes that it is still
// sending would throw the answer away on its side.
void HttpConnection::CloseSoftly() {
  Arm(shared_->options.limits.drain_ms_max);
  if (ended_) return Close();
  if (tls_.has_value() && !refused_) {
    phase_ = Phase::kTlsEnding;
    if (!reading_) return EndTls();
    error_code ignored;
    socket_.cancel(ignored);  // OnRead() goes on.
    return;
  }
  phase_ = Phase::kDraining;
  error_code ignored;
  if (!tls_.has_value()) socket_.shutdown(Socket::shutdown_send, ignored);
  StartRead();
}

void HttpConnection::EndTls() {
  tls_->async_shutdown(
      [self = shared_from_this()](const error_code&) { self->Close(); });
}

void HttpConnection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  ++armed_;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  ReleaseBody();
  if (streaming_) --shared_->counters.streams;
  streaming_ = false;
  if (written_ != nullptr) std::exchange(written_, nullptr)(false);
  if (gone_ != nullptr) std::exchange(gone_, nullptr)();
  shared_->Remove(this, peer_key_);
}

}  // namespace thon
