// Rows in the middle of a fold: what was written since the last write to a row
// store lies over that store's rows, and raw values that were read or
// written lately are kept. One writer, so a kept value is never stale.
#ifndef THON_PROJECTIONS_ROW_OVERLAY_H_
#define THON_PROJECTIONS_ROW_OVERLAY_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
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
  // The same for who keeps no versions.
  void CloseEntry();

  // A row that is not in the base; no value: it is deleted.
  struct NewRow {
    Table table;
    absl::string_view key;
    const std::optional<std::string>& value;
    Position position;
  };
  // Calls `visit` with each, in (table, key) order. Requires: no entry is open.
  void ForEachNew(const std::function<void(const NewRow&)>& visit) const;
  // What rows take here, in the base or not.
  std::size_t bytes() const { return bytes_; }

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

    std::optional<std::string> value;
    Position position;
    std::uint32_t key_size = 0;
    std::uint32_t used = 0;  // The write before which it was last used.
    std::uint8_t table = 0;
    bool dirty = false;    // Not in the base.
    bool touched = false;  // By the entry at hand.
  };
  struct FreeNode {
    void operator()(Node* node) const;
  };
  using NodePtr = std::unique_ptr<Node, FreeNode>;
  // What the entry at hand has written, as it was before.
  struct Touched {
    Node* node;
    std::optional<std::string> value;
    Position position;
  };
  // The hash stands beside the pointer: a node is far away in memory, and is
  // only looked at when it is the one.
  struct Slot {
    std::size_t hash;
    NodePtr node;
  };
  struct NodeKey {
    NodeKey(std::uint8_t of_table, absl::string_view of_key)
        : hash(absl::Hash<std::pair<std::uint8_t, absl::string_view>>()(
              {of_table, of_key})),
          table(of_table),
          key(of_key) {}
    std::size_t hash;
    std::uint8_t table;
    absl::string_view key;
  };
  struct SlotHash {
    using is_transparent = void;
    std::size_t operator()(const NodeKey& k) const { return k.hash; }
    std::size_t operator()(const Slot& s) const { return s.hash; }
  };
  struct SlotEqual {
    using is_transparent = void;
    bool operator()(const Slot& s, const NodeKey& k) const {
      return s.hash == k.hash && IsAt(*s.node, k.table, k.key);
    }
    bool operator()(const Slot& a, const Slot& b) const {
      return a.node == b.node;
    }
  };

  // Rows of a table that are not in the base. They are put in order only when
  // the table is scanned.
  struct DirtyTable {
    std::vector<Node*> unordered;
    absl::btree_map<absl::string_view, Node*> ordered;
  };

  static bool IsAt(const Node& node, std::uint8_t table,
                   absl::string_view key) {
    return node.table == table && node.key() == key;
  }
  static NodePtr NewNode(const NodeKey& key);
  static void PutInOrder(DirtyTable* table);
  // Undoes what leaves the row's bytes as they were; true if they differ.
  static bool Settle(const Touched& touched);
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
  mutable absl::flat_hash_set<Slot, SlotHash, SlotEqual> nodes_;
  // The node used last: who reads a row writes it next. May be null.
  mutable Node* last_ = nullptr;
  mutable std::size_t bytes_ = 0;
  std::uint32_t write_ = 0;
  std::vector<Touched> touched_;
  std::bitset<256> touched_tables_;
  mutable std::vector<DirtyTable> dirty_;  // By table.
};

}  // namespace thon

#endif  // THON_PROJECTIONS_ROW_OVERLAY_H_
