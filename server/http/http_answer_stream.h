// What a handler answers on: it leads to a connection that may be gone.
#ifndef THON_HTTP_HTTP_ANSWER_STREAM_H_
#define THON_HTTP_HTTP_ANSWER_STREAM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/http/http_shared.h"
#include "server/http/http_stream.h"

namespace thon {

class HttpConnection;

// The answer to one request of a connection. What comes when the connection has
// gone on, or is no more, does nothing. Thread-safety: as HttpStream.
class HttpAnswerStream final : public HttpStream {
 public:
  HttpAnswerStream(std::shared_ptr<HttpShared> shared,
                   const std::shared_ptr<HttpConnection>& connection,
                   std::uint64_t request);

  void Answer(HttpResponse response) override;
  void Start(int status, HttpHeaders headers) override;
  void Write(std::string piece, std::function<void(bool)> written) override;
  void End() override;
  void Abort() override;

 private:
  // Runs `task` on the connection's strand while its answer is this one, and
  // otherwise `otherwise`. False: there is no connection.
  template <typename Task>
  bool Post(Task task, std::function<void(bool)> otherwise = nullptr);

  const std::shared_ptr<HttpShared> shared_;
  const std::weak_ptr<HttpConnection> connection_;
  const std::uint64_t request_;
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_ANSWER_STREAM_H_
