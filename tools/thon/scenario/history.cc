#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "tools/thon/scenario/runner.h"

namespace thon::scenario {

std::optional<EventPlace> History::Find(const std::string& event,
                                        const std::string& phone) const {
  std::string on = phone;
  if (on.empty()) {
    const auto recorder = recorders.find(event);
    if (recorder == recorders.end()) return std::nullopt;
    on = recorder->second;
  }
  const auto found = phones.find(on);
  return found == phones.end() ? std::nullopt : found->second.Find(event);
}

std::string History::NameOriginal(const Record& record,
                                  v1::Event* event) const {
  v1::Original original;
  if (!record.original.empty()) {
    const std::optional<EventPlace> place = Find(record.original, "");
    if (!place.has_value()) {
      return Both(
          {absl::StrCat(record.original, " chưa được ghi trước bước này"),
           absl::StrCat(record.original, " is not recorded before this step")});
    }
    original.set_author(std::string(place->author.view()));
    original.set_sequence(place->sequence.value);
    original.set_event_hash(std::string(place->hash.view()));
  } else if (!record.original_phone.empty()) {
    const auto phone = phones.find(record.original_phone);
    if (phone == phones.end()) {
      return Both(
          {absl::StrCat("chưa có điện thoại ", record.original_phone),
           absl::StrCat("phone ", record.original_phone, " is not there yet")});
    }
    original.set_author(std::string(phone->second.author().view()));
    original.set_sequence(record.original_number);
    v1::Event first = *event;
    first.set_sequence(record.original_number);
    original.set_event_hash(std::string(EventHash(first).view()));
  } else {
    return "";
  }
  *event->mutable_originally() = std::move(original);
  return "";
}

}  // namespace thon::scenario
