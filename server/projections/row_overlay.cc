#include "server/projections/row_overlay.h"

#include <algorithm>
#include <array>
#include <new>

#include "server/core/check.h"

namespace thon {
namespace {

// A node beside its key and value, with the hash set's slot.
constexpr std::size_t kNodeBytes = 192;

std::size_t IndexOf(Table table) { return static_cast<std::size_t>(table); }

}  // namespace

RowOverlay::RowOverlay(std::size_t cache_bytes)
    : cache_bytes_(cache_bytes), dirty_(256) {}

RowOverlay::~RowOverlay() = default;

void RowOverlay::SetBase(std::unique_ptr<RowReader> base) {
  THON_CHECK(touched_.empty());
  base_ = std::move(base);
  for (DirtyTable& table : dirty_) {
    for (Node* node : table.unordered) node->dirty = false;
    for (auto& [key, node] : table.ordered) node->dirty = false;
    table.unordered.clear();
    table.ordered.clear();
  }
  if (bytes_ > cache_bytes_) Evict();
  ++write_;
}

// Drops what was not used for longest, down to three quarters of the limit, so
// that a walk over all nodes pays for itself.
void RowOverlay::Evict() {
  constexpr std::size_t kAges = 64;
  std::array<std::size_t, kAges> bytes_of_age{};
  const auto size_of = [](const Node& node) {
    return kNodeBytes + node.key_size + (node.value ? node.value->size() : 0);
  };
  const auto age_of = [this](const Node& node) {
    return std::min<std::size_t>(write_ - node.used, kAges - 1);
  };
  std::size_t total = 0;
  for (const auto& node : nodes_) {
    bytes_of_age[age_of(*node)] += size_of(*node);
    total += size_of(*node);
  }
  const std::size_t wanted = cache_bytes_ / 4 * 3;
  std::size_t limit = kAges;  // Ages from `limit` on go.
  while (limit > 0 && total > wanted) total -= bytes_of_age[--limit];
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (age_of(**it) >= limit) {
      nodes_.erase(it++);
    } else {
      ++it;
    }
  }
  bytes_ = total;
}

void RowOverlay::BeginEntry(Position position) {
  THON_CHECK(touched_.empty());
  position_ = position;
}

std::vector<NewRowVersion> RowOverlay::EndEntry() {
  std::sort(touched_.begin(), touched_.end(), [](Node* a, Node* b) {
    if (a->table != b->table) return a->table < b->table;
    return a->key() < b->key();
  });
  std::vector<NewRowVersion> versions;
  versions.reserve(touched_.size());
  for (Node* node : touched_) {
    node->touched = false;
    if (node->value == node->before) {
      node->position = node->before_position;
    } else {
      versions.push_back({static_cast<Table>(node->table),
                          std::string(node->key()), node->value});
    }
    node->before.reset();
  }
  touched_.clear();
  return versions;
}

void RowOverlay::FreeNode::operator()(Node* node) const {
  node->~Node();
  ::operator delete(node);
}

RowOverlay::NodePtr RowOverlay::NewNode(const NodeKey& key) {
  void* memory = ::operator new(sizeof(Node) + key.key.size());
  Node* node = new (memory) Node;
  node->table = key.table;
  node->key_size = static_cast<std::uint32_t>(key.key.size());
  std::copy(key.key.begin(), key.key.end(), reinterpret_cast<char*>(node + 1));
  return NodePtr(node);
}

RowOverlay::Node& RowOverlay::Load(Table table, absl::string_view key) const {
  const NodeKey wanted{static_cast<std::uint8_t>(table), key};
  const auto it = nodes_.lazy_emplace(wanted, [&](const auto& construct) {
    NodePtr node = NewNode(wanted);
    std::optional<RowVersion> row = base_->Get(table, key);
    if (row.has_value()) {
      node->value = std::move(row->value);
      node->position = row->position;
    }
    bytes_ +=
        kNodeBytes + node->key_size + (node->value ? node->value->size() : 0);
    construct(std::move(node));
  });
  (*it)->used = write_;
  return **it;
}

std::optional<RowVersion> RowOverlay::Get(Table table,
                                          absl::string_view key) const {
  const Node& node = Load(table, key);
  if (!node.value.has_value()) return std::nullopt;
  return RowVersion{*node.value, node.position};
}

void RowOverlay::Scan(Table table, absl::string_view prefix,
                      absl::string_view start, const Visitor& visit) const {
  DirtyTable& dirty = dirty_[IndexOf(table)];
  for (Node* node : dirty.unordered) dirty.ordered.emplace(node->key(), node);
  dirty.unordered.clear();
  const auto& over = dirty.ordered;
  auto it = over.lower_bound(std::max(prefix, start));
  bool more = true;
  const auto in_prefix = [&](absl::string_view key) {
    return key.substr(0, prefix.size()) == prefix;
  };
  // Shows rows of the overlay before `end`; all that are left if there is none.
  const auto show_over = [&](const absl::string_view* end) {
    while (more && it != over.end() && in_prefix(it->first) &&
           (end == nullptr || it->first < *end)) {
      const Node& node = *(it++)->second;
      if (node.value.has_value()) {
        more = visit(node.key(), RowVersion{*node.value, node.position});
      }
    }
  };
  base_->Scan(table, prefix, start,
              [&](absl::string_view key, const RowVersion& row) {
                show_over(&key);
                if (!more) return false;
                if (it != over.end() && it->first == key) {
                  const Node& node = *(it++)->second;
                  if (node.value.has_value()) {
                    more = visit(key, RowVersion{*node.value, node.position});
                  }
                } else {
                  more = visit(key, row);
                }
                return more;
              });
  show_over(nullptr);
}

void RowOverlay::Write(Table table, absl::string_view key,
                       std::optional<std::string> value) {
  Node& node = Load(table, key);
  if (node.value == value) return;
  const auto size = [](const std::optional<std::string>& v) {
    return v.has_value() ? v->size() : 0;
  };
  bytes_ += size(value);
  bytes_ -= size(node.value);
  if (!node.touched) {
    node.touched = true;
    node.before = std::move(node.value);
    node.before_position = node.position;
    touched_.push_back(&node);
  }
  node.value = std::move(value);
  node.position = position_;
  if (!node.dirty) {
    node.dirty = true;
    dirty_[node.table].unordered.push_back(&node);
  }
}

void RowOverlay::Put(Table table, absl::string_view key, std::string value) {
  Write(table, key, std::move(value));
}

void RowOverlay::Delete(Table table, absl::string_view key) {
  Write(table, key, std::nullopt);
}

std::vector<std::string> RowOverlay::Changed(Table table) const {
  std::vector<std::string> keys;
  for (const Node* node : touched_) {
    if (node->table == static_cast<std::uint8_t>(table)) {
      keys.emplace_back(node->key());
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace thon
