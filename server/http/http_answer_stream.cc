#include "server/http/http_answer_stream.h"

#include <utility>

#include "server/http/http_connection.h"

namespace thon {

HttpAnswerStream::HttpAnswerStream(
    std::shared_ptr<HttpShared> shared,
    const std::shared_ptr<HttpConnection>& connection, std::uint64_t request)
    : shared_(std::move(shared)), connection_(connection), request_(request) {}

template <typename Task>
bool HttpAnswerStream::Post(Task task, std::function<void(bool)> otherwise) {
  const std::shared_ptr<HttpConnection> connection = connection_.lock();
  if (connection == nullptr) return false;
  const auto executor = connection->socket_.get_executor();
  return shared_->Post(executor,
                       [connection, request = request_, task = std::move(task),
                        otherwise = std::move(otherwise)]() mutable {
                         if (connection->IsCurrent(request)) {
                           task(connection.get());
                         } else if (otherwise != nullptr) {
                           otherwise(false);
                         }
                       });
}

void HttpAnswerStream::Answer(HttpResponse response) {
  Post([response = std::move(response)](HttpConnection* to) mutable {
    to->SendWhole(std::move(response));
  });
}

void HttpAnswerStream::Start(int status, HttpHeaders headers) {
  Post([status, headers = std::move(headers)](HttpConnection* to) {
    to->SendHead(status, headers);
  });
}

void HttpAnswerStream::Write(std::string piece,
                             std::function<void(bool)> written) {
  const bool posted = Post(
      [piece = std::move(piece), written](HttpConnection* to) mutable {
        to->SendPiece(std::move(piece), std::move(written));
      },
      written);
  if (!posted) written(false);
}

void HttpAnswerStream::End() {
  Post([](HttpConnection* to) { to->SendEnd(); });
}

void HttpAnswerStream::Abort() {
  Post([](HttpConnection* to) { to->Close(); });
}

}  // namespace thon
