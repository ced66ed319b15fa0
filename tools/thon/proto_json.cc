#include "tools/thon/proto_json.h"

#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/descriptor.h"
#include "server/core/civil.h"
#include "server/core/hash.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

Json DayOrMonth(const FieldDescriptor& field, std::int32_t value) {
  if (absl::EndsWith(field.name(), "_date")) {
    if (value == 0) return nullptr;
    // An event may claim any number; only days of valid years have a name.
    const Date day(value);
    if (value < -36524 || value > 84005) return value;
    return day.Iso();
  }
  if (absl::EndsWith(field.name(), "month") ||
      absl::EndsWith(field.name(), "months")) {
    if (value == 0) return nullptr;
    if (!Month(value).valid()) return value;
    return Month(value).Iso();
  }
  return value;
}

// The value of a field, or of its element `index` when that is not negative.
Json Value(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& get = *message.GetReflection();
  const bool one = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return DayOrMonth(field,
                        one ? get.GetInt32(message, &field)
                            : get.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return one ? get.GetUInt32(message, &field)
                 : get.GetRepeatedUInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return one ? get.GetInt64(message, &field)
                 : get.GetRepeatedInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return one ? get.GetUInt64(message, &field)
                 : get.GetRepeatedUInt64(message, &field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return one ? get.GetBool(message, &field)
                 : get.GetRepeatedBool(message, &field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortEnumName(
          field.enum_type(),
          one ? get.GetEnumValue(message, &field)
              : get.GetRepeatedEnumValue(message, &field, index));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          one ? get.GetString(message, &field)
              : get.GetRepeatedString(message, &field, index);
      if (field.type() == FieldDescriptor::TYPE_BYTES) return HexEncode(text);
      return text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(one ? get.GetMessage(message, &field)
                        : get.GetRepeatedMessage(message, &field, index));
    default:
      return nullptr;  // The API has no floating point.
  }
}

}  // namespace

Json ToJson(const Message& message) {
  Json object = Json::object();
  const Reflection& get = *message.GetReflection();
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) {
      Json array = Json::array();
      for (int j = 0; j < get.FieldSize(message, &field); ++j) {
        array.push_back(Value(message, field, j));
      }
      object[field.name()] = std::move(array);
      continue;
    }
    // What can be absent, and is, has no key.
    if (field.has_presence() && !get.HasField(message, &field)) continue;
    object[field.name()] = Value(message, field, -1);
  }
  return object;
}

}  // namespace thon::cli
