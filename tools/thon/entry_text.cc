#include "tools/thon/entry_text.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/hash.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

// Name of the payload's field; "unknown" if this program does not know it.
std::string TypeOf(const v1::Event& event) {
  const google::protobuf::OneofDescriptor* const payload =
      v1::Event::descriptor()->FindOneofByName("payload");
  const google::protobuf::FieldDescriptor* const field =
      event.GetReflection()->GetOneofFieldDescriptor(event, payload);
  return field == nullptr ? "unknown" : field->name();
}

}  // namespace

absl::StatusOr<DecodedEntry> DecodeEntry(const v1::Entry& entry) {
  const absl::StatusOr<EntryView> view = ParseEntry(entry.leaf());
  if (!view.ok()) return view.status();
  DecodedEntry decoded;
  decoded.index = entry.entry_index();
  decoded.trailer = view->trailer;
  if (!decoded.batch.ParseFromArray(view->batch.data(),
                                    static_cast<int>(view->batch.size()))) {
    return absl::DataLossError(
        absl::StrCat("entry ", entry.entry_index(), " holds no batch"));
  }
  for (const v1::Event& event : decoded.batch.events()) {
    ++decoded.types[TypeOf(event)];
  }
  return decoded;
}

std::string ShowEntry(const DecodedEntry& entry) {
  std::vector<std::string> types;
  for (const auto& [type, count] : entry.types) {
    types.push_back(count == 1 ? type : absl::StrCat(type, " x", count));
  }
  const std::uint64_t first = entry.trailer.first_position.value;
  const std::uint64_t last = entry.trailer.last_position().value;
  return absl::StrCat(
      entry.index, "  ",
      first == last ? absl::StrCat(first) : absl::StrCat(first, "-", last),
      "  ", ShowInstant(entry.trailer.receive_time.ms), "  ",
      HexEncode(entry.batch.author()).substr(0, 12), "  #",
      entry.batch.first_sequence(), "  ", absl::StrJoin(types, ", "));
}

Json EntryJson(const DecodedEntry& entry, bool events) {
  Json types = Json::object();
  for (const auto& [type, count] : entry.types) types[type] = count;
  Json json = {{"entry_index", entry.index},
               {"first_position", entry.trailer.first_position.value},
               {"last_position", entry.trailer.last_position().value},
               {"receive_time_ms", entry.trailer.receive_time.ms},
               {"receive_time", ShowInstant(entry.trailer.receive_time.ms)},
               {"author", HexEncode(entry.batch.author())},
               {"first_sequence", entry.batch.first_sequence()},
               {"app_version", entry.batch.app_version()},
               {"types", std::move(types)}};
  if (events) json["events"] = ToJsonArray(entry.batch.events());
  return json;
}

}  // namespace thon::cli
