#include "tools/verify/manifest.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace thon::verify {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kStateRootsMax = 64;
constexpr std::size_t kTextBytesMax = 256;

absl::Status Wrong(absl::string_view member, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("manifest.json: ", member, ": ", what));
}

// The first thing that is wrong is kept.
class Reader {
 public:
  explicit Reader(const Json& object, std::string prefix = "")
      : object_(object), prefix_(std::move(prefix)) {}

  const Json* Member(const char* name, Json::value_t type,
                     absl::string_view kind) {
    const auto it = object_.find(name);
    if (it == object_.end()) {
      Fail(name, "is missing");
      return nullptr;
    }
    if (it->type() != type) {
      Fail(name, absl::StrCat("must be ", kind));
      return nullptr;
    }
    return &*it;
  }
  std::string Text(const char* name) {
    const Json* const value = Member(name, Json::value_t::string, "a string");
    if (value == nullptr) return "";
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() > kTextBytesMax) Fail(name, "is too long");
    return text;
  }
  std::uint64_t Number(const char* name, std::uint64_t max) {
    const Json* const value = Member(name, Json::value_t::number_unsigned,
                                     "a whole number not below 0");
    if (value == nullptr) return 0;
    const auto number = value->get<std::uint64_t>();
    if (number > max) {
      Fail(name,
           absl::StrCat(number, " is beyond what a pack can hold, ", max));
    }
    return number;
  }
  Hash Digest(const char* name) {
    Hash hash;
    std::string raw;
    const std::string hex = Text(name);
    if (!HexDecode(hex, &raw) || !Hash::FromBytes(raw, &hash)) {
      Fail(name, "must be 64 hexadecimal digits");
    }
    return hash;
  }
  void Fail(absl::string_view name, absl::string_view what) {
    status_.Update(Wrong(absl::StrCat(prefix_, name), what));
  }
  const absl::Status& status() const { return status_; }

 private:
  const Json& object_;
  const std::string prefix_;
  absl::Status status_;
};

absl::Status ReadStateRoots(const Json& json, Manifest* manifest) {
  const auto it = json.find("state_roots");
  if (it == json.end()) return absl::OkStatus();
  if (!it->is_array()) return Wrong("state_roots", "must be an array");
  if (it->size() > kStateRootsMax) return Wrong("state_roots", "has too many");
  for (std::size_t i = 0; i < it->size(); ++i) {
    const std::string at = absl::StrCat("state_roots[", i, "]");
    if (!(*it)[i].is_object()) return Wrong(at, "must be an object");
    Reader reader((*it)[i], at + ".");
    v1::StateRoot root;
    root.set_projection(reader.Text("projection"));
    root.set_version(static_cast<int>(reader.Number("version", INT32_MAX)));
    root.set_root(std::string(reader.Digest("root").view()));
    root.set_row_count(reader.Number("row_count", UINT64_MAX));
    if (!reader.status().ok()) return reader.status();
    for (const v1::StateRoot& other : manifest->state_roots) {
      if (other.projection() == root.projection()) {
        return Wrong(at, "names a projection twice");
      }
    }
    manifest->state_roots.push_back(std::move(root));
  }
  return absl::OkStatus();
}

absl::Status ReadFiles(const Json& json, Manifest* manifest) {
  Reader head(json);
  const Json* const files =
      head.Member("files", Json::value_t::array, "an array");
  if (files == nullptr) return head.status();
  for (std::size_t i = 0; i < files->size(); ++i) {
    const std::string at = absl::StrCat("files[", i, "]");
    if (!(*files)[i].is_object()) return Wrong(at, "must be an object");
    Reader reader((*files)[i], at + ".");
    const std::string path = reader.Text("path");
    Manifest::File file;
    file.size = reader.Number("size", UINT64_MAX);
    file.sha256 = reader.Digest("sha256");
    if (!reader.status().ok()) return reader.status();
    if (!manifest->files.emplace(path, file).second) {
      return Wrong(at, "names a path twice");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Manifest> ParseManifest(absl::string_view text) {
  if (text.size() > limits::kPackManifestBytesMax) {
    return absl::InvalidArgumentError("manifest.json: is too large");
  }
  // Of a member that comes twice, readers disagree which one counts.
  std::vector<std::set<std::string>> members;  // Of the objects that are open.
  std::optional<std::string> twice;
  const auto note_member = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) {
      members.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      members.pop_back();
    } else if (event == Json::parse_event_t::key &&
               !members.back().insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  const Json json = Json::parse(text.begin(), text.end(), note_member,
                                /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError("manifest.json: is not a JSON object");
  }
  if (twice.has_value()) return Wrong(*twice, "is there twice");
  Reader reader(json);
  Manifest manifest;
  const std::string format = reader.Text("format");
  if (reader.status().ok() && format != kPackFormat) {
    return Wrong("format", absl::StrCat("must be ", kPackFormat,
                                        "; a newer thon-verify may read it"));
  }
  manifest.origin = reader.Text("origin");
  const std::string key = reader.Text("verifier_key");
  manifest.tree_size = reader.Number("tree_size", kTreeSizeMax);
  manifest.first_entry = reader.Number("first_entry", manifest.tree_size);
  manifest.end_entry = reader.Number("end_entry", manifest.tree_size);
  manifest.position =
      reader.Number("position", kTreeSizeMax * limits::kBatchEventsMax);
  manifest.made_by = reader.Text("made_by");
  manifest.made_at = reader.Text("made_at");
  if (!reader.status().ok()) return reader.status();
  absl::StatusOr<note::VerifierKey> parsed = note::ParseVerifierKey(key);
  if (!parsed.ok()) return Wrong("verifier_key", parsed.status().message());
  manifest.key = *std::move(parsed);
  if (manifest.first_entry > manifest.end_entry) {
    return Wrong("first_entry", "is behind end_entry");
  }
  absl::Status read = ReadStateRoots(json, &manifest);
  if (read.ok()) read = ReadFiles(json, &manifest);
  if (!read.ok()) return read;
  if (manifest.first_entry > 0 && !manifest.state_roots.empty()) {
    return Wrong("state_roots", "must be absent when first_entry is above 0");
  }
  return manifest;
}

}  // namespace thon::verify
