// Messages of the API as JSON for programs: one field one key, by the API's own
// names. Numbers are numbers (ids stay below 2^53), `..._date` is "2023-10-12",
// `...month` is "2023-10", bytes are hexadecimal, enums are their short names
// ("COVERED_UNFUNDED"). A date or month that is not set is null.
#ifndef THON_TOOLS_THON_PROTO_JSON_H_
#define THON_TOOLS_THON_PROTO_JSON_H_

#include <nlohmann/json.hpp>

#include "google/protobuf/message.h"

namespace thon::cli {

using Json = nlohmann::ordered_json;

Json ToJson(const google::protobuf::Message& message);

template <typename Messages>
Json ToJsonArray(const Messages& messages) {
  Json array = Json::array();
  for (const auto& message : messages) array.push_back(ToJson(message));
  return array;
}

}  // namespace thon::cli

#endif  // THON_TOOLS_THON_PROTO_JSON_H_
