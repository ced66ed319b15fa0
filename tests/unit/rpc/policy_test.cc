// Goal: officials can try a policy over what is recorded without recording
// anything, and are warned at publication of another policy that would pay the
// same months. Method: calls over a loopback connection to a server on a small
// province.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;

std::string Text(absl::string_view id, absl::string_view status,
                 absl::string_view rules = "") {
  return absl::StrCat(
      "policy: ", id,
      "\nversion: 1\ntitle: Thử\nissuer: Tỉnh Yên Bái\n"
      "time_zone: Asia/Ho_Chi_Minh\nstatus: {value: ",
      status,
      ", source: S}\n"
      "basis:\n  - {document: 1/2023/NQ-HĐND, issued: 2023-01-01, issuer: "
      "HĐND}\n"
      "period: {from: 2023-01-01, to: 2023-12-31, source: S}\n"
      "month_rule: {unit: whole_month, prorata: none, source: S}\n"
      "beneficiary: {level: VILLAGE, kinds: [thôn], source: S}\n"
      "team_must_exist: {on: last_day_of_month, source: S}\n"
      "suspended_days: {full_month: no_pay, partial: hold, source: S}\n"
      "amount: {per: team_month, vnd: 1500000, source: S}\n"
      "funding: {required: false, source: S}\n",
      rules);
}

class PolicyTest : public RpcTest {};

TEST_F(PolicyTest, ADraftIsTriedAndNothingIsRecorded) {
  const std::uint64_t end = province_.engine().status().end.next_position.value;
  v1::SimulatePolicyRequest request;
  request.set_yaml(Text("THU-2023", "DRAFT"));
  request.set_issuer_unit_id(Province::kProvinceUnit);
  request.set_first_month(202303);
  request.set_last_month(202304);
  v1::SimulatePolicyResponse response;
  const grpc::Status status =
      policy_->SimulatePolicy(AsOperator(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.total_vnd(), 2 * 3 * 1'500'000);
  ASSERT_EQ(response.sums_size(), 2);
  EXPECT_EQ(response.sums(0).count(), 3);
  bool said = false;
  for (const v1::PolicyFinding& finding : response.findings()) {
    said |= finding.message().find("SIMULATION") != std::string::npos;
  }
  EXPECT_TRUE(said);
  EXPECT_EQ(province_.engine().status().end.next_position.value, end);

  const std::string stranger = OfficerToken(7, v1::ROLE_OFFICER, 101);
  ExpectFault(policy_->SimulatePolicy(As(stranger), request, &response),
              StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED");
  request.set_last_month(202506);
  ExpectFault(policy_->SimulatePolicy(AsOperator(), request, &response),
              StatusCode::INVALID_ARGUMENT, "INVALID_FIELD");
  request.set_yaml(Text("THU-2023", "DRAFT", "unknown_field: 1\n"));
  ExpectFault(policy_->SimulatePolicy(AsOperator(), request, &response),
              StatusCode::INVALID_ARGUMENT, "INVALID_POLICY");
}

TEST_F(PolicyTest, APublicationWarnsOfASecondPolicyForTheSameMonths) {
  v1::PublishPolicyRequest request;
  request.set_yaml(Text("HAI-2023", "IN_FORCE",
                        "double_support: {rule: forbid, source: S}\n"));
  request.set_issuer_unit_id(Province::kProvinceUnit);
  request.set_idempotency_key("publish-two");
  v1::PublishPolicyResponse response;
  const grpc::Status status =
      policy_->PublishPolicy(AsOperator(), request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  bool warned = false;
  for (const v1::PolicyFinding& finding : response.findings()) {
    warned |= finding.severity() == v1::POLICY_SEVERITY_WARNING &&
              finding.message().find("YB-2023") != std::string::npos;
  }
  EXPECT_TRUE(warned) << response.ShortDebugString();
}

}  // namespace
}  // namespace thon::testing
