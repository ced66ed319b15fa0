// Goal: a unit's metrics are told to who may read the unit, with a policy's
// targets if one is named, and wrong questions are refused by their field.
// Method: a real server with TLS over a small province; an officer observes an
// indicator through the API and reads it back at every level.
#include <gmock/gmock.h>

#include <map>
#include <string>

#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

constexpr std::uint64_t kCommune = 101;

class MetricsTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    province_.AdvanceTo("2023-07-20T10:00:00+07:00");
    v1::Event event;
    v1::IndicatorObserved* const seen = event.mutable_indicator_observed();
    seen->set_metric("M13");
    seen->set_unit_id(kCommune);
    seen->set_numerator(90);
    seen->set_denominator(100);
    seen->set_as_of_date(Day("2023-06-30"));
    const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
    ASSERT_THAT(outcome, IsOk());
    ASSERT_TRUE(outcome->effective()) << outcome->detail();
  }

  static v1::GetUnitMetricsRequest Request(std::uint64_t unit) {
    v1::GetUnitMetricsRequest request;
    request.set_unit_id(unit);
    request.set_first_month(202306);
    request.set_last_month(202307);
    return request;
  }
  grpc::Status Ask(const v1::GetUnitMetricsRequest& request,
                   const std::string& token,
                   v1::GetUnitMetricsResponse* response) {
    return query_->GetUnitMetrics(As(token), request, response);
  }
  StatusCode CodeOf(const v1::GetUnitMetricsRequest& request,
                    const std::string& token) {
    v1::GetUnitMetricsResponse response;
    return Ask(request, token, &response).error_code();
  }
};

TEST_F(MetricsTest, AUnitsValueIsThatOfWhatIsBelowIt) {
  for (const std::uint64_t unit : {kCommune, Province::kProvinceUnit}) {
    v1::GetUnitMetricsResponse response;
    const grpc::Status status = Ask(Request(unit), operator_, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_GT(response.position(), 0u);
    std::map<std::string, v1::UnitMetric> rows;
    for (const v1::UnitMetric& row : response.metrics()) {
      if (row.value().qualifier().empty()) rows[row.value().metric()] = row;
    }
    EXPECT_EQ(rows["M13"].value().numerator(), 90) << unit;
    EXPECT_EQ(rows["M13"].value().denominator(), 100) << unit;
    EXPECT_EQ(rows["M14"].value().denominator(), 0) << "nobody observed it";
    EXPECT_EQ(rows["M24"].value().numerator(), unit == kCommune ? 2 : 3);
  }
}

TEST_F(MetricsTest, OnlyWhoMayReadTheUnitIsTold) {
  const std::string elsewhere = OfficerToken(72, v1::ROLE_READER, 102);
  const std::string here = OfficerToken(71, v1::ROLE_READER, kCommune);
  EXPECT_EQ(CodeOf(Request(kCommune), elsewhere),
            StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(CodeOf(Request(999'999), elsewhere), StatusCode::PERMISSION_DENIED)
      << "whether or not it exists";
  EXPECT_EQ(CodeOf(Request(kCommune), here), StatusCode::OK);
  EXPECT_EQ(CodeOf(Request(Province::kProvinceUnit), here),
            StatusCode::PERMISSION_DENIED);
}

TEST_F(MetricsTest, WrongQuestionsAreRefused) {
  EXPECT_EQ(CodeOf(Request(999'999), operator_), StatusCode::NOT_FOUND);
  v1::GetUnitMetricsRequest request = Request(kCommune);
  request.set_first_month(202313);
  EXPECT_EQ(CodeOf(request, operator_), StatusCode::INVALID_ARGUMENT);
  request = Request(kCommune);
  request.set_last_month(202305);
  EXPECT_EQ(CodeOf(request, operator_), StatusCode::INVALID_ARGUMENT);
  request.set_last_month(203306);
  EXPECT_EQ(CodeOf(request, operator_), StatusCode::INVALID_ARGUMENT);
  request = Request(kCommune);
  request.set_policy_id("NO-SUCH");
  EXPECT_EQ(CodeOf(request, operator_), StatusCode::NOT_FOUND);
  request.set_policy_id(Province::kPolicy);
  EXPECT_EQ(CodeOf(request, operator_), StatusCode::OK);
}

TEST_F(MetricsTest, AnInspectionKeepsTheDayItWasMadeOn) {
  v1::Event event;
  event.set_claimed_date(Day("2023-06-12"));
  event.mutable_inspection_recorded()->set_team_id(1);
  event.mutable_inspection_recorded()->set_score(85);
  const absl::StatusOr<v1::CommandOutcome> outcome = province_.Submit(event);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_TRUE(outcome->effective()) << outcome->detail();
  v1::GetUnitMetricsRequest request = Request(kCommune);
  request.set_last_month(202306);
  v1::GetUnitMetricsResponse response;
  ASSERT_TRUE(Ask(request, operator_, &response).ok());
  bool found = false;
  for (const v1::UnitMetric& row : response.metrics()) {
    if (row.value().metric() != "M21" || !row.value().qualifier().empty()) {
      continue;
    }
    found = true;
    EXPECT_EQ(row.value().numerator(), 85);
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace thon::testing
