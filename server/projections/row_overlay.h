// Rows in the middle of a fold: what was written since the last write to a row
// store lies over that store's rows, and raw values that were read or
// written lately are kept. One writer, so a kept value is never stale.
#ifndef THON_PROJECTIONS_ROW_OVERLAY_H_
#define THON_PROJECTIONS_ROW_OVERLAY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "server/projections/projection.h"

namespace thon {

// A version to store; nullopt is a deletion.
struct NewRowVersion {
  Table table;
  std::string key;
  std::optional<std::string> value;
};

// Thread-safety: none.
class RowOverlay final : public RowWriter {
 public:
  // Keeps about `cache_bytes` of values between two writes to the store; what
  // is not stored yet is kept besides.
  explicit RowOverlay(std::size_t cache_bytes);
  ~RowOverlay() override;

  // The store's rows. Everything written here before must be in them.
  void SetBase(std::unique_ptr<RowReader> base);

  // Rows written from here on are versions at `position`.
  void BeginEntry(Position position);
  // What the entry changed, in (table, key) order: no row whose bytes are what
  // they were before the entry.
  std::vector<NewRowVersion> EndEntry();

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override;
  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override;
  void Put(Table table, absl::string_view key, std::string value) override;
  void Delete(Table table, absl::string_view key) override;
  std::vector<std::string> Changed(Table table) const override;

 private:
  // A row. Its key lies behind it in the same allocation: there are millions.
  struct Node {
    absl::string_view key() const {
      return {reinterpret_cast<const char*>(this + 1), key_size};
    }

    std::uint32_t key_size = 0;
    std::uint8_t table = 0;
    std::optional<std::string> value;
    Position position;
    bool dirty = false;    // Not in the base.
    bool touched = false;  // By the entry at hand; then `before` is valid.
    std::optional<std::string> before;
    Position before_position;
    std::uint32_t used = 0;  // The write before which it was last used.
  };
  struct FreeNode {
    void operator()(Node* node) const;
  };
  using NodePtr = std::unique_ptr<Node, FreeNode>;
  struct NodeKey {
    std::uint8_t table;
    absl::string_view key;
  };
  struct NodeHash {
    using is_transparent = void;
    std::size_t operator()(const NodeKey& k) const {
      return absl::Hash<std::pair<std::uint8_t, absl::string_view>>()(
          {k.table, k.key});
    }
    std::size_t operator()(const NodePtr& n) const {
      return (*this)(NodeKey{n->table, n->key()});
    }
  };
  struct NodeEqual {
    using is_transparent = void;
    static NodeKey KeyOf(const NodeKey& k) { return k; }
    static NodeKey KeyOf(const NodePtr& n) { return {n->table, n->key()}; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const NodeKey x = KeyOf(a);
      const NodeKey y = KeyOf(b);
      return x.table == y.table && x.key == y.key;
    }
  };

  // Rows of a table that are not in the base. They are put in order only when
  // the table is scanned.
  struct DirtyTable {
    std::vector<Node*> unordered;
    absl::btree_map<absl::string_view, Node*> ordered;
  };

  static NodePtr NewNode(const NodeKey& key);
  // The row, read from the base when it is not here.
  Node& Load(Table table, absl::string_view key) const;
  void Write(Table table, absl::string_view key,
             std::optional<std::string> value);
  void Evict();

  const std::size_t cache_bytes_;
  std::unique_ptr<RowReader> base_;
  Position position_;
  // Reading fills the cache, so these change in const methods.
  // tidy:allow(unordered): rows are looked up in it, and walked only to drop
  // some.
  mutable absl::flat_hash_set<NodePtr, NodeHash, NodeEqual> nodes_;
  mutable std::size_t bytes_ = 0;
  std::uint32_t write_ = 0;
  std::vector<Node*> touched_;
  mutable std::vector<DirtyTable> dirty_;  // By table.
};

}  // namespace thon

#endif  // THON_PROJECTIONS_ROW_OVERLAY_H_
