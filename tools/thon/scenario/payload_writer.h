// From a payload of event.proto to a block of a scenario: what PayloadReader
// (payload.h) reads back as the same facts under other names.
#ifndef THON_TOOLS_THON_SCENARIO_PAYLOAD_WRITER_H_
#define THON_TOOLS_THON_SCENARIO_PAYLOAD_WRITER_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "server/core/ids.h"
#include "tools/thon/scenario/folded_log.h"
#include "tools/thon/scenario/renamer.h"

namespace thon::scenario {

// What a recording does not hold.
struct RecordingNotes {
  // Nothing that is compared rests on it.
  std::vector<std::string> left_out;
  // What is compared may rest on it.
  std::vector<std::string> unsayable;
};

// Text in double quotes.
std::string Quoted(absl::string_view text);
// "2023-06-30 18:00:30.250", in the time of Viet Nam.
std::string MomentText(Instant moment);

// Thread-safety: none.
class PayloadWriter {
 public:
  // Nothing is owned. Where events and authors of the log are meant, their
  // names come from `event_name` and `phone_name`, empty for none.
  PayloadWriter(const FoldedLog* log, Renamer* renamer, RecordingNotes* notes)
      : log_(*log), renamer_(*renamer), notes_(*notes) {}

  std::function<std::string(const AuthorId&, std::uint64_t)> event_name;
  std::function<std::string(const AuthorId&)> phone_name;
  // The team that the server's own number founded; 0 if it is none.
  std::function<std::uint64_t(std::uint64_t)> founded_by;
  // Names of units in the log and theirs in the recording; for policies' texts.
  std::vector<std::pair<std::string, std::string>> unit_names;

  // The payload's name and block: {"outreach_session", "{topic: HEALTH}"}.
  // `author` recorded the event; `where` is for notes, "position 12".
  std::pair<std::string, std::string> Write(const v1::Event& event,
                                            const AuthorId& author,
                                            const std::string& where);
  // The policy's text with neutral names of units; "" if the log lacks it.
  std::string PolicyText(const v1::PolicyPublished& published) const;

 private:
  using Fields = std::vector<std::string>;

  // Fields that cannot be written as they stand are written here; their names
  // go into `done`.
  void Special(const v1::Event& event, const AuthorId& author, Fields* fields,
               std::set<std::string>* done);
  void WriteCorrection(const v1::CorrectionIssued& correction,
                       const AuthorId& author, Fields* fields);
  void WriteHeld(const v1::HeldDecided& held, Fields* fields);
  void WriteTargets(const v1::Event& event, Fields* fields,
                    std::set<std::string>* done);
  void WriteDocuments(const v1::Event& event, Fields* fields,
                      std::set<std::string>* done);
  std::string WriteRows(absl::string_view hash);
  std::string WriteMap(absl::string_view hash);
  std::string WriteSuccessions(absl::string_view hash);
  std::string WriteFacts(absl::string_view hash);

  void WriteFields(const google::protobuf::Message& message,
                   const std::set<std::string>& done, Fields* fields);
  std::string WriteMessage(const google::protobuf::Message& message);
  std::string WriteNumber(const google::protobuf::FieldDescriptor& field,
                          std::int64_t value);
  std::string WriteText(const google::protobuf::FieldDescriptor& field,
                        const std::string& value);
  std::string WriteValue(const google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field,
                         int index);
  template <typename T>
  bool Load(absl::string_view hash, T* document);
  void CannotSay(absl::string_view what);

  const FoldedLog& log_;
  Renamer& renamer_;
  RecordingNotes& notes_;
  std::string where_;
};

}  // namespace thon::scenario

#endif  // THON_TOOLS_THON_SCENARIO_PAYLOAD_WRITER_H_
