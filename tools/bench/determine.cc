// The bench of determinations: the engine alone, and a policy that is published
// over a year of a province's teams while phones are heard.

#include "server/policy/determine.h"

#include <time.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/policy/policy_yaml.h"
#include "tools/bench/bench_log.h"
#include "tools/bench/benches.h"
#include "tools/bench/child_server.h"
#include "tools/bench/load.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

constexpr int kTeams = 1'356;
constexpr int kBatchEvents = 64;
// Well below what a small machine takes, so that what is measured is the effect
// of the publication and not a queue.
constexpr std::int64_t kBatchesPerSecond = 150;
constexpr std::int64_t kSecondUs = 1'000'000;

std::string Head(absl::string_view id, Date from, Date to) {
  return absl::StrCat(
      "policy: ", id,
      "\nversion: 1\ntitle: Đo\nissuer: Tỉnh Đo\n"
      "time_zone: Asia/Ho_Chi_Minh\n"
      "status: {value: IN_FORCE, source: bench}\n"
      "basis:\n  - {document: 2/NQ-HĐND, issued: ",
      from.Iso(), ", issuer: HĐND}\nperiod: {from: ", from.Iso(),
      ", to: ", to.Iso(),
      ", source: bench}\n"
      "month_rule: {unit: whole_month, prorata: none, source: bench}\n"
      "beneficiary: {level: VILLAGE, kinds: [thôn], source: bench}\n"
      "team_must_exist: {on: last_day_of_month, source: bench}\n"
      "suspended_days: {full_month: no_pay, partial: hold, source: bench}\n");
}

// As Yên Bái's: an amount a team-month, the update only recorded, funding asked
// for.
std::string PlainText(absl::string_view id, Date from, Date to) {
  return absl::StrCat(Head(id, from, to),
                      "monthly_update: {required: false, record_missing: true, "
                      "submit_before_day: 6, source: bench}\n"
                      "amount: {per: team_month, vnd: 500000, source: bench}\n"
                      "funding: {required: true, source: bench}\n");
}

// With thresholds over months and quarters, seats, caps and a look at other
// support.
std::string RichText(absl::string_view id, Date from, Date to) {
  return absl::StrCat(
      Head(id, from, to),
      "conditions:\n  all:\n"
      "    - {metric: M01, at_least: 1, source: bench}\n"
      "    - any:\n"
      "        - {metric: M02, over: quarter, at_least: 3, source: bench}\n"
      "        - {metric: M09, over: quarter, at_least: 10, source: bench}\n"
      "        - {metric: M10, app: VNeID, over: year, at_least: 1, source: "
      "bench}\n"
      "    - {metric: M04, at_least: 1, source: bench}\n"
      "team_template: {seats: [{any_of: [PARTY_SECRETARY, VILLAGE_HEAD]}, "
      "YOUTH_UNION, WOMENS_UNION], on: last_day_of_month, blocks_payment: "
      "false, source: bench}\n"
      "amount: {per: team_month, vnd: 700000, source: bench}\n"
      "caps: {year_vnd: 3000000, source: bench}\n"
      "double_support: {rule: forbid, source: bench}\n"
      "funding: {required: false, source: bench}\n");
}

BeneficiaryFacts FactsFor(const Policy& policy, Date today) {
  BeneficiaryFacts facts;
  facts.today = today;
  facts.level = v1::UNIT_LEVEL_VILLAGE;
  facts.unit_kind = v1::UNIT_KIND_THON;
  facts.territory = Territory::kInside;
  facts.exists.from = Date(policy.from.days - 100);
  facts.counted.assign(policy.selectors.size(), MetricNumber{12, 1});
  facts.with_held = facts.counted;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    MemberFact member;
    member.id = MemberId(id);
    member.affiliations = {static_cast<v1::Affiliation>(id)};
    member.joined = facts.exists.from;
    facts.members.push_back(std::move(member));
  }
  FundingFact funding;
  funding.position = Position(9);
  funding.first = policy.first_month();
  funding.last = policy.last_month();
  funding.reaches_back = true;
  funding.recorded = policy.to;
  funding.in_set = true;
  facts.fundings.push_back(funding);
  return facts;
}

std::int64_t ThreadCpuUs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecondUs + time.tv_nsec / 1000;
}

// Determinations a second of one core's time.
absl::StatusOr<std::int64_t> EngineRate(const std::string& text) {
  const PolicyText parsed = ParsePolicy(text, "bench");
  for (const Finding& finding : parsed.findings) {
    if (finding.severity == Severity::kError) {
      return absl::InternalError(FormatFinding(finding));
    }
  }
  const Policy& policy = parsed.policy;
  const BeneficiaryFacts facts = FactsFor(policy, Date(policy.to.days + 60));
  constexpr std::int64_t kCalls = 400'000;
  std::int64_t paid = 0;
  const std::int64_t begin = ThreadCpuUs();
  Month month = policy.first_month();
  for (std::int64_t i = 0; i < kCalls; ++i) {
    paid += Determine(policy, facts, month).amount_vnd;
    month = month == policy.last_month() ? policy.first_month() : month.Next();
  }
  const std::int64_t us = std::max<std::int64_t>(1, ThreadCpuUs() - begin);
  if (paid == 0) return absl::InternalError("the bench's policy pays nothing");
  return kCalls * kSecondUs / us;
}

// Phones that send at a steady rate until they are told to stop.
class Ingest {
 public:
  Ingest(Engine* engine, std::vector<Author>* authors)
      : thread_([this, engine, authors] { Run(engine, authors); }) {}
  ~Ingest() { static_cast<void>(Stop()); }

  absl::Status Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return status_;
  }
  std::uint64_t events() const { return events_; }

 private:
  void Run(Engine* engine, std::vector<Author>* authors) {
    const std::int64_t begin = NowUs();
    for (std::int64_t i = 0; !stop_ && status_.ok(); ++i) {
      const std::int64_t due = begin + i * kSecondUs / kBatchesPerSecond;
      if (due > NowUs()) {
        std::this_thread::sleep_for(std::chrono::microseconds(due - NowUs()));
      }
      status_ = SendBatch(
          engine, &(*authors)[static_cast<std::size_t>(i) % authors->size()]);
      events_ += kBatchEvents;
    }
  }

  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> events_{0};
  absl::Status status_;
  std::thread thread_;
};

struct Published {
  std::int64_t ms = 0;
  std::uint64_t events_per_s = 0;  // Acknowledged meanwhile.
};

// Publishes while phones are heard; `ms` is from the command to its rows.
absl::StatusOr<Published> PublishUnderLoad(Engine* engine,
                                           std::vector<Author>* authors,
                                           const std::string& id,
                                           const std::string& text) {
  Ingest ingest(engine, authors);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::uint64_t events = ingest.events();
  const std::int64_t begin = NowUs();
  absl::Status published = PublishPolicy(engine, id, text);
  Published out;
  out.ms = (NowUs() - begin) / 1000;
  // A second at least, for a rate.
  while (NowUs() - begin < kSecondUs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  out.events_per_s = (ingest.events() - events) *
                     static_cast<std::uint64_t>(kSecondUs) /
                     static_cast<std::uint64_t>(NowUs() - begin);
  const absl::Status sent = ingest.Stop();
  if (!published.ok()) return published;
  if (!sent.ok()) return sent;
  return out;
}

absl::StatusOr<std::uint64_t> IngestAlone(Engine* engine,
                                          std::vector<Author>* authors) {
  Ingest ingest(engine, authors);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::uint64_t events = ingest.events();
  const std::int64_t begin = NowUs();
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const std::uint64_t rate = (ingest.events() - events) *
                             static_cast<std::uint64_t>(kSecondUs) /
                             static_cast<std::uint64_t>(NowUs() - begin);
  const absl::Status sent = ingest.Stop();
  if (!sent.ok()) return sent;
  return rate;
}

}  // namespace

absl::Status BenchDetermine(const BenchOptions& options) {
  const Date from = FirstFactDay();
  const Date first(Date::Of(from.year() + 1, 1, 1));
  const Date last(Date::Of(from.year() + 1, 12, 31));
  nlohmann::ordered_json result = {{"bench", "determine"}};
  const auto plain = EngineRate(PlainText("PLAIN", first, last));
  if (!plain.ok()) return plain.status();
  result["plain_per_core_s"] = *plain;
  const auto rich = EngineRate(RichText("RICH", first, last));
  if (!rich.ok()) return rich.status();
  result["rich_per_core_s"] = *rich;

  const Folder folder;
  const std::uint64_t events = options.events;
  std::vector<Author> authors = MakeAuthors(
      kTeams, kBatchEvents, events + std::uint64_t{20} * 1'000'000 / 64);
  absl::StatusOr<std::string> founded = FoundProvince(folder.path(), authors);
  if (!founded.ok()) return founded.status();
  absl::StatusOr<std::unique_ptr<Engine>> engine = OpenEngine(folder.path());
  if (!engine.ok()) return engine.status();
  absl::Status filled = FillLog(engine->get(), &authors, events, kBatchEvents);
  if (!filled.ok()) return filled;

  result["teams"] = kTeams;
  result["months"] = 12;
  const auto alone = IngestAlone(engine->get(), &authors);
  if (!alone.ok()) return alone.status();
  result["ingest_alone_events_per_s"] = *alone;
  for (const bool is_rich : {false, true}) {
    const std::string id = is_rich ? "RICH" : "PLAIN";
    const auto published = PublishUnderLoad(
        engine->get(), &authors, id,
        is_rich ? RichText(id, first, last) : PlainText(id, first, last));
    if (!published.ok()) return published.status();
    const std::string name = is_rich ? "rich" : "plain";
    result[name + "_publish_ms"] = published->ms;
    result[name + "_ingest_events_per_s"] = published->events_per_s;
  }
  Print(options, result);
  return absl::OkStatus();
}

}  // namespace thon::bench
