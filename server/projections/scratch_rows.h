// Rows with changes on top that may be thrown away.
//
// Thread-safety: none.
#ifndef THON_PROJECTIONS_SCRATCH_ROWS_H_
#define THON_PROJECTIONS_SCRATCH_ROWS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"

namespace thon {

class ScratchRows final : public RowWriter {
 public:
  // `base` is not owned and must outlive this object. Rows written here read
  // as versions at `position`.
  ScratchRows(const RowReader* base, Position position)
      : base_(base), position_(position) {}

  std::optional<RowVersion> Get(Table table,
                                absl::string_view key) const override;
  void Scan(Table table, absl::string_view prefix, absl::string_view start,
            const Visitor& visit) const override;
  void Put(Table table, absl::string_view key, std::string value) override;
  void Delete(Table table, absl::string_view key) override;
  std::vector<std::string> Changed(Table table) const override;

  // Does to `rows` what was done here: all tables, or one.
  void CopyTo(RowWriter& rows) const;
  void CopyTo(Table table, RowWriter& rows) const;

 private:
  using RowKey = std::pair<Table, std::string>;

  const RowReader* base_;
  Position position_;
  std::map<RowKey, std::optional<std::string>> changes_;  // nullopt: deleted.
};

}  // namespace thon

#endif  // THON_PROJECTIONS_SCRATCH_ROWS_H_
