// A witness over records in memory, two logs that it knows, and what they send.
#ifndef THON_TESTS_UNIT_HTTP_WITNESS_FIXTURE_H_
#define THON_TESTS_UNIT_HTTP_WITNESS_FIXTURE_H_

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/http/witness.h"
#include "tests/unit/engine/engine_fixture.h"
#include "tests/unit/http/test_log.h"

namespace thon::testing {

inline constexpr char kOrigin[] = "thon.example/yen-bai/1";
inline constexpr char kWitnessName[] = "thon.example/son-la/witness";

inline std::string Header(const HttpResponse& response,
                          absl::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (absl::string_view(key) == name) return value;
  }
  return "";
}

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() : log_(kOrigin), other_("thon.example/lao-cai/1", "other") {
    Start();
  }

  WitnessOptions Options() {
    WitnessOptions options{
        .name = kWitnessName,
        .key = *SigningKey::FromSeed(Sha256Of("witness").view()),
        .policy = {},
        .clock = &clock_,
        .evidence_directory = directory_.path() + "/evidence",
        .load = [this](const std::string& key) { return records_.Load(key); },
        .store =
            [this](const std::string& key, const std::string& value) {
              return records_.Store(key, value);
            },
        .warn = [this](const std::string& text) { warned_.push_back(text); }};
    options.policy.logs = {{log_.verifier_key(), ""},
                           {other_.verifier_key(), ""}};
    return options;
  }
  // Also: what is left after the process is gone.
  void Start() {
    witness_.reset();
    ASSERT_OK_AND_ASSIGN(witness_, Witness::Make(Options()));
  }

  HttpResponse Add(const std::string& body) { return witness_->Add(body); }
  int Status(const std::string& body) { return Add(body).status; }
  // The size that a 409 tells; -1: it is not a 409 as it must be.
  int ToldSize(const HttpResponse& response) {
    if (response.status != 409 ||
        Header(response, "content-type") != "text/x.tlog.size") {
      return -1;
    }
    int size = -1;
    const bool ends = absl::EndsWith(response.body, "\n");
    return ends && absl::SimpleAtoi(
                       response.body.substr(0, response.body.size() - 1), &size)
               ? size
               : -1;
  }
  // Whether an answer is the witness's good cosignature of the checkpoint.
  bool Cosigns(const HttpResponse& response, const std::string& checkpoint) {
    absl::StatusOr<std::vector<note::SignatureLine>> lines =
        note::ParseSignatureLines(response.body);
    const absl::StatusOr<note::SignedNote> asked = note::Parse(checkpoint);
    return response.status == 200 && lines.ok() && asked.ok() &&
           note::Verify({asked->text, *lines}, witness_->verifier_key())
                   .verdict == note::Verdict::kGood;
  }
  std::string RecordPath(const std::string& origin) {
    return Sha256Of(origin).Hex();
  }

  std::vector<std::string> EvidenceFiles() {
    std::vector<std::string> files;
    const std::string directory = directory_.path() + "/evidence";
    if (!std::filesystem::exists(directory)) return files;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      files.push_back(file.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  static std::string ReadFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file),
            std::istreambuf_iterator<char>()};
  }

  TestDirectory directory_;
  ManualClock clock_{At("2023-06-01T08:00:00+07:00")};
  TestLog log_;
  TestLog other_;
  TestRecords records_;
  std::vector<std::string> warned_;
  std::unique_ptr<Witness> witness_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_UNIT_HTTP_WITNESS_FIXTURE_H_
