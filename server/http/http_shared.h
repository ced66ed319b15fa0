// What the connections of one HTTP server share.
#ifndef THON_HTTP_HTTP_SHARED_H_
#define THON_HTTP_HTTP_SHARED_H_

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "server/core/mutex.h"
#include "server/http/http_server.h"
#include "server/http/http_stats.h"
#include "server/http/request_reader.h"

namespace thon {

class HttpConnection;

struct HttpCounters {
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> streams = 0;
  std::atomic<std::uint64_t> streams_started = 0;
  std::atomic<std::uint64_t> bytes_read = 0;
  std::atomic<std::uint64_t> bytes_written = 0;
  std::array<std::atomic<std::uint64_t>, 6> responses = {};
  std::array<std::atomic<std::uint64_t>, kHttpRefusals> refusals = {};
};

// Lives as long as the server and every answer that is still owed, so that a
// late one finds it. Thread-safety: any thread.
class HttpShared : public std::enable_shared_from_this<HttpShared> {
 public:
  explicit HttpShared(HttpServerOptions server_options);

  void Count(HttpRefusal refusal) {
    ++counters.refusals[static_cast<std::size_t>(refusal)];
  }

  // Runs `task` on the connection's strand; false when the server has stopped.
  template <typename Executor, typename Task>
  bool Post(const Executor& executor, Task task) {
    MutexLock lock(&mu_);
    if (stopped_) return false;
    boost::asio::post(executor, std::move(task));
    return true;
  }
  // Nothing can be posted any more.
  void StopPosts();

  // A connection that begins, or false: the server is stopping.
  bool Add(const std::shared_ptr<HttpConnection>& connection,
           const std::string& peer_key);
  void Remove(HttpConnection* connection, const std::string& peer_key);
  std::size_t connection_count() const;
  std::size_t CountOf(const std::string& peer_key) const;
  // Adds no more; closes all, and waits until they are.
  void CloseAll();

  const HttpServerOptions options;
  const RequestRules rules;
  HttpCounters counters;
  std::atomic<std::size_t> bodies_bytes = 0;
  boost::asio::io_context io;

 private:
  mutable Mutex mu_;
  CondVar removed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::map<HttpConnection*, std::shared_ptr<HttpConnection>> connections_
      ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::size_t> peers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_SHARED_H_
