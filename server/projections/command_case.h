// One command under examination: what speaks against it, which units it
// touches, and which rows it rests on. Private to the examination of commands;
// callers use command_check.h.
#ifndef THON_PROJECTIONS_COMMAND_CASE_H_
#define THON_PROJECTIONS_COMMAND_CASE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/core/civil.h"
#include "server/core/ids.h"
#include "server/projections/documents.h"
#include "server/projections/projection.h"
#include "thon/v1/event.pb.h"
#include "thon/v1/rows.pb.h"

namespace thon {

// Filled by ExamineCommand(). Of each sort of objection the first is kept;
// which sort is told is the judge's choice, in the order of CommandFailure it
// makes.
class CommandCase {
 public:
  struct Rest {
    Table table;
    std::string key;
    bool is_prefix = false;
    std::string what;
  };

  // `rows` show what commands before it in its entry did. Nothing is owned.
  CommandCase(const RowReader& rows, const EventSource* events, Date local_date)
      : rows_(rows), events_(events), local_date_(local_date) {}

  const RowReader& rows() const { return rows_; }
  Date local_date() const { return local_date_; }

  template <typename... Parts>
  void Malformed(const Parts&... parts) {
    Set(&malformed_, absl::StrCat(parts...));
  }
  template <typename... Parts>
  void Unmet(const Parts&... parts) {
    Set(&unmet_, absl::StrCat(parts...));
  }
  // What the command would make is there already: an Unmet with a name of its
  // own.
  template <typename... Parts>
  void AlreadyThere(const Parts&... parts) {
    if (!unmet_.has_value()) already_there_ = true;
    Unmet(parts...);
  }
  // Takes effect all the same; the officer is told.
  template <typename... Parts>
  void Warn(const Parts&... parts) {
    Set(&warning_, absl::StrCat(parts...));
  }
  // Unless it holds.
  template <typename... Parts>
  void Form(bool holds, const Parts&... parts) {
    if (!holds) Malformed(parts...);
  }
  template <typename... Parts>
  void Require(bool holds, const Parts&... parts) {
    if (!holds) Unmet(parts...);
  }

  // The role that is needed; OFFICER if nothing is said.
  void Needs(v1::Role role) { role_ = role; }
  // The officer must be allowed in this unit; 0: in the whole log.
  void Over(UnitId unit) { units_.push_back(unit); }
  // The command is stale if this row, or a row of this prefix, has changed.
  void RestsOn(Table table, std::string key, std::string what) {
    rests_.push_back({table, std::move(key), false, std::move(what)});
  }
  void RestsOnAll(Table table, std::string prefix, std::string what) {
    rests_.push_back({table, std::move(prefix), true, std::move(what)});
  }

  // Look up what a command names: adds the row it rests on and the unit it
  // touches, and the objection if there is no such thing.
  std::optional<v1::TeamRow> Team(std::uint64_t id, absl::string_view field);
  std::optional<v1::UnitRow> Unit(std::uint64_t id, absl::string_view field);
  std::optional<v1::OrganisationRow> Organisation(std::uint64_t id,
                                                  absl::string_view field);
  // A server's author touches the whole log.
  std::optional<v1::AuthorRow> Author(const std::string& id,
                                      absl::string_view field);
  // What Author() does about units, for a row at hand.
  void OverHolder(const v1::AuthorRow& author);

  // A document's message. Without a source of events it is not looked into.
  template <typename Message>
  std::optional<Message> Document(const std::string& hash,
                                  absl::string_view field) {
    if (!HasDocument(hash, field)) return std::nullopt;
    std::optional<Message> message =
        AssembleMessage<Message>(hash, rows_, *events_);
    if (!message.has_value()) {
      Malformed(field, ": the document is not of the kind that is needed");
    }
    return message;
  }
  // Whether the document is all there and may be looked into.
  bool HasDocument(const std::string& hash, absl::string_view field);

  const std::optional<std::string>& malformed() const { return malformed_; }
  const std::optional<std::string>& incomplete() const { return incomplete_; }
  const std::optional<std::string>& unmet() const { return unmet_; }
  bool already_there() const { return already_there_; }
  const std::optional<std::string>& warning() const { return warning_; }
  v1::Role role() const { return role_; }
  const std::vector<UnitId>& units() const { return units_; }
  const std::vector<Rest>& rests() const { return rests_; }
  const EventSource* events() const { return events_; }

 private:
  static void Set(std::optional<std::string>* slot, std::string text) {
    if (!slot->has_value()) *slot = std::move(text);
  }

  const RowReader& rows_;
  const EventSource* events_;
  Date local_date_;
  std::optional<std::string> malformed_;
  std::optional<std::string> incomplete_;
  std::optional<std::string> unmet_;
  std::optional<std::string> warning_;
  bool already_there_ = false;
  v1::Role role_ = v1::ROLE_OFFICER;
  std::vector<UnitId> units_;
  std::vector<Rest> rests_;
};

// Examines any command but FactsImported, which consists of others.
void ExamineCommand(const v1::Event& event, CommandCase& c);

// The parts of it. False if the payload is not theirs.
bool ExamineRegistryCommand(const v1::Event& event, CommandCase& c);
bool ExamineMapCommand(const v1::Event& event, CommandCase& c);
bool ExamineMoneyCommand(const v1::Event& event, CommandCase& c);
bool ExamineOfficeCommand(const v1::Event& event, CommandCase& c);
// About top-ups, mobilisations, support from outside, held months and rules of
// transition: the part of money that concerns single teams and units.
bool ExamineSupportCommand(const v1::Event& event, CommandCase& c);

// That no other team of the level stands on the unit on `from` or later, where
// a policy in force there says one team a unit (HG-04); elsewhere it only
// warns.
void RequireOneTeam(UnitId unit, v1::UnitLevel level, TeamId team, Date from,
                    CommandCase& c);

}  // namespace thon

#endif  // THON_PROJECTIONS_COMMAND_CASE_H_
