#include "server/rpc/permissions.h"

#include <memory>

#include "server/projections/row_keys.h"
#include "thon/v1/rows.pb.h"

namespace thon {

absl::Status HoldsAnyGrant(const Engine& engine, OfficerId officer,
                           v1::Role role) {
  const std::unique_ptr<RowReader> rows = engine.RowsAt(engine.rows_position());
  const std::int32_t today = engine.status().local_date.days;
  bool holds = false;
  rows->Scan(Table::kGrant, keys::Key().Of(officer).Take(), "",
             [&](absl::string_view, const RowVersion& row) {
               v1::GrantRow grant;
               grant.ParseFromString(row.value);
               // Roles are numbered from the highest down.
               holds = !grant.revoked() &&
                       grant.role() != v1::ROLE_UNSPECIFIED &&
                       grant.role() <= role && grant.from_date() <= today &&
                       (grant.to_date() == 0 || today <= grant.to_date());
               return !holds;
             });
  if (holds) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "no grant of yours allows this; ask an operator for one");
}

}  // namespace thon
