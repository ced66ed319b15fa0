#include <algorithm>
#include <utility>

#include "client-lib/src/outbox.h"
#include "client-lib/src/preview_maker.h"
#include "server/core/bytes.h"

namespace thon::client {
namespace {

// More months and policies than a screen shows.
constexpr std::uint64_t kShownMax = 128;

// author(16) sequence(8) date(4) type, then 0x00.
std::string PackEvents(const std::vector<OwnEvent>& events) {
  std::string packed;
  for (const OwnEvent& event : events) {
    const absl::string_view author = event.name.author.view();
    packed.append(author.data(), author.size());
    AppendBigEndian(event.name.sequence.value, &packed);
    AppendBigEndian(event.date.days, &packed);
    packed.append(event.type);
    packed.push_back('\0');
  }
  return packed;
}

bool UnpackEvents(absl::string_view packed, std::vector<OwnEvent>* events) {
  while (!packed.empty()) {
    OwnEvent event;
    if (!AuthorId::FromBytes(packed.substr(0, AuthorId::kSize),
                             &event.name.author)) {
      return false;
    }
    packed.remove_prefix(AuthorId::kSize);
    if (!ConsumeBigEndian(&packed, &event.name.sequence.value) ||
        !ConsumeBigEndian(&packed, &event.date.days)) {
      return false;
    }
    const std::size_t end = packed.find('\0');
    if (end == absl::string_view::npos) return false;
    event.type = std::string(packed.substr(0, end));
    packed.remove_prefix(end + 1);
    events->push_back(std::move(event));
  }
  return true;
}

bool Parse(absl::string_view bytes, google::protobuf::MessageLite* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

absl::Status Outbox::SaveShown(absl::Span<const ShownPreview> shown) {
  if (shown.empty()) return absl::OkStatus();
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "shown", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  for (const ShownPreview& one : shown) {
    if (absl::Status put =
            db_->Prepare("INSERT OR REPLACE INTO shown (policy, month, "
                         "position, own_end, determination, facts, events, "
                         "turn) VALUES (?, ?, ?, ?, ?, ?, ?, "
                         "(SELECT IFNULL(MAX(turn), 0) + 1 FROM shown))")
                .Bind(one.policy_id)
                .Bind(static_cast<std::uint64_t>(one.month.yyyymm))
                .Bind(one.view_position.value)
                .Bind(one.own_end)
                .Bind(one.determination.SerializeAsString())
                .Bind(one.facts.SerializeAsString())
                .Bind(PackEvents(one.events))
                .Run();
        !put.ok()) {
      return put;
    }
  }
  if (absl::Status gone = db_->Prepare("DELETE FROM shown WHERE turn <= "
                                       "(SELECT MAX(turn) FROM shown) - ?")
                              .Bind(kShownMax)
                              .Run();
      !gone.ok()) {
    return gone;
  }
  return Commit(&transaction);
}

absl::StatusOr<std::vector<ShownPreview>> Outbox::Shown() {
  std::vector<ShownPreview> shown;
  Statement read = db_->Prepare(
      "SELECT policy, month, position, own_end, determination, facts, events "
      "FROM shown ORDER BY month, policy");
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return shown;
    ShownPreview one;
    one.policy_id = std::string(read.Bytes(0));
    one.month = Month(static_cast<std::int32_t>(read.Number(1)));
    one.view_position = Position(read.Number(2));
    one.own_end = read.Number(3);
    // What cannot be read was shown all the same, but cannot be compared.
    if (Parse(read.Bytes(4), &one.determination) &&
        Parse(read.Bytes(5), &one.facts) &&
        UnpackEvents(read.Bytes(6), &one.events)) {
      shown.push_back(std::move(one));
    }
  }
}

absl::StatusOr<Month> Outbox::FirstShownMonth() {
  Statement read = db_->Prepare("SELECT IFNULL(MIN(month), 0) FROM shown");
  const absl::StatusOr<std::uint64_t> month = OnlyNumber(&read);
  if (!month.ok()) return month.status();
  return Month(static_cast<std::int32_t>(*month));
}

absl::StatusOr<std::uint64_t> Outbox::ReofferedEnd() {
  Statement read = db_->Prepare(
      "SELECT IFNULL(MAX(id) + 1, 0) FROM reoffered WHERE id >= ?");
  return OnlyNumber(&read.Bind(RowId(key_->generation, Sequence(0))));
}

absl::Status Outbox::InsertDifference(const Difference& difference) {
  return db_
      ->Prepare(
          "INSERT INTO differences (policy, month, field, metric, position, "
          "said_vi, said_en, says_vi, says_en, because_vi, because_en, "
          "text_vi, text_en) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .Bind(difference.policy_id)
      .Bind(static_cast<std::uint64_t>(difference.month.yyyymm))
      .Bind(static_cast<std::uint64_t>(difference.field))
      .Bind(difference.metric)
      .Bind(difference.position.value)
      .Bind(difference.phone_said.vi)
      .Bind(difference.phone_said.en)
      .Bind(difference.server_says.vi)
      .Bind(difference.server_says.en)
      .Bind(difference.because.vi)
      .Bind(difference.because.en)
      .Bind(difference.text.vi)
      .Bind(difference.text.en)
      .Run();
}

absl::Status Outbox::CompareShown(const HeardView& heard) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  const absl::StatusOr<std::vector<ShownPreview>> all = Shown();
  if (!all.ok()) return all.status();
  const absl::StatusOr<std::uint64_t> reoffered = ReofferedEnd();
  if (!reoffered.ok()) return reoffered.status();
  const v1::TeamView& view = heard.view;
  const std::uint64_t covered =
      RowId(heard.generation, Sequence(view.end_sequence()));
  std::vector<const ShownPreview*> compared;
  std::vector<Difference> differences;
  const StandingOfEvent standing_of =
      [this](const EventName& name) -> std::optional<v1::EventStanding> {
    absl::StatusOr<std::optional<v1::EventStanding>> standing =
        StandingOf(name);
    return standing.ok() ? *std::move(standing) : std::nullopt;
  };
  for (const ShownPreview& one : *all) {
    std::uint64_t needed = one.own_end;
    if (GenerationOf(needed) < key_->generation) {
      needed = std::max(needed, *reoffered);
    }
    if (view.position() <= one.view_position.value || covered < needed ||
        view.months().empty()) {
      continue;
    }
    if (FindMonth(view, one.month) != nullptr) {
      for (Difference& difference : Compare(one, view, standing_of)) {
        differences.push_back(std::move(difference));
      }
    } else if (one.month.yyyymm > view.months(0).month()) {
      continue;  // The server has not opened it yet.
    }
    compared.push_back(&one);
  }
  if (compared.empty()) return absl::OkStatus();
  Transaction transaction(db_.get(), "differences", /*durable=*/false);
  if (!transaction.begun().ok()) return transaction.begun();
  for (const ShownPreview* const one : compared) {
    if (absl::Status gone =
            db_->Prepare("DELETE FROM shown WHERE policy = ? AND month = ?")
                .Bind(one->policy_id)
                .Bind(static_cast<std::uint64_t>(one->month.yyyymm))
                .Run();
        !gone.ok()) {
      return gone;
    }
  }
  for (const Difference& difference : differences) {
    if (absl::Status put = InsertDifference(difference); !put.ok()) return put;
  }
  if (absl::Status gone = db_->Prepare("DELETE FROM differences WHERE id <= "
                                       "(SELECT MAX(id) FROM differences) - ?")
                              .Bind(kDifferencesMax)
                              .Run();
      !gone.ok()) {
    return gone;
  }
  return Commit(&transaction);
}

absl::StatusOr<std::vector<Difference>> Outbox::Differences() {
  std::vector<Difference> differences;
  Statement read = db_->Prepare(
      "SELECT id, policy, month, field, metric, position, said_vi, said_en, "
      "says_vi, says_en, because_vi, because_en, text_vi, text_en "
      "FROM differences ORDER BY id");
  const auto words = [&read](int column) {
    return Words{std::string(read.Bytes(column)),
                 std::string(read.Bytes(column + 1))};
  };
  for (;;) {
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    if (!*row) return differences;
    Difference& one = differences.emplace_back();
    one.id = read.Number(0);
    one.policy_id = std::string(read.Bytes(1));
    one.month = Month(static_cast<std::int32_t>(read.Number(2)));
    one.field = static_cast<Difference::Field>(read.Number(3));
    one.metric = std::string(read.Bytes(4));
    one.position = Position(read.Number(5));
    one.phone_said = words(6);
    one.server_says = words(8);
    one.because = words(10);
    one.text = words(12);
  }
}

absl::Status Outbox::Acknowledge(std::uint64_t id) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "acknowledge");
  if (!transaction.begun().ok()) return transaction.begun();
  if (absl::Status gone =
          db_->Prepare("DELETE FROM differences WHERE id <= ?").Bind(id).Run();
      !gone.ok()) {
    return gone;
  }
  return Commit(&transaction);
}

}  // namespace thon::client
