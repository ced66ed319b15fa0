#include <nlohmann/json.hpp>
#include <string>

#include "server/core/hash.h"
#include "tools/verify/kept.h"
#include "tools/verify/report.h"

namespace thon::verify {
namespace {

using Json = nlohmann::ordered_json;

absl::string_view ResultName(Result result) {
  switch (result) {
    case Result::kHeld:
      return "HELD";
    case Result::kFailed:
      return "FAILED";
    case Result::kNotChecked:
      return "NOT_CHECKED";
    case Result::kAbsent:
      return "NOTHING";
  }
  return "";
}

absl::string_view WeightName(Weight weight) {
  switch (weight) {
    case Weight::kFailed:
      return "FAILED";
    case Weight::kNotChecked:
      return "NOT_CHECKED";
    case Weight::kNoted:
      return "NOTED";
  }
  return "";
}

std::string Text(absl::string_view text) { return std::string(text); }

Json PlaceJson(const Place& place) {
  Json json = Json::object();
  if (place.entry.has_value()) json["entry"] = *place.entry;
  if (place.position.has_value()) json["position"] = *place.position;
  if (!place.file.empty()) json["file"] = place.file;
  if (!place.detail.empty()) {
    json["detail"] = place.detail.en;
    json["detail_vi"] = place.detail.vi;
  }
  return json;
}

Json ChecksJson(const Findings& findings) {
  Json checks = Json::array();
  for (int i = 0; i < kCheckCount; ++i) {
    const auto check = static_cast<Check>(i);
    const Words words = CheckWords(check);
    checks.push_back({{"name", Text(CheckName(check))},
                      {"result", Text(ResultName(findings.ResultOf(check)))},
                      {"examined", findings.examined(check)},
                      {"text_vi", Text(words.vi)},
                      {"text_en", Text(words.en)}});
  }
  return checks;
}

Json FindingsJson(const Findings& findings) {
  Json all = Json::array();
  for (const auto& [kind, found] : findings.All()) {
    Json places = Json::array();
    for (const Place& place : found->places) places.push_back(PlaceJson(place));
    all.push_back({{"name", Text(kind->name)},
                   {"check", Text(CheckName(kind->check))},
                   {"weight", Text(WeightName(kind->weight))},
                   {"count", found->count},
                   {"text_vi", Text(kind->vi)},
                   {"text_en", Text(kind->en)},
                   {"places", std::move(places)}});
  }
  return all;
}

Json SumJson(const Sum& sum) {
  return {{"determinations", sum.determinations}, {"vnd", sum.vnd}};
}

Json MoneyJson(const Money& money) {
  Json policies = Json::array();
  for (const auto& [id, policy] : money.policies) {
    Json states = Json::array();
    for (const auto& [state, sum] : policy.by_state) {
      Json one = {{"state", StateName(state)}};
      one.update(SumJson(sum));
      states.push_back(std::move(one));
    }
    Json months = Json::array();
    for (const auto& [month, sum] : policy.payable_by_month) {
      Json one = {{"month", month}};
      one.update(SumJson(sum));
      months.push_back(std::move(one));
    }
    Json acts = Json::array();
    for (const auto& [what, on] : policy.server_signed) {
      Json one = {{"act", what}};
      one.update(SumJson(on.sum));
      one["positions"] = on.positions;
      acts.push_back(std::move(one));
    }
    policies.push_back(
        {{"policy_id", id},
         {"payable", SumJson(policy.payable)},
         {"states", std::move(states)},
         {"payable_by_month", std::move(months)},
         {"on_server_signed", SumJson(policy.on_server_signed)},
         {"on_server_signed_alone", SumJson(policy.on_server_signed_alone)},
         {"server_signed_acts", std::move(acts)}});
  }
  return {{"payable", SumJson(money.payable)},
          {"on_server_signed", SumJson(money.on_server_signed)},
          {"on_server_signed_alone", SumJson(money.on_server_signed_alone)},
          {"policies", std::move(policies)}};
}

Json LogJson(const VerifyReport& report) {
  Json epochs = Json::array();
  for (const Epoch& epoch : report.epochs) {
    Json one = {{"origin", epoch.origin},
                {"entry", epoch.entry.value},
                {"position", epoch.position.value}};
    if (!epoch.old_origin.empty()) {
      one["old_origin"] = epoch.old_origin;
      one["old_size"] = epoch.old_size;
      one["first_lost_position"] = epoch.first_lost;
      one["last_known_lost_position"] = epoch.last_known_lost;
    }
    epochs.push_back(std::move(one));
  }
  Json roots = Json::array();
  for (const v1::StateRoot& root : report.state_roots) {
    roots.push_back({{"projection", root.projection()},
                     {"version", root.version()},
                     {"root", HexEncode(root.root())},
                     {"row_count", root.row_count()}});
  }
  return {{"packs", report.packs},
          {"origin", report.manifest.origin},
          {"verifier_key", note::FormatVerifierKey(report.manifest.key)},
          {"key_from_pack", report.key_from_pack},
          {"tree_size", report.manifest.tree_size},
          {"root", report.root},
          {"first_entry", report.first_entry},
          {"end_entry", report.end_entry},
          {"last_position", report.last_position},
          {"entries", report.entries},
          {"events", report.events},
          {"authors", report.authors},
          {"epochs", std::move(epochs)},
          {"state_roots", std::move(roots)}};
}

}  // namespace

std::string ReportJson(const VerifyReport& report) {
  const Verdict verdict = report.verdict();
  const Words words = VerdictWords(verdict);
  Json json = {{"format", "thon-verify/1"},
               {"verdict", Text(VerdictName(verdict))},
               {"exit_status", ExitStatusOf(verdict)},
               {"text_vi", Text(words.vi)},
               {"text_en", Text(words.en)},
               {"log", LogJson(report)},
               {"checks", ChecksJson(report.findings)},
               {"findings", FindingsJson(report.findings)}};
  if (report.money.has_value()) json["money"] = MoneyJson(*report.money);
  if (report.expect_total.has_value()) {
    json["expected"] = {{"policy_id", report.policy_id},
                        {"expected_vnd", *report.expect_total},
                        {"payable_vnd", report.total}};
  }
  json["speed"] = {{"milliseconds", report.total_ms},
                   {"entries_milliseconds", report.entries_ms},
                   {"events_per_second", report.events_per_second()},
                   {"rows_spilled", report.rows_spilled}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string KeptJson(const KeptReport& report) {
  const Verdict verdict = report.verdict();
  const Words words = VerdictWords(verdict);
  Json facts = Json::array();
  for (const auto& [name, value] : report.facts) {
    facts.push_back({{"name", name}, {"value", value}});
  }
  Json json = {{"format", "thon-verify-kept/1"},
               {"verdict", Text(VerdictName(verdict))},
               {"exit_status", ExitStatusOf(verdict)},
               {"text_vi", Text(words.vi)},
               {"text_en", Text(words.en)},
               {"facts", std::move(facts)},
               {"findings", FindingsJson(report.findings)}};
  if (!report.conclusion.vi.empty()) {
    json["conclusion_vi"] = Text(report.conclusion.vi);
    json["conclusion_en"] = Text(report.conclusion.en);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thon::verify
