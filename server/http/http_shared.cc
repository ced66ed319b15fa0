#include "server/http/http_shared.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "server/http/http_connection.h"

namespace thon {
namespace {

RequestRules RulesOf(const HttpServerOptions& options) {
  RequestRules rules;
  rules.head_bytes_max = options.limits.head_bytes_max;
  rules.target_bytes_max = options.limits.target_bytes_max;
  rules.body_bytes_max = options.limits.body_bytes_max;
  for (const std::string& name : options.host_names) {
    rules.host_names.push_back(absl::AsciiStrToLower(name));
  }
  return rules;
}

}  // namespace

HttpShared::HttpShared(HttpServerOptions server_options)
    : options(std::move(server_options)), rules(RulesOf(options)) {}

void HttpShared::StopPosts() {
  MutexLock lock(&mu_);
  stopped_ = true;
}

bool HttpShared::Add(const std::shared_ptr<HttpConnection>& connection,
                     const std::string& peer_key) {
  MutexLock lock(&mu_);
  if (stopping_) return false;
  connections_.emplace(connection.get(), connection);
  ++peers_[peer_key];
  return true;
}

void HttpShared::Remove(HttpConnection* connection,
                        const std::string& peer_key) {
  std::shared_ptr<HttpConnection> last;  // Destroyed with no lock held.
  MutexLock lock(&mu_);
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  last = std::move(found->second);
  connections_.erase(found);
  const auto peer = peers_.find(peer_key);
  if (--peer->second == 0) peers_.erase(peer);
  removed_.NotifyAll();
}

std::size_t HttpShared::connection_count() const {
  MutexLock lock(&mu_);
  return connections_.size();
}

std::size_t HttpShared::CountOf(const std::string& peer_key) const {
  MutexLock lock(&mu_);
  const auto found = peers_.find(peer_key);
  return found == peers_.end() ? 0 : found->second;
}

void HttpShared::CloseAll() {
  std::vector<std::shared_ptr<HttpConnection>> all;
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    for (const auto& [key, connection] : connections_) {
      all.push_back(connection);
    }
  }
  for (const auto& connection : all) connection->Abort();
  all.clear();
  MutexLock lock(&mu_);
  while (!connections_.empty()) removed_.Wait(&mu_);
}

}  // namespace thon
