// What a range of a log touches: teams and organisations, the units that they
// stand on, the phones, the officers, and so which events a recording needs.
#ifndef THON_TOOLS_THON_SCENARIO_TOUCHED_H_
#define THON_TOOLS_THON_SCENARIO_TOUCHED_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "google/protobuf/message.h"
#include "server/core/ids.h"
#include "thon/v1/event.pb.h"
#include "tools/thon/scenario/folded_log.h"
#include "tools/thon/scenario/names.h"

namespace thon::scenario {

// Calls `visit` for every id in the message, of messages in it too.
void ForIds(const google::protobuf::Message& message,
            const std::function<void(NameKind, std::uint64_t)>& visit);

// Thread-safety: const methods, any thread.
class Touched {
 public:
  // `log` outlives it.
  Touched(const FoldedLog* log, Position from);

  const std::set<std::uint64_t>& teams() const { return teams_; }
  const std::set<std::uint64_t>& organisations() const {
    return organisations_;
  }
  const std::set<std::uint64_t>& units() const { return units_; }
  bool HasAuthor(const AuthorId& author) const;
  const std::map<AuthorId, v1::AuthorEnrolled>& authors() const {
    return authors_;
  }
  // Whether the recording needs this event of the server's author.
  bool Needs(const v1::Event& event) const;
  const std::set<std::string>& policies() const { return policies_; }

 private:
  void FindEvents();
  void FindSeeds(Position from);
  // All teams that were founded in these units.
  void TouchBelow(const std::set<std::uint64_t>& units);
  void FindHeirs();
  void FindUnits();
  // With ancestors and successors.
  void CloseUnits();
  void FindOfficers();
  bool NeedsFact(const v1::Event& event) const;
  bool NeedsDocument(const v1::Event& event, bool* known) const;
  bool NeedsUnit(std::uint64_t unit) const { return units_.count(unit) > 0; }
  void TouchAuthor(const AuthorId& author);
  void Touch(const v1::Event& event);

  const FoldedLog& log_;
  std::map<AuthorId, v1::AuthorEnrolled> authors_;  // All that are enrolled.
  std::set<std::uint64_t> teams_;
  std::set<std::uint64_t> organisations_;
  std::set<std::uint64_t> units_;
  std::set<std::uint64_t> officers_;                // Whose acts are needed.
  std::map<std::uint64_t, std::uint64_t> grants_;   // To the officer.
  std::map<std::uint64_t, std::uint64_t> founded_;  // Server's number, team.
  std::set<std::uint64_t> mobilisations_;
  std::set<std::uint64_t> models_;
  std::set<std::string> policies_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_TOUCHED_H_
