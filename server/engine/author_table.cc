#include "server/engine/author_table.h"

#include <algorithm>

namespace thon {

absl::Status AuthorTable::Load(const EntryLog& log) {
  std::vector<std::pair<AuthorId, AuthorState>> all;
  const absl::Status status =
      log.ReadAuthors([&](const AuthorId& id, const AuthorState& state) {
        all.emplace_back(id, state);
      });
  if (!status.ok()) return status;
  Publish(all);
  return absl::OkStatus();
}

std::optional<AuthorState> AuthorTable::Find(const AuthorId& author) const {
  MutexLock lock(&mu_);
  const auto it = authors_.find(author);
  if (it == authors_.end()) return std::nullopt;
  return it->second;
}

std::optional<AuthorId> AuthorTable::current_server() const {
  MutexLock lock(&mu_);
  for (const AuthorId& id : servers_) {
    if (!authors_.find(id)->second.revoked) return id;
  }
  return std::nullopt;
}

std::vector<AuthorId> AuthorTable::servers() const {
  MutexLock lock(&mu_);
  return servers_;
}

void AuthorTable::Publish(
    absl::Span<const std::pair<AuthorId, AuthorState>> changed) {
  MutexLock lock(&mu_);
  for (const auto& [id, state] : changed) {
    authors_[id] = state;
    if (state.server &&
        std::find(servers_.begin(), servers_.end(), id) == servers_.end()) {
      servers_.push_back(id);
    }
  }
}

}  // namespace thon
