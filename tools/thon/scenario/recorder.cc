#include "tools/thon/scenario/recorder.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/core/batch.h"
#include "server/core/entry.h"
#include "server/policy/yaml_tree.h"
#include "server/projections/values.h"
#include "tools/thon/scenario/recorder_expect.h"
#include "tools/thon/scenario/touched.h"
#include "tools/thon/words.h"

namespace thon::scenario {
namespace {

constexpr std::int64_t kMonotonicMax = 1'000'000'000'000;

// One line of `steps`.
struct StepText {
  Instant at;
  Position position;  // The last one that the log has then.
  std::string fields;
  std::string name;
  std::string policy_text;  // Under the policy's block.
};

class Recorder {
 public:
  Recorder(const FoldedLog* log, const RecordingRequest& request)
      : log_(*log),
        request_(request),
        touched_(log, request.from),
        writer_(log, &renamer_, &recording_.notes) {}

  absl::StatusOr<Recording> Record() {
    if (touched_.teams().empty() && touched_.organisations().empty()) {
      return absl::FailedPreconditionError(
          "the range touches no team and no organisation; name a longer one");
    }
    TakeNames();
    NameUnits();
    writer_.event_name = [this](const AuthorId& author, std::uint64_t number) {
      const auto found = events_.find({author, number});
      return found == events_.end() ? std::string() : found->second;
    };
    writer_.phone_name = [this](const AuthorId& author) {
      const auto found = phones_.find(author);
      return found == phones_.end() ? std::string() : found->second;
    };
    writer_.founded_by = [this](std::uint64_t number) {
      const auto found = founded_.find(number);
      return found == founded_.end() ? 0 : found->second;
    };
    for (const FoldedEntry& entry : log_.entries()) {
      if (!entry.server) {
        if (touched_.HasAuthor(entry.author)) AddBatch(entry);
        continue;
      }
      for (int i = 0; i < entry.batch.events_size(); ++i) {
        AddServerEvent(entry, i);
      }
    }
    if (others_ > 0) {
      LeftOut(absl::StrCat(others_,
                           " acts and batches of others, whom the range does "
                           "not touch"));
    }
    recording_.text = Write();
    if (recording_.text.size() > kPolicyTextBytesMax) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the recording would have ", recording_.text.size(),
          " bytes, and a "
          "scenario has at most ",
          kPolicyTextBytesMax, "; name a range that touches fewer teams"));
    }
    return std::move(recording_);
  }

 private:
  void LeftOut(std::string what) {
    recording_.notes.left_out.push_back(std::move(what));
  }
  void Unsayable(std::string what) {
    recording_.notes.unsayable.push_back(std::move(what));
  }

  static std::string At(Position position) {
    return absl::StrCat("position ", position.value);
  }

  // ---- Names ----------------------------------------------------------------

  void TakeNames() {
    for (const std::uint64_t id : touched_.teams()) {
      renamer_.Take(NameKind::kTeam, id);
    }
    for (const std::uint64_t id : touched_.organisations()) {
      renamer_.Take(NameKind::kOrganisation, id);
    }
    for (const std::uint64_t id : touched_.units()) {
      renamer_.Take(NameKind::kUnit, id);
    }
    bool operator_known = false;
    for (const FoldedEntry& entry : log_.entries()) {
      const bool ours = touched_.HasAuthor(entry.author);
      for (const v1::Event& event : entry.batch.events()) {
        if (entry.server && !event.has_act() && event.has_grant_issued() &&
            !operator_known) {
          // The first operator and the grant that the log begins with.
          operator_known = true;
          renamer_.TakeAs(NameKind::kOfficer, event.grant_issued().officer_id(),
                          "operator");
          renamer_.TakeAs(NameKind::kGrant, event.grant_issued().grant_id(),
                          "operator");
        } else if (entry.server ? event.has_act() && touched_.Needs(event)
                                : ours) {
          TakeNamesOf(event);
        }
      }
    }
  }

  void TakeNamesOf(const v1::Event& event) {
    renamer_.Take(NameKind::kOfficer, event.act().officer_id());
    renamer_.Take(NameKind::kOfficer, event.grant_issued().officer_id());
    renamer_.Take(NameKind::kGrant, event.grant_issued().grant_id());
    renamer_.Take(NameKind::kTask, event.plan_assigned().task_id());
    renamer_.Take(NameKind::kModel, event.model_proposed().model_id());
    renamer_.Take(NameKind::kMobilisation,
                  event.mobilisation_recorded().mobilisation_id());
    renamer_.Take(NameKind::kMember, event.member_joined().member_id());
    if (event.has_team_founded()) {
      founded_[event.sequence()] = event.team_founded().team_id();
    }
    v1::FactList list;
    const std::string* const bytes =
        log_.FindDocument(event.facts_imported().facts_hash());
    if (bytes == nullptr || !list.ParseFromString(*bytes)) return;
    for (const v1::Event& fact : list.facts()) {
      if (touched_.teams().count(fact.member_joined().team_id()) > 0) {
        renamer_.Take(NameKind::kMember, fact.member_joined().member_id());
      }
    }
  }

  // What stands in policies' texts for the units of the log's maps.
  void NameUnits() {
    for (const FoldedEntry& entry : log_.entries()) {
      if (!entry.server) continue;
      for (const v1::Event& event : entry.batch.events()) {
        v1::UnitList map;
        const std::string* const bytes =
            log_.FindDocument(event.units_imported().units_hash());
        if (bytes != nullptr && map.ParseFromString(*bytes)) {
          for (const v1::UnitRecord& unit : map.units()) {
            NameUnit(unit.unit_id(), unit.level(), unit.kind(), unit.name());
          }
        }
        const v1::VillageDeclared& village = event.village_declared();
        NameUnit(village.unit_id(), v1::UNIT_LEVEL_VILLAGE, village.kind(),
                 village.name());
      }
    }
  }

  void NameUnit(std::uint64_t id, v1::UnitLevel level, v1::UnitKind kind,
                const std::string& name) {
    if (id == 0 || name.empty()) return;
    const std::string word = renamer_.Has(NameKind::kUnit, id)
                                 ? renamer_.Show(NameKind::kUnit, id)
                                 : "khác";
    writer_.unit_names.emplace_back(
        name, absl::StrCat(cli::KindWord(kind), " ", word));
    absl::string_view bare;
    if (cli::KindOfName(level, name, &bare) == 0) return;
    // A short plain word could be anything in a policy's text.
    const bool plain = std::all_of(bare.begin(), bare.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x80 && c != ' ';
    });
    if (!plain) writer_.unit_names.emplace_back(std::string(bare), word);
  }

  // ---- Steps ----------------------------------------------------------------

  StepText& AddStep(Instant at, Position position, std::string fields) {
    steps_.push_back({at, position, std::move(fields), "", ""});
    return steps_.back();
  }

  void AddServerEvent(const FoldedEntry& entry, int index) {
    const v1::Event& event = entry.batch.events(index);
    const Position position(entry.first.value +
                            static_cast<std::uint64_t>(index));
    if (event.has_author_enrolled()) {
      Enrol(entry, event.author_enrolled(), position);
    } else if (event.has_epoch_opened()) {
      Unsayable(absl::StrCat(At(position),
                             ": the log was restored and goes on under a new "
                             "epoch"));
    } else if (event.has_fork_observed()) {
      AuthorId author;
      AuthorId::FromBytes(event.fork_observed().author(), &author);
      if (touched_.HasAuthor(author)) {
        LeftOut(absl::StrCat(At(position),
                             ": a fork of a phone, which leaves no event"));
      }
    } else if (event.has_projection_adopted()) {
      LeftOut(absl::StrCat(At(position),
                           ": a projection's new version; the recording is "
                           "folded by the one that runs it"));
    } else if (event.has_act() && !event.has_enrolment_code_issued() &&
               !event.has_document_part()) {
      AddAct(entry, index, position);
    }
  }

  void AddAct(const FoldedEntry& entry, int index, Position position) {
    const v1::Event& event = entry.batch.events(index);
    if (!touched_.Needs(event)) {
      ++others_;
      return;
    }
    const std::optional<v1::CommandOutcome>& outcome =
        entry.outcomes[static_cast<std::size_t>(index)];
    if (event.has_export_recorded()) {
      LeftOut(absl::StrCat(At(position), ": an export"));
      return;
    }
    if (!outcome.has_value()) {
      LeftOut(absl::StrCat(At(position),
                           ": a command that was sent twice; the second one "
                           "has no effect"));
      return;
    }
    const auto [name, block] = writer_.Write(event, entry.author, At(position));
    std::string fields = absl::StrCat(
        "officer: ",
        renamer_.Show(NameKind::kOfficer, event.act().officer_id()));
    if (!outcome->effective()) AddFailure(event, *outcome, &fields);
    std::string text;
    if (event.has_policy_published()) {
      text = writer_.PolicyText(event.policy_published());
      if (text.empty()) {
        Unsayable(absl::StrCat(At(position), ": the policy's text is missing"));
      }
    }
    absl::StrAppend(&fields, ", ", name, ": ", block);
    AddStep(entry.received, position, std::move(fields)).policy_text =
        std::move(text);
  }

  void AddFailure(const v1::Event& event, const v1::CommandOutcome& outcome,
                  std::string* fields) {
    // What the officer saw decides only where something changed behind it.
    const Position seen(event.act().seen_position());
    if (outcome.failure() == v1::COMMAND_FAILURE_STALE) {
      for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
        if (step->position > seen) continue;
        if (step->name.empty()) {
          step->name = absl::StrCat("s", steps_.rend() - step);
        }
        absl::StrAppend(fields, ", seen: ", step->name);
        break;
      }
    }
    // Recorded because the log changed between its check and its entry; alone,
    // it is refused before.
    absl::StrAppend(fields, ", expect: ineffective");
  }

  void Enrol(const FoldedEntry& entry, const v1::AuthorEnrolled& enrolled,
             Position position) {
    PublicKey key;
    if (enrolled.kind() == v1::AUTHOR_KIND_SERVER ||
        !PublicKey::FromBytes(enrolled.public_key(), &key) ||
        !touched_.HasAuthor(key.author())) {
      return;
    }
    const std::string phone = absl::StrCat("p", phones_.size() + 1);
    phones_[key.author()] = phone;
    AuthorId before;
    if (AuthorId::FromBytes(enrolled.predecessor(), &before)) {
      const auto old = phones_.find(before);
      if (old == phones_.end()) {
        Unsayable(absl::StrCat(At(position),
                               ": a new key of a phone that is not here"));
        return;
      }
      // The old key may go on, on another phone: each has a name of its own.
      AddStep(entry.received, position,
              absl::StrCat("phone: ", old->second, ", clone_to: ", phone));
      AddStep(entry.received, position,
              absl::StrCat("phone: ", phone, ", successor: true"));
      return;
    }
    const std::string whose =
        enrolled.organisation_id() != 0
            ? absl::StrCat("organisation: ",
                           renamer_.Show(NameKind::kOrganisation,
                                         enrolled.organisation_id()))
            : absl::StrCat(
                  "team: ", renamer_.Show(NameKind::kTeam, enrolled.team_id()),
                  ", member: ",
                  renamer_.Show(NameKind::kMember, enrolled.member_id()));
    AddStep(entry.received, position,
            absl::StrCat("phone: ", phone, ", enrol: {", whose, "}"));
  }

  // ---- Phones ---------------------------------------------------------------

  // The boot's number: they count from 1 in the order in which they are seen.
  std::size_t Boot(const AuthorId& author, std::uint32_t boot) {
    auto& boots = boots_[author];
    return boots.try_emplace(boot, boots.size() + 1).first->second;
  }

  void AddBatch(const FoldedEntry& entry) {
    const auto phone = phones_.find(entry.author);
    if (phone == phones_.end()) {
      Unsayable(absl::StrCat(At(entry.first), ": a batch of no known phone"));
      return;
    }
    const v1::Batch& batch = entry.batch;
    for (int i = 0; i < batch.events_size(); ++i) {
      const v1::Event& event = batch.events(i);
      const Position position(entry.first.value +
                              static_cast<std::uint64_t>(i));
      const std::string name = absl::StrCat("e", events_.size() + 1);
      std::string fields = absl::StrCat(
          "phone: ", phone->second, Clock(entry.author, event, At(position)),
          RecordText(entry, event, position));
      events_[{entry.author, event.sequence()}] = name;
      if (position >= request_.from) range_events_.push_back({name, position});
      if (i + 1 == batch.events_size()) {
        absl::StrAppend(&fields, ", sync: ", Anchor(entry));
      }
      AddStep(entry.received, entry.last, std::move(fields)).name = name;
      places_[name] = {entry.author, Sequence(event.sequence()), Hash()};
    }
  }

  std::string Anchor(const FoldedEntry& entry) {
    if (!entry.batch.has_anchor()) return "{anchor: none}";
    const v1::Anchor& anchor = entry.batch.anchor();
    return absl::StrCat(
        "{anchor: {time: ", Moment(anchor.server_time_ms(), At(entry.first)),
        ", monotonic: ", Monotonic(anchor.monotonic_ms(), At(entry.first)),
        ", boot: ", Boot(entry.author, anchor.boot()), "}}");
  }

  std::string Moment(std::int64_t ms, const std::string& where) {
    constexpr std::int64_t kDayMs = 86'400'000;
    // Days of the format, less those that the time zone could shift.
    if (ms / kDayMs < -25'565 || ms / kDayMs > 84'003) {
      Unsayable(absl::StrCat(where, ": a clock outside 1900 to 2199"));
      return "1970-01-02 00:00";
    }
    return MomentText(Instant(ms));
  }

  std::int64_t Monotonic(std::int64_t ms, const std::string& where) {
    if (ms >= 0 && ms <= kMonotonicMax) return ms;
    Unsayable(absl::StrCat(where, ": a monotonic clock out of range"));
    return 0;
  }

  std::string Clock(const AuthorId& author, const v1::Event& event,
                    const std::string& where) {
    return absl::StrCat(", clock: {wall: ", Moment(event.wall_time_ms(), where),
                        ", monotonic: ", Monotonic(event.monotonic_ms(), where),
                        ", boot: ", Boot(author, event.boot()), "}");
  }

  std::string RecordText(const FoldedEntry& entry, const v1::Event& event,
                         Position position) {
    const std::string where = At(position);
    const v1::AuthorEnrolled& whose = touched_.authors().at(entry.author);
    const auto [payload, block] = writer_.Write(event, entry.author, where);
    std::string text = absl::StrCat(", record: {", payload, ": ", block, "}");
    if (event.member_id() != whose.member_id()) {
      absl::StrAppend(&text, ", member: ",
                      renamer_.Show(NameKind::kMember, event.member_id()));
    }
    if (event.team_id() != whose.team_id()) {
      absl::StrAppend(&text, ", about_team: ",
                      renamer_.Show(NameKind::kTeam, event.team_id()));
    }
    if (event.organisation_id() != whose.organisation_id()) {
      Unsayable(absl::StrCat(where, ": an event in another's name"));
    }
    if (event.claimed_date() != 0) {
      if (IsDate(event.claimed_date())) {
        absl::StrAppend(&text,
                        ", claimed_date: ", Date(event.claimed_date()).Iso());
      } else {
        Unsayable(absl::StrCat(where, ": a claimed date outside 1900 to 2199"));
      }
    }
    if (event.venue() != 0) {
      absl::StrAppend(&text, ", venue: ", cli::Short(event.venue()));
    }
    if (!event.source_system().empty()) {
      absl::StrAppend(&text, ", source_system: ",
                      Quoted(renamer_.Word("nguồn", event.source_system())));
    }
    if (event.has_originally()) {
      absl::StrAppend(&text, ", originally: ", Originally(event, where));
    }
    if (!event.evidence().empty()) LeftOut(absl::StrCat(where, ": evidence"));
    return text;
  }

  std::string Originally(const v1::Event& event, const std::string& where) {
    const v1::Original& original = event.originally();
    AuthorId author;
    AuthorId::FromBytes(original.author(), &author);
    const std::optional<RecordedEvent> first =
        log_.events().Find(author, Sequence(original.sequence()));
    const std::string name = writer_.event_name(author, original.sequence());
    if (first.has_value() && !name.empty() &&
        EventHash(first->event).view() == original.event_hash()) {
      return name;
    }
    const std::string phone = writer_.phone_name(author);
    if (phone.empty()) {
      Unsayable(absl::StrCat(where, ": an event of a phone that is not here"));
      return "{}";
    }
    return absl::StrCat("{phone: ", phone, ", sequence: ", original.sequence(),
                        "}");
  }

  // ---- The file -------------------------------------------------------------

  std::string Write() {
    const std::vector<FoldedEntry>& entries = log_.entries();
    std::string phones;
    for (std::size_t i = 1; i <= phones_.size(); ++i) {
      absl::StrAppend(&phones, i == 1 ? "" : ", ", "p", i);
    }
    std::string text = absl::StrCat(
        "scenario: Ghi từ nhật ký, mọi tên đã thay / Recorded from a log, "
        "every name replaced\nstart: ",
        MomentText(entries.front().received),
        "\nend: ", MomentText(entries.back().received), "\n\nnames:\n",
        renamer_.Lists(), "\nsteps:\n");
    for (const StepText& step : steps_) {
      if (step.policy_text.empty()) {
        absl::StrAppend(&text, "  - {at: ", MomentText(step.at), ", ",
                        step.fields,
                        step.name.empty() ? "" : ", as: ", step.name, "}\n");
      } else {
        WritePolicy(step, &text);
      }
    }
    absl::StrAppend(&text, "\nexpect:\n");
    ExpectRequest expected;
    expected.log = &log_;
    expected.from = request_.from;
    expected.policies = touched_.policies();
    if (!request_.policy.empty()) expected.policies = {request_.policy};
    expected.teams = touched_.teams();
    expected.organisations = touched_.organisations();
    expected.renamer = &renamer_;
    for (const auto& [name, position] : range_events_) {
      expected.events.emplace_back(name, places_.at(name));
    }
    for (const std::string& line : ExpectedLines(expected, &recording_.notes)) {
      absl::StrAppend(&text, "  - ", line, "\n");
    }
    return text;
  }

  // In blocks, so that the policy's text stands as people read it.
  static void WritePolicy(const StepText& step, std::string* text) {
    absl::StrAppend(text, "  - at: ", MomentText(step.at), "\n");
    const std::string key = "policy_published: {";
    const std::size_t at = step.fields.find(key);
    const std::string before = step.fields.substr(0, at);
    std::string inside = step.fields.substr(at + key.size());
    inside.pop_back();
    for (const absl::string_view field :
         absl::StrSplit(before, ", ", absl::SkipEmpty())) {
      absl::StrAppend(text, "    ", field, "\n");
    }
    if (!step.name.empty()) absl::StrAppend(text, "    as: ", step.name, "\n");
    // The block's own fields have commas in braces; the text comes first.
    absl::StrAppend(text, "    policy_published:\n");
    int depth = 0;
    bool quoted = false;
    std::string field;
    const auto flush = [&] {
      absl::StrAppend(text, "      ", absl::StripAsciiWhitespace(field), "\n");
      field.clear();
    };
    for (const char c : inside) {
      if (c == '"') quoted = !quoted;
      if (!quoted && (c == '{' || c == '[')) ++depth;
      if (!quoted && (c == '}' || c == ']')) --depth;
      if (!quoted && depth == 0 && c == ',') {
        flush();
      } else {
        field.push_back(c);
      }
    }
    flush();
    absl::StrAppend(text, "      text: |2\n");
    for (const absl::string_view line : absl::StrSplit(
             absl::StripTrailingAsciiWhitespace(step.policy_text), '\n')) {
      absl::StrAppend(text, line.empty() ? "" : "        ", line, "\n");
    }
  }

  const FoldedLog& log_;
  const RecordingRequest& request_;
  const Touched touched_;
  Recording recording_;
  Renamer renamer_;
  PayloadWriter writer_;
  std::vector<StepText> steps_;
  std::map<AuthorId, std::string> phones_;
  std::map<AuthorId, std::map<std::uint32_t, std::size_t>> boots_;
  std::map<std::pair<AuthorId, std::uint64_t>, std::string> events_;
  std::map<std::string, EventPlace> places_;
  std::vector<std::pair<std::string, Position>> range_events_;
  std::map<std::uint64_t, std::uint64_t> founded_;  // Server's number, team.
  int others_ = 0;
};

}  // namespace

absl::StatusOr<Recording> RecordScenario(
    const std::vector<std::string>& entries, const RecordingRequest& request) {
  std::vector<std::string> taken;
  for (const std::string& bytes : entries) {
    const absl::StatusOr<EntryView> entry = ParseEntry(bytes);
    if (!entry.ok()) return entry.status();
    if (entry->trailer.first_position >= request.to) break;
    taken.push_back(bytes);
  }
  if (taken.empty() || request.from >= request.to) {
    return absl::OutOfRangeError(
        "the range is empty; --from is its first position, --to the one "
        "behind its last");
  }
  const absl::StatusOr<FoldedLog> log = FoldedLog::Read(taken);
  if (!log.ok()) return log.status();
  if (log->entries().back().last < request.from) {
    return absl::OutOfRangeError(absl::StrCat(
        "the log ends at position ", log->entries().back().last.value));
  }
  return Recorder(&*log, request).Record();
}

}  // namespace thon::scenario
