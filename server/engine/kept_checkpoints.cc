#include "server/engine/kept_checkpoints.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/bytes.h"
#include "server/core/checkpoint.h"

namespace thon {
namespace {

constexpr absl::string_view kPrefix = "checkpoint/";
constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

std::int64_t DayOf(const v1::Checkpoint& checkpoint) {
  return checkpoint.signed_time_ms() / kDayMs;
}

absl::Status Damaged(absl::string_view key, absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat("the kept ", key, " is damaged: ", why,
                   "; nothing is signed any more; restore the log from a "
                   "backup"));
}

}  // namespace

absl::Status KeptCheckpoints::Load(const EntryLog& log) {
  absl::Status fault;
  const absl::Status read = log.ScanLocal(
      kPrefix, [&](absl::string_view key, absl::string_view value) {
        std::uint64_t next_position = 0;
        std::int64_t signed_time_ms = 0;
        if (!ConsumeBigEndian(&value, &next_position) ||
            !ConsumeBigEndian(&value, &signed_time_ms)) {
          fault = Damaged(key, "it is too short");
          return false;
        }
        absl::StatusOr<v1::Checkpoint> made =
            Make(std::string(value), Position(next_position), signed_time_ms);
        if (!made.ok() || KeyOf(*made) != key) {
          fault = Damaged(key, made.ok() ? "its note is of another tree"
                                         : made.status().message());
          return false;
        }
        const std::uint64_t size = made->tree_size();
        by_size_[size] = *std::move(made);
        return true;
      });
  if (!read.ok()) return read;
  if (!fault.ok() || by_size_.empty()) return fault;
  const v1::Checkpoint& newest = by_size_.rbegin()->second;
  const absl::Status verified =
      VerifyCheckpointNote(newest.note(), log_key_).status();
  return verified.ok() ? verified : Damaged(KeyOf(newest), verified.message());
}

bool KeptCheckpoints::IsWitnessed(const v1::Checkpoint& checkpoint) const {
  if (policy_.quorum < 0) return false;
  const absl::StatusOr<note::SignedNote> parsed =
      note::Parse(checkpoint.note());
  return parsed.ok() && CheckCosignatures(policy_, *parsed).quorum;
}

bool KeptCheckpoints::MayBeWitnessed(const v1::Checkpoint& checkpoint) const {
  if (policy_.quorum >= 0) return checkpoint.witnessed();
  const absl::StatusOr<note::SignedNote> parsed =
      note::Parse(checkpoint.note());
  return parsed.ok() && parsed->signatures.size() > 1;
}

void KeptCheckpoints::SetPolicy(TrustPolicy policy) {
  policy_ = std::move(policy);
  for (auto& [size, checkpoint] : by_size_) {
    checkpoint.set_witnessed(IsWitnessed(checkpoint));
  }
}

absl::StatusOr<v1::Checkpoint> KeptCheckpoints::Make(
    std::string note, Position next_position,
    std::int64_t signed_time_ms) const {
  const absl::StatusOr<note::SignedNote> parsed = note::Parse(note);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<CheckpointBody> body = ParseCheckpointText(parsed->text);
  if (!body.ok()) return body.status();
  v1::Checkpoint made;
  made.set_origin(body->origin);
  made.set_tree_size(body->tree_size);
  made.set_root_hash(std::string(body->root.view()));
  made.set_note(std::move(note));
  made.set_next_position(next_position.value);
  made.set_verifier_key(
      note::FormatVerifierKey(LogVerifierKey(body->origin, log_key_)));
  made.set_signed_time_ms(signed_time_ms);
  made.set_witnessed(policy_.quorum >= 0 &&
                     CheckCosignatures(policy_, *parsed).quorum);
  return made;
}

std::string KeptCheckpoints::KeyOf(const v1::Checkpoint& checkpoint) {
  return absl::StrCat(kPrefix, checkpoint.origin(), "/",
                      absl::StrFormat("%016x", checkpoint.tree_size()));
}

std::string KeptCheckpoints::ValueOf(const v1::Checkpoint& checkpoint) {
  std::string value;
  AppendBigEndian(checkpoint.next_position(), &value);
  AppendBigEndian(checkpoint.signed_time_ms(), &value);
  value += checkpoint.note();
  return value;
}

std::vector<std::string> KeptCheckpoints::Put(v1::Checkpoint checkpoint) {
  const std::uint64_t size = checkpoint.tree_size();
  by_size_[size] = std::move(checkpoint);
  std::vector<std::string> gone;
  if (by_size_.size() <= count_) return gone;
  const v1::Checkpoint* witnessed = nullptr;
  for (auto it = by_size_.rbegin(); it != by_size_.rend(); ++it) {
    if (!MayBeWitnessed(it->second)) continue;
    witnessed = &it->second;
    break;
  }
  // Whoever is behind the newest has been looked at before, but for one that
  // stayed because it was the newest that is witnessed.
  auto next = std::prev(by_size_.end(), static_cast<std::ptrdiff_t>(count_));
  while (next != by_size_.begin()) {
    const auto it = std::prev(next);
    if (DayOf(it->second) == DayOf(next->second) && &it->second != witnessed) {
      gone.push_back(KeyOf(it->second));
      next = by_size_.erase(it);
    } else {
      next = it;
    }
  }
  return gone;
}

const v1::Checkpoint* KeptCheckpoints::Newest(absl::string_view origin) const {
  const v1::Checkpoint* largest = Largest();
  return largest != nullptr && largest->origin() == origin ? largest : nullptr;
}

const v1::Checkpoint* KeptCheckpoints::Witnessed(
    absl::string_view origin) const {
  for (auto it = by_size_.rbegin();
       it != by_size_.rend() && it->second.origin() == origin; ++it) {
    if (it->second.witnessed()) return &it->second;
  }
  return nullptr;
}

const v1::Checkpoint* KeptCheckpoints::Largest() const {
  return by_size_.empty() ? nullptr : &by_size_.rbegin()->second;
}

const v1::Checkpoint* KeptCheckpoints::Of(std::uint64_t tree_size) const {
  const auto it = by_size_.find(tree_size);
  return it == by_size_.end() ? nullptr : &it->second;
}

const v1::Checkpoint* KeptCheckpoints::Covering(std::uint64_t tree_size) const {
  const auto it = by_size_.lower_bound(tree_size);
  return it == by_size_.end() ? nullptr : &it->second;
}

std::vector<v1::Checkpoint> KeptCheckpoints::List(std::uint64_t below,
                                                  std::size_t count_max) const {
  std::vector<v1::Checkpoint> list;
  auto it = below == 0 ? by_size_.end() : by_size_.lower_bound(below);
  while (it != by_size_.begin() && list.size() < count_max) {
    --it;
    list.push_back(it->second);
  }
  return list;
}

}  // namespace thon
