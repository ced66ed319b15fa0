// From a block of a scenario to a payload of event.proto, field by field.
//
// Fields go by the proto's names or by what is left of them without _id,
// _date, _month, _vnd and so on, where that is plain. Ids are names, amounts
// are money as decisions write it, and where the proto has hashes and numbers
// of events, a scenario has the thing itself (tests/scenarios/FORMAT.md).
#ifndef THON_TOOLS_THON_SCENARIO_PAYLOAD_H_
#define THON_TOOLS_THON_SCENARIO_PAYLOAD_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "server/policy/yaml_tree.h"
#include "tools/thon/scenario/names.h"
#include "tools/thon/scenario/reader.h"
#include "tools/thon/scenario/scenario.h"

namespace thon::scenario {

// The payload's field in Event; nullptr if there is none of that name. Short
// names of a scenario ("list_approved") are understood.
const google::protobuf::FieldDescriptor* FindPayload(absl::string_view name);
// All names that FindPayload understands.
std::vector<std::string> PayloadNames();

// What a payload brings into being: "team_founded" its team.
struct Creation {
  absl::string_view payload;
  absl::string_view field;  // As the proto has it.
  NameKind kind;
};
const std::vector<Creation>& Creations();

// The names under which a field of a message can be written.
std::map<std::string, const google::protobuf::FieldDescriptor*> FieldNames(
    const google::protobuf::Descriptor& type);

// Whose id the field holds; nullopt if it holds none.
std::optional<NameKind> IdKind(const google::protobuf::FieldDescriptor& field);

// Thread-safety: none.
class PayloadReader {
 public:
  // None owned. `directory` is where files are looked for.
  PayloadReader(Reader* reader, Names* names, std::string directory)
      : reader_(*reader), names_(*names), directory_(std::move(directory)) {}

  // The team whose members are meant where a name alone could be anybody's.
  void set_team(std::string team) { team_ = std::move(team); }

  // Reads `node` as payload `name` into `*act`. False: noted.
  bool Read(absl::string_view name, const YamlNode& node,
            const std::string& path, Act* act);

  // A name of `kind`, a number as it stands, or "none". False: noted.
  bool Id(NameKind kind, const YamlNode& node, absl::string_view path,
          std::uint64_t* id);
  // Names and groups of `kind`; of teams also "all".
  bool Ids(NameKind kind, const YamlNode& node, absl::string_view path,
           std::vector<std::uint64_t>* ids);
  // file:, text:, set: and remove: of a block.
  bool Policy(Fields* fields, PolicySource* source);
  bool Document(const YamlNode& node, absl::string_view path,
                v1::LegalDocument* document);

 private:
  // True if `key` is one that the payload has beside its own fields; then
  // `*good` says whether it could be read.
  bool Special(absl::string_view payload, const std::string& key,
               const YamlNode& node, const std::string& path, Act* act,
               bool* good);
  bool SpecialEvent(const std::string& key, const YamlNode& node,
                    const std::string& path, Act* act, bool* good);
  bool SpecialDocument(const std::string& key, const YamlNode& node,
                       const std::string& path, Act* act, bool* good);
  bool Amended(const YamlNode& node, const std::string& path,
               v1::Event* amended);
  bool ListRows(const YamlNode& node, const std::string& path, Act* act);
  bool FormFields(const YamlNode& node, const std::string& path,
                  google::protobuf::RepeatedPtrField<v1::FormField>* fields);
  bool Message(const YamlNode& node, const std::string& path,
               google::protobuf::Message* message);
  bool Field(const google::protobuf::FieldDescriptor& field,
             const YamlNode& node, const std::string& path,
             google::protobuf::Message* message);
  bool Scalar(const google::protobuf::FieldDescriptor& field,
              const YamlNode& node, const std::string& path, bool add,
              google::protobuf::Message* message);
  bool Number(const google::protobuf::FieldDescriptor& field,
              const YamlNode& node, const std::string& path,
              std::int64_t* value);
  void FillIn(v1::Event* event) const;
  std::string Put(const google::protobuf::Message& document, Act* act) const;

  Reader& reader_;
  Names& names_;
  const std::string directory_;
  std::string team_;
};

// Units of a map, by kind and parent (`map:` of a scenario). Villages are
// declared one by one and come apart.
struct MapReading {
  v1::UnitList upper;
  Date upper_from;
  std::vector<v1::VillageDeclared> villages;
};
bool ReadMap(Reader* reader, Names* names, const YamlNode& node,
             const std::string& path, Date from, MapReading* map);

inline constexpr char kMapFrom[] = "2020-01-01";

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_PAYLOAD_H_
