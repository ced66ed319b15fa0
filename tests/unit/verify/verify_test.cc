// Goal: a pack that is whole is said to hold, in every form that a pack has,
// with the money and everything that must be named; what cannot be checked is
// said so.
//
// Method: a year's log is made with real signatures and folded by the same
// projections that a server runs; a writer of packs that shares no code with
// the reader makes packs of it.

#include <sys/wait.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "server/core/trust_policy.h"
#include "tests/unit/verify/verify_fixture.h"
#include "tools/verify/cli.h"
#include "tools/verify/report.h"

namespace thon::verify {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(VerifyTest, AWholePackHoldsAndItsMoneyIsTheExpectedSum) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.expect_total = kPayroll;
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(Names(*report, Weight::kFailed), IsEmpty())
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_THAT(Names(*report, Weight::kNotChecked), IsEmpty());
  EXPECT_EQ(report->verdict(), Verdict::kHeld);
  EXPECT_EQ(report->total, kPayroll);
  EXPECT_EQ(report->entries, year_->log().entries().size());
  for (const Check check :
       {Check::kPack, Check::kEntries, Check::kTiles, Check::kRoot,
        Check::kCheckpoint, Check::kConsistency, Check::kChains,
        Check::kSignatures, Check::kAuthors, Check::kEpochs, Check::kCalendar,
        Check::kFold, Check::kStateRoots, Check::kRows, Check::kMoney}) {
    EXPECT_EQ(report->findings.ResultOf(check), Result::kHeld)
        << CheckName(check);
  }
}

TEST_F(VerifyTest, ATarSaysTheSameAsAFolder) {
  const MadePack pack = MakePack(Parts());
  absl::StatusOr<VerifyReport> folder = Verify(OptionsFor({Write(pack)}));
  absl::StatusOr<VerifyReport> tar =
      Verify(OptionsFor({WriteFile(pack.Tar())}));
  ASSERT_TRUE(folder.ok() && tar.ok()) << folder.status() << tar.status();
  for (VerifyReport* const report : {&*folder, &*tar}) {
    report->packs.clear();
    report->total_ms = 0;
    report->entries_ms = 0;
    report->bytes = 0;
  }
  EXPECT_EQ(ReportJson(*folder), ReportJson(*tar));
}

TEST_F(VerifyTest, ASmallMemorySpillsAndChangesNothing) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.expect_total = kPayroll;
  options.rows_bytes = 4096;
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*report, 5));
  EXPECT_GT(report->rows_spilled, 100u);
}

TEST_F(VerifyTest, TwoPacksThatContinueEachOtherHoldTogether) {
  const PackParts whole = Parts();
  PackParts first = whole;
  const std::uint64_t cut = 300;
  first.entries.resize(cut);
  first.position = year_->log().entries()[cut - 1]->trailer.last_position();
  const std::unique_ptr<RowReader> then =
      year_->log().rows().At(first.position);
  first.rows = then.get();
  first.older = {100};
  PackParts second = whole;
  second.first_entry = cut;
  second.rows = nullptr;
  const std::string one = Write(MakePack(first), "first");
  const std::string two = Write(MakePack(second), "second");
  const absl::StatusOr<VerifyReport> both = Verify(OptionsFor({two, one}));
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->verdict(), Verdict::kHeld)
      << ToTerminal(ReportDocument(*both, 5));
  EXPECT_EQ(both->entries, whole.entries.size());
  EXPECT_EQ(both->money->payable.vnd, kPayroll);
  // Alone, the second cannot be folded, and says so.
  const absl::StatusOr<VerifyReport> alone = Verify(OptionsFor({two}));
  ASSERT_TRUE(alone.ok());
  EXPECT_EQ(alone->verdict(), Verdict::kIncomplete);
  EXPECT_THAT(Names(*alone, Weight::kNotChecked),
              Contains("FOLD_NOT_FROM_START"));
  EXPECT_THAT(Names(*alone, Weight::kFailed), IsEmpty());
}

TEST_F(VerifyTest, APackOfThePastSaysThatEntriesAreAbsent) {
  PackParts parts = Parts();
  parts.end_entry = 256;
  parts.position = year_->log().entries()[255]->trailer.last_position();
  const std::unique_ptr<RowReader> then =
      year_->log().rows().At(parts.position);
  parts.rows = then.get();
  const absl::StatusOr<VerifyReport> report =
      Verify(OptionsFor({Write(MakePack(parts))}));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->verdict(), Verdict::kIncomplete);
  EXPECT_THAT(Names(*report, Weight::kNotChecked), Contains("ENTRIES_ABSENT"));
  EXPECT_THAT(Names(*report, Weight::kFailed), IsEmpty());
}

TEST_F(VerifyTest, WhatAReaderMustKnowIsNamedWithItsPosition) {
  const absl::StatusOr<VerifyReport> report =
      Verify(OptionsFor({Write(MakePack(Parts()))}));
  ASSERT_TRUE(report.ok());
  const Found* const lost = Find(*report, "COMMAND_WITHOUT_EFFECT");
  ASSERT_NE(lost, nullptr);
  EXPECT_EQ(lost->count, 1u);
  EXPECT_THAT(lost->places[0].detail.en, HasSubstr("PRECONDITION"));
  EXPECT_TRUE(lost->places[0].position.has_value());
  const Found* const assumed = Find(*report, "ASSUMPTION");
  ASSERT_NE(assumed, nullptr);
  EXPECT_THAT(assumed->places[0].detail.en, HasSubstr("YB-2023/1"));
}

TEST_F(VerifyTest, EveryDongRestsOnTheServersSignatureAlone) {
  const absl::StatusOr<VerifyReport> report =
      Verify(OptionsFor({Write(MakePack(Parts()))}));
  ASSERT_TRUE(report.ok());
  const Money& money = *report->money;
  EXPECT_EQ(money.on_server_signed.vnd, kPayroll);
  const PolicyMoney& policy = money.policies.at(kYenBaiId);
  EXPECT_EQ(policy.payable.determinations, 7u);
  for (const char* const act : {"policy", "list", "funding", "team"}) {
    ASSERT_TRUE(policy.server_signed.contains(act)) << act;
    EXPECT_EQ(policy.server_signed.at(act).sum.vnd, kPayroll) << act;
    EXPECT_EQ(policy.server_signed.at(act).positions.size(), 1u) << act;
  }
}

TEST_F(VerifyTest, AnotherSumThanTheExpectedOneFails) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.expect_total = kPayroll + 1;
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed),
              ::testing::ElementsAre("TOTAL_DIFFERS"));
  options.expect_total = 0;
  options.policy_id = "HT-2024";  // The log does not know it.
  EXPECT_EQ(Verify(options)->verdict(), Verdict::kIncomplete);
}

TEST_F(VerifyTest, WhatIsSaidOfAFindingIsSaidInBothLanguages) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.expect_total = 1;
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  for (const auto& [kind, found] : report->findings.All()) {
    for (const Place& place : found->places) {
      EXPECT_EQ(place.detail.vi.empty(), place.detail.en.empty()) << kind->name;
    }
  }
  const std::string vi = "phải chi 3.500.000 đồng; số đã cho là 1 đồng";
  const std::string en = "payable 3.500.000 đồng; expected 1 đồng";
  const Place& place = Find(*report, "TOTAL_DIFFERS")->places[0];
  EXPECT_EQ(place.detail.vi, vi);
  EXPECT_EQ(place.detail.en, en);
  EXPECT_THAT(PlaceText(place), HasSubstr(vi + " / " + en));
  const nlohmann::json json = nlohmann::json::parse(ReportJson(*report));
  EXPECT_EQ(json["findings"][0]["places"][0]["detail"], en);
  EXPECT_EQ(json["findings"][0]["places"][0]["detail_vi"], vi);
  EXPECT_GT(json["speed"]["events_per_second"], 0);
  // What is one name needs no second.
  EXPECT_EQ(PlaceText({.detail = Same("acts/1")}), "acts/1");
}

TEST_F(VerifyTest, TheReportIsTheSameWithAnyNumberOfThreads) {
  PackParts parts = Parts();
  parts.older = {};
  for (std::size_t i = 0; i < parts.entries.size(); i += 2) {
    std::string& entry = parts.entries[i];
    entry[entry.size() - limits::kEntryTrailerBytes] ^= 1;
  }
  VerifyOptions options = OptionsFor({Write(MakePack(parts))});
  std::vector<std::string> reports;
  for (const int threads : {1, 2, 7}) {
    options.threads = threads;
    absl::StatusOr<VerifyReport> report = Verify(options);
    ASSERT_TRUE(report.ok()) << report.status();
    const Found* const bad = Find(*report, "SIGNATURE_BAD");
    ASSERT_NE(bad, nullptr);
    EXPECT_EQ(bad->count, (parts.entries.size() + 1) / 2);
    EXPECT_EQ(bad->places.size(), options.places_max);
    report->total_ms = 0;
    report->entries_ms = 0;
    reports.push_back(ReportJson(*report));
  }
  EXPECT_EQ(reports[0], reports[1]);
  EXPECT_EQ(reports[0], reports[2]);
}

TEST_F(VerifyTest, WithoutAKeyTheReportSaysSoLoudly) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.trust.log_key.reset();
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kHeld);
  EXPECT_TRUE(report->key_from_pack);
  EXPECT_THAT(ToTerminal(ReportDocument(*report, 5)), HasSubstr("TAKE CARE"));
}

TEST_F(VerifyTest, AKeyThatIsNotTheLogsFails) {
  VerifyOptions options = OptionsFor({Write(MakePack(Parts()))});
  options.trust.log_key = LogVerifierKey(
      "thon.test/1", LogBuilder::KeyOf("somebody else").public_key());
  const absl::StatusOr<VerifyReport> report = Verify(options);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(Names(*report, Weight::kFailed), Contains("CHECKPOINT_UNSIGNED"));
}

TEST_F(VerifyTest, AWitnessQuorumIsCheckedWithTheTrustPolicy) {
  MadePack pack = MakePack(Parts());
  const SigningKey witness = LogBuilder::KeyOf("witness");
  const note::VerifierKey vkey{"w.example", note::KeyType::kCosignature,
                               witness.public_key()};
  const auto policy = ParseTrustPolicy(absl::StrCat(
      "log ",
      note::FormatVerifierKey(
          LogVerifierKey("thon.test/1", log_key_->public_key())),
      "\nwitness w ", note::FormatVerifierKey(vkey), "\nquorum w\n"));
  ASSERT_TRUE(policy.ok()) << policy.status();
  VerifyOptions options = OptionsFor({Write(pack)});
  options.trust.policy = *policy;
  EXPECT_THAT(Names(*Verify(options), Weight::kFailed),
              ::testing::ElementsAre("QUORUM_MISSING"));
  auto note = note::Parse(pack.files["checkpoint"]);
  ASSERT_TRUE(note.ok());
  note->signatures.push_back(
      note::Cosign(witness, "w.example", note->text, 1'700'000'000));
  pack.files["checkpoint"] = note::Format(*note);
  pack.ListFiles();
  options.packs = {Write(pack)};
  EXPECT_EQ(Verify(options)->verdict(), Verdict::kHeld);
  note->signatures.back().signature[20] ^= 1;
  pack.files["checkpoint"] = note::Format(*note);
  pack.ListFiles();
  options.packs = {Write(pack)};
  EXPECT_THAT(Names(*Verify(options), Weight::kFailed),
              Contains("COSIGNATURE_BAD"));
}

TEST_F(VerifyTest, AVersionThatIsNotCarriedIsNamedAndNotSkipped) {
  MadePack pack = MakePack(Parts());
  for (auto& root : pack.manifest["state_roots"]) {
    if (root["projection"] == "activity") root["version"] = 99;
  }
  const absl::StatusOr<VerifyReport> report = Verify(OptionsFor({Write(pack)}));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kIncomplete);
  EXPECT_THAT(Find(*report, "VERSION_NOT_CARRIED")->places[0].detail.en,
              HasSubstr("activity/99"));
}

TEST_F(VerifyTest, TheProgramWritesEveryFormAndItsStatusSaysTheVerdict) {
  const std::string pack = Write(MakePack(Parts()));
  std::ostringstream out, err;
  const std::string key = note::FormatVerifierKey(
      LogVerifierKey("thon.test/1", log_key_->public_key()));
  EXPECT_EQ(RunVerify({pack, "--log-key", key, "-q", "--expect-total",
                       "3500000", "--html", folder_ + "/r.html", "--markdown",
                       folder_ + "/r.md", "--json", "-"},
                      &out, &err),
            0)
      << out.str() << err.str();
  const nlohmann::json json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["verdict"], "HELD");
  EXPECT_EQ(json["money"]["payable"]["vnd"], kPayroll);
  std::ifstream html(folder_ + "/r.html");
  const std::string page((std::istreambuf_iterator<char>(html)), {});
  EXPECT_THAT(page, HasSubstr("3.500.000 đồng"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  std::ostringstream text;
  EXPECT_EQ(RunVerify({pack, "-q", "--expect-total", "1"}, &text, &err), 1);
  EXPECT_THAT(text.str(), HasSubstr("TOTAL_DIFFERS"));
  // A policy that the log does not know owes no 0 đồng.
  std::ostringstream unknown;
  EXPECT_EQ(RunVerify({pack, "-q", "--expect-total", "0", "--policy-id", "X"},
                      &unknown, &err),
            3);
  EXPECT_THAT(unknown.str(), HasSubstr("TOTAL_NOT_COMPUTED"));
  EXPECT_EQ(RunVerify({pack, "-q", "--expect-total", "3500000", "--policy-id",
                       kYenBaiId},
                      &out, &err),
            0);
  EXPECT_EQ(RunVerify({pack, "-q", "--policy-id", kYenBaiId}, &out, &err), 2);
  EXPECT_EQ(RunVerify({folder_ + "/nothing"}, &out, &err), 2);
  EXPECT_EQ(RunVerify({}, &out, &err), 2);
  EXPECT_EQ(RunVerify({"--no-such-flag"}, &out, &err), 2);
}

TEST_F(VerifyTest, NothingInAReportCanBecomeMarkupOrATerminalsCommand) {
  Document document;
  document.title = "<b>&\"'";
  document.Paragraph("a\x1b[31m|*_`<script>\xe2\x80\xae");
  document.Table({{"<td>"}, {"x|y\n"}});
  const std::string html = ToHtml(document);
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  for (const std::string& text :
       {html, ToMarkdown(document), ToTerminal(document)}) {
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
  }
  EXPECT_THAT(ToMarkdown(document), HasSubstr("x\\|y"));
}

}  // namespace
}  // namespace thon::verify
