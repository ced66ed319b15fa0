// Who may write: logs and epochs opened, phones enrolled, keys copied.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/batch.h"
#include "server/core/limits.h"
#include "thon/v1/rows.pb.h"
#include "tools/verify/chain_check.h"
#include "tools/verify/finding_kinds.h"

namespace thon::verify {
namespace {

template <typename Message>
std::optional<Message> RowOf(const RowReader& rows, Table table,
                             absl::string_view key) {
  const std::optional<RowVersion> row = rows.Get(table, key);
  Message message;
  if (!row.has_value() || !message.ParseFromString(row->value)) {
    return std::nullopt;
  }
  return message;
}

std::uint64_t EpochNumber(absl::string_view origin) {
  const std::size_t slash = origin.rfind('/');
  std::uint64_t number = 0;
  if (slash == absl::string_view::npos) return 0;
  for (const char c : origin.substr(slash + 1)) {
    if (c < '0' || c > '9' || number > UINT32_MAX) return 0;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

absl::string_view LogName(absl::string_view origin) {
  return origin.substr(0, origin.rfind('/'));
}

}  // namespace

void ChainCheck::OpenLog(const ReadEntry& entry, const v1::Event& event) {
  const v1::LogOpened& opened = event.log_opened();
  findings_->Examined(Check::kEpochs, 1);
  Epoch epoch;
  if (entry.index != EntryIndex(0) || event.sequence() != 1) {
    findings_->Add(kinds::kServerMisplaced,
                   At(entry, event,
                      Say("LogOpened không phải là sự kiện đầu tiên",
                          "LogOpened is not the first event")));
    return;
  }
  if (!PublicKey::FromBytes(opened.log_key(), &epoch.log_key) ||
      opened.format_version() != 1 || opened.hash_algorithm() != "sha256" ||
      opened.time_zone() != "Asia/Ho_Chi_Minh") {
    findings_->Add(kinds::kEpochDiffers,
                   At(entry, event,
                      Say("LogOpened nêu một khóa, dạng, hàm băm hay múi giờ "
                          "mà chương trình này không biết",
                          "LogOpened names a key, format, hash or zone that "
                          "this program does not know")));
  }
  epoch.origin = opened.origin();
  epoch.entry = entry.index;
  epoch.position = entry.trailer.first_position;
  epochs_.push_back(std::move(epoch));
}

void ChainCheck::OpenEpoch(const ReadEntry& entry, const v1::Event& event) {
  const v1::EpochOpened& opened = event.epoch_opened();
  findings_->Examined(Check::kEpochs, 1);
  if (event.sequence() != 1) {
    findings_->Add(
        kinds::kServerMisplaced,
        At(entry, event,
           Say("EpochOpened không phải là sự kiện đầu tiên của một máy chủ mới",
               "EpochOpened is not the first event of a new server")));
    return;
  }
  const auto differs = [&](Detail detail) {
    findings_->Add(kinds::kEpochDiffers, At(entry, event, std::move(detail)));
  };
  Epoch epoch;
  epoch.origin = opened.new_origin();
  epoch.entry = entry.index;
  epoch.position = entry.trailer.first_position;
  epoch.old_origin = opened.old_origin();
  epoch.old_size = opened.old_size();
  epoch.first_lost = opened.first_lost_position();
  epoch.last_known_lost = opened.last_known_lost_position();
  if (!PublicKey::FromBytes(opened.log_key(), &epoch.log_key)) {
    differs(Say("log_key không phải là khóa", "log_key is no key"));
  }
  if (epoch.old_size != entry.index.value) {
    differs(Say("nó nói giữ lại $0 mục, mà chính nó là mục $1",
                "it says that $0 entries were kept, and is entry $1",
                epoch.old_size, entry.index.value));
  }
  if (!epochs_.empty() && epoch.old_origin != epochs_.back().origin) {
    differs(Say("nó nối tiếp $0, nhưng sổ là $1",
                "it follows $0, but the log is $1", epoch.old_origin,
                epochs_.back().origin));
  }
  if (LogName(epoch.origin) != LogName(epoch.old_origin) ||
      EpochNumber(epoch.origin) <= EpochNumber(epoch.old_origin)) {
    differs(Say("$0 không phải là kỷ nguyên sau $1", "$0 is no epoch after $1",
                epoch.origin, epoch.old_origin));
  }
  if (epoch.first_lost == 0 || epoch.first_lost > epoch.position.value) {
    differs(Say("vị trí $0 không thể là vị trí đầu tiên bị mất",
                "position $0 cannot be the first that was lost",
                epoch.first_lost));
  }
  const absl::StatusOr<Hash> root = nodes_->RootAt(entry.index.value);
  if (root.ok() && root->view() != opened.old_root()) {
    differs(Say("gốc của $0 mục trước nó là $1",
                "the root over the $0 entries before it is $1",
                entry.index.value, root->Hex()));
  }
  const Detail known =
      epoch.last_known_lost == 0
          ? Detail()
          : Say(", ít nhất tới $0", ", at least to $0", epoch.last_known_lost);
  Detail loss =
      Say("$0 nối tiếp $1: giữ $2 mục, mất các vị trí từ $3",
          "$0 follows $1: $2 entries kept, positions from $3 on lost",
          epoch.origin, epoch.old_origin, epoch.old_size, epoch.first_lost);
  loss.vi += known.vi;
  loss.en += known.en;
  findings_->Add(kinds::kEpoch, At(entry, event, std::move(loss)));
  epochs_.push_back(std::move(epoch));
}

void ChainCheck::Enrol(const ReadEntry& entry, const v1::Event& event,
                       const RowReader* rows) {
  const v1::AuthorEnrolled& enrolled = event.author_enrolled();
  findings_->Examined(Check::kAuthors, 1);
  PublicKey key;
  if (!PublicKey::FromBytes(enrolled.public_key(), &key)) {
    findings_->Add(
        kinds::kEnrolmentInvalid,
        At(entry, event,
           Say("public_key không phải là khóa", "public_key is no key")));
    return;
  }
  if (enrolled.kind() != v1::AUTHOR_KIND_PHONE &&
      enrolled.kind() != v1::AUTHOR_KIND_ORGANISATION) {
    findings_->Add(kinds::kEnrolmentInvalid,
                   At(entry, event,
                      Say("tác giả $0 không được ghi danh là điện thoại hay "
                          "tổ chức",
                          "author $0 is enrolled neither as a phone nor as an "
                          "organisation",
                          key.author().Hex())));
    return;
  }
  const auto it = authors_.find(key.author());
  if (it != authors_.end() && it->second.key.has_value()) {
    findings_->Add(
        kinds::kEnrolmentInvalid,
        At(entry, event,
           Say("tác giả $0 đã được ghi danh rồi",
               "author $0 is enrolled already", key.author().Hex())));
    return;
  }
  if (!enrolled.predecessor().empty()) {
    CheckSuccessor(entry, event, key);
  } else if (rows != nullptr) {
    CheckCode(entry, event, key, *rows);
  }
  // Known without a key: it wrote before it was enrolled, which was named.
  authors_[key.author()].key = key;
}

void ChainCheck::CheckSuccessor(const ReadEntry& entry, const v1::Event& event,
                                const PublicKey& key) {
  const v1::AuthorEnrolled& enrolled = event.author_enrolled();
  AuthorId old;
  Signature signature;
  const bool formed =
      AuthorId::FromBytes(enrolled.predecessor(), &old) &&
      Signature::FromBytes(enrolled.predecessor_signature(), &signature);
  const auto it = formed ? authors_.find(old) : authors_.end();
  const Detail names =
      Say("tác giả $0 kế nhiệm $1", "author $0 succeeds $1", key.author().Hex(),
          HexEncode(enrolled.predecessor()));
  if (it == authors_.end() || !it->second.key.has_value()) {
    const bool unknown = !from_start_ || epochs_.size() > 1;
    findings_->Add(
        unknown ? kinds::kEnrolmentRestored : kinds::kEnrolmentInvalid,
        At(entry, event,
           Of(names, Say("khóa trước chưa được ghi danh",
                         "that one is not enrolled"))));
  } else if (!Verify(*it->second.key, kSuccessorContext, key.view(),
                     signature)) {
    findings_->Add(kinds::kEnrolmentInvalid,
                   At(entry, event,
                      Of(names, Say("khóa trước không ký điều đó",
                                    "that one did not sign it"))));
  } else {
    findings_->Add(kinds::kSuccessor, At(entry, event, names));
  }
}

void ChainCheck::CheckCode(const ReadEntry& entry, const v1::Event& event,
                           const PublicKey& key, const RowReader& rows) {
  const v1::AuthorEnrolled& enrolled = event.author_enrolled();
  const std::optional<v1::EnrolmentCodeRow> code = RowOf<v1::EnrolmentCodeRow>(
      rows, Table::kEnrolmentCode, enrolled.code_hash());
  const AuthorId id = key.author();
  Detail wrong;
  bool restorable = false;
  if (!code.has_value()) {
    wrong = Say("không cán bộ nào lập mã của nó", "no officer made its code");
    restorable = true;
  } else if (code->used_by() != id.view()) {
    wrong = Say("mã của nó đã do khóa khác dùng",
                "its code was used by another key");
  } else if (code->team_id() != enrolled.team_id() ||
             code->member_id() != enrolled.member_id() ||
             code->organisation_id() != enrolled.organisation_id()) {
    wrong =
        Say("mã của nó là cho người khác", "its code was for somebody else");
  } else if (zone_.DateOf(entry.trailer.receive_time).days >
             code->last_date()) {
    wrong = Say("mã của nó đã hết hạn ngày $0", "its code had expired on $0",
                Date(code->last_date()).Vietnamese());
    restorable = true;
  }
  if (wrong.empty()) return;
  // After a loss, a phone shows the receipt of an enrolment that was lost: its
  // code may be lost as well, or have expired since. Nothing that was lost
  // makes a code somebody else's.
  findings_->Add(epochs_.size() > 1 && restorable ? kinds::kEnrolmentRestored
                                                  : kinds::kEnrolmentInvalid,
                 At(entry, event, Of(AuthorText(id), wrong)));
}

void ChainCheck::CheckFork(const ReadEntry& entry, const v1::Event& event) {
  const v1::ForkObserved& fork = event.fork_observed();
  findings_->Examined(Check::kChains, 1);
  AuthorId id;
  Hash offered;
  Signature signature;
  const bool formed =
      AuthorId::FromBytes(fork.author(), &id) &&
      Hash::FromBytes(fork.offered_hash(), &offered) &&
      Signature::FromBytes(fork.offered_signature(), &signature);
  const auto it = formed ? authors_.find(id) : authors_.end();
  Detail wrong;
  if (!formed || it == authors_.end() || !it->second.key.has_value()) {
    if (!from_start_) return;
    wrong =
        Say("tác giả của nó chưa được ghi danh", "its author is not enrolled");
  } else if (!VerifyBatchSignature(*it->second.key, offered, signature)) {
    wrong = Say("tác giả không ký lô kia",
                "the author did not sign the other batch");
  } else {
    wrong = WrongOffer(fork, id, it->second);
  }
  if (wrong.empty()) {
    std::optional<Hash> kept = it->second.last;
    if (fork.sequence() != it->second.next) {
      kept = events_->BatchHashOf(id, Sequence(fork.sequence()));
    }
    if (from_start_ &&
        (!kept.has_value() || kept->view() != fork.kept_hash())) {
      wrong = Say("sổ chứa một lô khác dưới số của nó",
                  "the log holds another batch under its number");
    } else if (kept == offered) {
      wrong = Say("hai lô là một", "both batches are the same");
    }
  }
  if (!wrong.empty()) {
    findings_->Add(kinds::kForkUnproven, At(entry, event, wrong));
    return;
  }
  Place place = At(entry, event,
                   Say("tác giả $0, số $1", "author $0, number $1", id.Hex(),
                       fork.sequence()));
  if (!fork.offered_batch().empty()) {
    return findings_->Add(kinds::kFork, std::move(place));
  }
  // The hash may be of any batch of the author's, also of one that the log
  // takes later.
  bare_forks_.try_emplace({id, offered}, place);
  findings_->Add(kinds::kForkServersWord, std::move(place));
}

Detail ChainCheck::WrongOffer(const v1::ForkObserved& fork, const AuthorId& id,
                              const Author& author) const {
  if (fork.offered_batch().empty()) return {};
  if (BatchHash(fork.offered_batch()).view() != fork.offered_hash()) {
    return Say("lô kia có mã băm khác", "the other batch has another hash");
  }
  v1::Batch batch;
  if (ParseBatch(fork.offered_batch(), &batch) != BatchFault::kNone) {
    return Say("lô kia không phải là một lô", "the other batch is none");
  }
  if (batch.author() != id.view()) {
    return Say("lô kia là của tác giả khác",
               "the other batch is of another author");
  }
  if (batch.first_sequence() != fork.sequence()) {
    return Say("lô kia có các số khác", "the other batch has other numbers");
  }
  if (fork.sequence() == author.next &&
      batch.previous_hash() == author.last.view()) {
    return Say("lô kia nối tiếp những gì sổ chứa",
               "the other batch follows what the log holds");
  }
  return {};
}

void ChainCheck::Finish() {
  if (bare_forks_.empty()) return;
  EntryStream stream(&packs_);
  while (const ReadPart* const part = stream.Next()) {
    for (const ReadEntry& entry : part->entries) {
      const auto it = bare_forks_.find({entry.author, entry.batch_hash});
      if (it == bare_forks_.end()) continue;
      Place place = it->second;
      place.detail = Say("lô kia là của chính tác giả, mục $0",
                         "the other batch is the author's own, entry $0",
                         entry.index.value);
      findings_->Add(kinds::kForkUnproven, std::move(place));
    }
  }
}

}  // namespace thon::verify
