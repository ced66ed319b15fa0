// The parser behind ParseScenario (scenario.h), a method a section of the
// format. Private to the parser's files.
#ifndef THON_TOOLS_THON_SCENARIO_PARSER_H_
#define THON_TOOLS_THON_SCENARIO_PARSER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/reader.h"
#include "tools/thon/scenario/scenario.h"

namespace thon::scenario {

// Reads one scenario: first the names that it declares anywhere, then what it
// says of them. A section that is wrong is noted; the others are read all the
// same.
class Parser {
 public:
  explicit Parser(const std::string& file);

  ReadScenario Parse(absl::string_view text);

 private:
  // Names and the default of `start`.
  void Declare(const YamlNode& root);
  // `names:`, which come before all others.
  void DeclareNames(const YamlNode& kinds);
  void DeclareTeams(const YamlNode& teams);
  void DeclareStep(const YamlNode& step);
  void DeclarePayload(absl::string_view payload, const YamlNode& node);
  void DeclareNew(NameKind kind, const YamlNode& at, const std::string& name,
                  const std::string& path);
  void FindStart(const YamlNode& node, int depth);

  void ReadHead(Fields* root);
  void ReadGroundMap(const YamlNode* node);
  void ReadTeams(const YamlNode* node);
  void ReadTeam(const std::string& name, const YamlNode& node,
                const std::string& path);
  void FoundTeam(const std::string& name, std::uint64_t unit,
                 const v1::TeamFounded& like, const YamlNode* members,
                 const std::string& path, const Step& where);
  void ReadMembers(const std::string& team, const YamlNode& node,
                   const std::string& path, const v1::TeamFounded& founded,
                   const Step& where);
  void ReadOrganisations(const YamlNode* node);
  void ReadPhones(const YamlNode* node);
  void ReadOfficers(const YamlNode* node);

  // A list of payloads of one kind, each at its own moment.
  void ReadActs(const YamlNode* node, const std::string& section,
                absl::string_view payload);
  void ReadSteps(const YamlNode* node);
  void ReadStep(const YamlNode& node, const std::string& path);
  bool ReadPhoneStep(Fields* fields, Step* step);
  bool ReadEnrolment(const YamlNode& node, const std::string& path,
                     const std::string& phone, Enrolment* enrolment);
  // Whose the phone is.
  void ReadOwner(Fields* fields, const std::string& phone,
                 Enrolment* enrolment);
  void ReadOriginal(const YamlNode& node, const std::string& path,
                    Record* record);
  void ReadRecords(Fields* fields, Step* step, PhoneStep* phone);
  bool ReadClock(const YamlNode& node, const std::string& path,
                 ClockChange* change);
  bool ReadSync(const YamlNode& node, const std::string& path, Sync* sync);
  bool ReadOfficerStep(Fields* fields, Step* step);
  void ReadActFields(Fields* fields, Act* act);
  bool ReadOutcome(const YamlNode& node, const std::string& path,
                   ActOutcome* outcome);

  void ReadExpect(const YamlNode* node);
  void ReadExpectation(const YamlNode& node, const std::string& path);

  PayloadReader Payloads();
  // The act as a step of the ground, recorded at `start`.
  void Ground(const YamlNode& at, const std::string& path, v1::Event event,
              std::vector<std::string> documents = {});
  Step At(const YamlNode& node, const std::string& path, Instant at) const;

  ReadScenario result_;
  Scenario& scenario_;
  Reader reader_;
  std::string directory_;
  std::optional<Instant> first_at_;
  std::optional<Instant> last_at_;           // Of the steps read so far.
  std::map<std::string, Enrolment> phones_;  // Whose each phone is.
  std::vector<Step> ground_;                 // At `start`.
  std::vector<Step> timed_;  // Of the sections, at moments of their own.
  std::vector<Step> steps_;
};

// The fields of one expectation, as wants (expectation_reader.cc).
bool ReadSubject(Reader* reader, PayloadReader* payloads, Names* names,
                 Fields* fields, Expectation* expectation);

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_PARSER_H_
