// One field of an expectation, read and put into the form in which the runner
// shows what is so.
#ifndef THON_TOOLS_THON_SCENARIO_WANT_READER_H_
#define THON_TOOLS_THON_SCENARIO_WANT_READER_H_

#include <functional>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "tools/thon/scenario/names.h"
#include "tools/thon/scenario/payload.h"
#include "tools/thon/scenario/reader.h"
#include "tools/thon/scenario/scenario.h"

namespace thon::scenario {

// Each method reads the field of that name, if it is there, and adds what it
// should be. None of the pointers is owned.
class WantReader {
 public:
  WantReader(Reader* reader, PayloadReader* payloads, Names* names,
             Fields* fields, Expectation* expectation)
      : reader_(*reader),
        payloads_(*payloads),
        names_(*names),
        fields_(*fields),
        out_(*expectation) {}

 protected:
  bool IsField(absl::string_view key) const;
  std::string Here(absl::string_view key) const { return fields_.Path(key); }

  void Add(std::string field, const YamlNode& at, std::string text,
           Want::Compare compare = Want::Compare::kEqual);
  void ReadAsOf();
  void Word(absl::string_view key,
            const google::protobuf::EnumDescriptor* type);
  bool EnumText(const YamlNode& node, const std::string& path,
                const google::protobuf::EnumDescriptor* type,
                std::string* text);
  void Words(absl::string_view key,
             const google::protobuf::EnumDescriptor* type, bool sorted);
  void Count(absl::string_view key);
  void Money(absl::string_view key);
  void Flag(absl::string_view key);
  void Text(absl::string_view key);
  void Day(absl::string_view key);
  void MonthField(absl::string_view key);
  void Moment(absl::string_view key);
  void Name(NameKind kind, absl::string_view key);
  void NameList(NameKind kind, absl::string_view key);
  // "a, b" or "none".
  static std::string List(std::vector<std::string> texts, bool sorted);
  // {NAME: value}: a want for each, "key.NAME".
  void Each(absl::string_view key,
            const std::function<bool(std::string* name, const YamlNode&,
                                     std::string* text)>& read);
  // The metric's id for its name, what follows it as it stands.
  bool MetricName(std::string* name, const YamlNode& at);
  void Metrics();
  void Counts(absl::string_view key,
              const google::protobuf::EnumDescriptor* type);
  void Sums();

  Reader& reader_;
  PayloadReader& payloads_;
  Names& names_;
  Fields& fields_;
  Expectation& out_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_WANT_READER_H_
