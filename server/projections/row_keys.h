// Keys of rows, as tables.h describes them, and rows as messages. Everybody who
// reads or writes a row goes through here, so that a key is built in one place.
//
// A number is big-endian, so keys of one table lie in numeric order; a date has
// its sign bit flipped for the same reason. A text in a key ends in 0x00 and
// must not hold one (see IsRowKeyText).
#ifndef THON_PROJECTIONS_ROW_KEYS_H_
#define THON_PROJECTIONS_ROW_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/core/bytes.h"
#include "server/core/check.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/projections/projection.h"
#include "server/projections/tables.h"

namespace thon {
namespace keys {

// One after another, without allocation in between:
// Key().U64(team).Day(date).Take().
class Key {
 public:
  Key& U8(std::uint8_t v) { return Append(v); }
  Key& U32(std::uint32_t v) { return Append(v); }
  Key& U64(std::uint64_t v) { return Append(v); }
  Key& Day(Date v) {
    return Append(static_cast<std::uint32_t>(v.days) ^ 0x80000000u);
  }
  Key& Of(Month v) { return Append(static_cast<std::uint32_t>(v.yyyymm)); }
  Key& Of(const AuthorId& v) { return Bytes(v.view()); }
  Key& Of(const Hash& v) { return Bytes(v.view()); }
  Key& Bytes(absl::string_view v) {
    key_.append(v.data(), v.size());
    return *this;
  }
  // Text and its end.
  Key& Text(absl::string_view v) {
    Bytes(v);
    key_.push_back('\0');
    return *this;
  }
  template <typename Tag>
  Key& Of(Number<Tag> v) {
    return Append(v.value);
  }
  std::string Take() { return std::move(key_); }

 private:
  template <typename Integer>
  Key& Append(Integer v) {
    AppendBigEndian(v, &key_);
    return *this;
  }
  std::string key_;
};

// Takes keys apart again: KeyView(key).Skip(8).Day().
class KeyView {
 public:
  explicit KeyView(absl::string_view key) : rest_(key) {}
  KeyView& Skip(std::size_t bytes) {
    THON_CHECK(bytes <= rest_.size());
    rest_.remove_prefix(bytes);
    return *this;
  }
  std::uint8_t U8() { return Read<std::uint8_t>(); }
  std::uint32_t U32() { return Read<std::uint32_t>(); }
  std::uint64_t U64() { return Read<std::uint64_t>(); }
  Date Day() {
    return Date(static_cast<std::int32_t>(Read<std::uint32_t>() ^ 0x80000000u));
  }
  Month YearMonth() {
    return Month(static_cast<std::int32_t>(Read<std::uint32_t>()));
  }
  AuthorId Author() {
    AuthorId id;
    THON_CHECK(rest_.size() >= AuthorId::kSize);
    AuthorId::FromBytes(rest_.substr(0, AuthorId::kSize), &id);
    rest_.remove_prefix(AuthorId::kSize);
    return id;
  }
  // Up to the next 0x00, which is taken too.
  absl::string_view Text() {
    const std::size_t end = rest_.find('\0');
    THON_CHECK(end != absl::string_view::npos);
    const absl::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  absl::string_view rest() const { return rest_; }

 private:
  template <typename Integer>
  Integer Read() {
    Integer value{};
    THON_CHECK(ConsumeBigEndian(&rest_, &value));
    return value;
  }
  absl::string_view rest_;
};

// Whether `text` may be part of a key.
inline bool IsRowKeyText(absl::string_view text) {
  return !text.empty() && text.find('\0') == absl::string_view::npos;
}

// acts
inline std::string Calendar() { return ""; }
inline std::string Document(const Hash& hash) { return Key().Of(hash).Take(); }
inline std::string CommandOutcome(OfficerId officer,
                                  absl::string_view idempotency_key) {
  return Key().Of(officer).Bytes(idempotency_key).Take();
}
inline std::string Grant(OfficerId officer, std::uint64_t grant) {
  return Key().Of(officer).U64(grant).Take();
}
inline std::string GrantOfficer(std::uint64_t grant) {
  return Key().U64(grant).Take();
}
inline std::string StateRoot(Position position) {
  return Key().Of(position).Take();
}

// units
inline std::string Unit(UnitId unit) { return Key().Of(unit).Take(); }
inline std::string UnitByCode(absl::string_view code, Date from, UnitId unit) {
  return Key().Text(code).Day(from).Of(unit).Take();
}
inline std::string UnitChild(UnitId parent, UnitId child) {
  return Key().Of(parent).Of(child).Take();
}
inline std::string Map() { return ""; }

// registry
inline std::string Team(TeamId team) { return Key().Of(team).Take(); }
inline std::string TeamByUnit(UnitId unit, TeamId team) {
  return Key().Of(unit).Of(team).Take();
}
inline std::string Organisation(OrganisationId organisation) {
  return Key().Of(organisation).Take();
}
inline std::string Author(const AuthorId& author) {
  return Key().Of(author).Take();
}
inline std::string AuthorByTeam(TeamId team, const AuthorId& author) {
  return Key().Of(team).Of(author).Take();
}
inline std::string AuthorByNumber(std::uint32_t number) {
  return Key().U32(number).Take();
}
inline std::string EnrolmentCode(const Hash& code_hash) {
  return Key().Of(code_hash).Take();
}
inline std::string AuthorByOrganisation(OrganisationId organisation,
                                        const AuthorId& author) {
  return Key().Of(organisation).Of(author).Take();
}

// activity and sync_health
inline std::string Timeline(const AuthorId& author) { return Author(author); }
inline std::string AuthorSequence(const AuthorId& author, Sequence sequence) {
  return Key().Of(author).Of(sequence).Take();
}
inline std::string Standings(const AuthorId& author, Sequence first) {
  return AuthorSequence(author, first);
}
inline std::string ActivityDay(TeamId team, Date date) {
  return Key().Of(team).Day(date).Take();
}
inline std::string TeamMonth(TeamId team, Month month) {
  return Key().Of(team).Of(month).Take();
}
inline std::string Household(TeamId team, Month month,
                             absl::string_view pseudonym) {
  return Key().Of(team).Of(month).Bytes(pseudonym).Take();
}
inline std::string OrganisationMonth(OrganisationId organisation, Month month) {
  return Key().Of(organisation).Of(month).Take();
}
inline std::string Task(TeamId team, std::uint64_t task) {
  return Key().Of(team).U64(task).Take();
}
inline std::string SyncHealth(const AuthorId& author) { return Author(author); }

// emulation. `metric` is an id of the catalogue; `quarter` is YYYYQ.
inline std::string Indicator(UnitId unit, absl::string_view metric,
                             Month month) {
  return Key().Of(unit).Text(metric).Of(month).Take();
}
inline std::string Model(std::uint64_t model) {
  return Key().U64(model).Take();
}
inline std::string ModelByUnit(UnitId unit, std::int32_t quarter,
                               std::uint64_t model) {
  return Key()
      .Of(unit)
      .U32(static_cast<std::uint32_t>(quarter))
      .U64(model)
      .Take();
}
inline std::string Observation(UnitId unit, absl::string_view metric,
                               Date as_of, Position position) {
  return Key().Of(unit).Text(metric).Day(as_of).Of(position).Take();
}
inline std::string Proposal(std::uint64_t model, Position position) {
  return Key().U64(model).Of(position).Take();
}

// eligibility
inline std::string Policy(absl::string_view policy_id, std::int32_t version) {
  return Key().Text(policy_id).U32(static_cast<std::uint32_t>(version)).Take();
}
inline std::string List(absl::string_view list_id) {
  return std::string(list_id);
}
inline std::string Funding(absl::string_view policy_id, Position position) {
  return Key().Text(policy_id).Of(position).Take();
}
// `kind` is a v1::BeneficiaryKind.
inline std::string Determination(absl::string_view policy_id, Month month,
                                 int kind, std::uint64_t beneficiary) {
  return Key()
      .Text(policy_id)
      .Of(month)
      .U8(static_cast<std::uint8_t>(kind))
      .U64(beneficiary)
      .Take();
}
inline std::string TopUp(absl::string_view policy_id, UnitId unit,
                         Position position) {
  return Key().Text(policy_id).Of(unit).Of(position).Take();
}
inline std::string Mobilisation(TeamId team, absl::string_view policy_id,
                                Date date, std::uint64_t mobilisation) {
  return Key().Of(team).Text(policy_id).Day(date).U64(mobilisation).Take();
}
inline std::string MobilisationById(std::uint64_t mobilisation) {
  return Key().U64(mobilisation).Take();
}
inline std::string OtherSupport(TeamId team) { return Key().Of(team).Take(); }
inline std::string HeldMonth(absl::string_view policy_id, Month month,
                             TeamId team) {
  return Key().Text(policy_id).Of(month).Of(team).Take();
}
inline std::string Transition(absl::string_view policy_id) {
  return Key().Text(policy_id).Take();
}

}  // namespace keys

// The row as a message; nullopt if it does not exist. Rows are our own writing
// and checksummed on disk, so one that does not parse is a bug.
template <typename Message>
std::optional<Message> GetRow(const RowReader& rows, Table table,
                              absl::string_view key) {
  const std::optional<RowVersion> row = rows.Get(table, key);
  if (!row.has_value()) return std::nullopt;
  Message message;
  THON_CHECK(message.ParseFromArray(row->value.data(),
                                    static_cast<int>(row->value.size())));
  return message;
}

// Messages of rows hold no maps, so equal messages have equal bytes.
template <typename Message>
void PutRow(RowWriter& rows, Table table, absl::string_view key,
            const Message& message) {
  std::string value;
  THON_CHECK(message.SerializeToString(&value));
  rows.Put(table, key, std::move(value));
}

// Calls visit(key, message, position of the version) until it returns false.
template <typename Message, typename Visit>
void ScanRows(const RowReader& rows, Table table, absl::string_view prefix,
              const Visit& visit) {
  rows.Scan(table, prefix, "",
            [&visit](absl::string_view key, const RowVersion& row) {
              Message message;
              THON_CHECK(message.ParseFromArray(
                  row.value.data(), static_cast<int>(row.value.size())));
              return visit(key, message, row.position);
            });
}

// Rows that hold one number of 8 bytes.
inline std::optional<std::uint64_t> GetNumber(const RowReader& rows,
                                              Table table,
                                              absl::string_view key) {
  const std::optional<RowVersion> row = rows.Get(table, key);
  if (!row.has_value()) return std::nullopt;
  absl::string_view bytes = row->value;
  std::uint64_t number = 0;
  THON_CHECK(ConsumeBigEndian(&bytes, &number));
  return number;
}

inline void PutNumber(RowWriter& rows, Table table, absl::string_view key,
                      std::uint64_t number) {
  std::string value;
  AppendBigEndian(number, &value);
  rows.Put(table, key, std::move(value));
}

}  // namespace thon

#endif  // THON_PROJECTIONS_ROW_KEYS_H_
