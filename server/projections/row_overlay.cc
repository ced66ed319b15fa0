#include "server/projections/row_overlay.h"

#include <algorithm>
#include <array>
#include <new>

#include "server/core/check.h"

namespace thon {
namespace {

// A node beside its key and value, with the hash set's slot.
constexpr std::size_t kNodeBytes = 128;

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
  for (const Slot& slot : nodes_) {
    bytes_of_age[age_of(*slot.node)] += size_of(*slot.node);
    total += size_of(*slot.node);
  }
  const std::size_t wanted = cache_bytes_ / 4 * 3;
  std::size_t limit = kAges;  // Ages from `limit` on go.
  while (limit > 0 && total > wanted) total -= bytes_of_age[--limit];
  for (auto it = nodes_.begin(); it != nodes_.end();) {
    if (age_of(*it->node) >= limit) {
      nodes_.erase(it++);
    } else {
      ++it;
    }
  }
  bytes_ = total;
  last_ = nullptr;
}

void RowOverlay::BeginEntry(Position position) {
  THON_CHECK(touched_.empty());
  position_ = position;
}

std::vector<NewRowVersion> RowOverlay::EndEntry() {
  std::sort(touched_.begin(), touched_.end(),
            [](const Touched& a, const Touched& b) {
              if (a.node->table != b.node->table) {
                return a.node->table < b.node->table;
              }
              return a.node->key() < b.node->key();
            });
  std::vector<NewRowVersion> versions;
  versions.reserve(touched_.size());
  for (const Touched& touched : touched_) {
    if (!Settle(touched)) continue;
    const Node& node = *touched.node;
    versions.push_back(
        {static_cast<Table>(node.table), std::string(node.key()), node.value});
  }
  touched_.clear();
  touched_tables_.reset();
  return versions;
}

void RowOverlay::CloseEntry() {
  for (const Touched& touched : touched_) Settle(touched);
  touched_.clear();
  touched_tables_.reset();
}

bool RowOverlay::Settle(const Touched& touched) {
  touched.node->touched = false;
  if (touched.node->value != touched.value) return true;
  touched.node->position = touched.position;
  return false;
}

void RowOverlay::PutInOrder(DirtyTable* table) {
  for (Node* node : table->unordered) table->ordered.emplace(node->key(), node);
  table->unordered.clear();
}

void RowOverlay::ForEachNew(
    const std::function<void(const NewRow&)>& visit) const {
  THON_CHECK(touched_.empty());
  for (std::size_t table = 0; table < dirty_.size(); ++table) {
    PutInOrder(&dirty_[table]);
    for (const auto& [key, node] : dirty_[table].ordered) {
      visit({static_cast<Table>(table), key, node->value, node->position});
    }
  }
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
  const auto number = static_cast<std::uint8_t>(table);
  if (last_ != nullptr && IsAt(*last_, number, key)) {
    last_->used = write_;
    return *last_;
  }
  const NodeKey wanted(number, key);
  const auto it = nodes_.lazy_emplace(wanted, [&](const auto& construct) {
    NodePtr node = NewNode(wanted);
    std::optional<RowVersion> row = base_->Get(table, key);
    if (row.has_value()) {
      node->value = std::move(row->value);
      node->position = row->position;
    }
    bytes_ +=
        kNodeBytes + node->key_size + (node->value ? node->value->size() : 0);
    construct(Slot{wanted.hash, std::move(node)});
  });
  last_ = it->node.get();
  last_->used = write_;
  return *last_;
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
  PutInOrder(&dirty);
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
    touched_.push_back({&node, std::move(node.value), node.position});
    touched_tables_.set(node.table);
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
  if (!touched_tables_.test(IndexOf(table))) return keys;
  for (const Touched& touched : touched_) {
    if (touched.node->table == static_cast<std::uint8_t>(table)) {
      keys.emplace_back(touched.node->key());
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace thon
