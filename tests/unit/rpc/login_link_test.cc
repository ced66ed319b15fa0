// Goal: who may make log-in links for whom, and that they open no more than
// the caller's own token does.
//
// Method: the admin service over a real connection, with a maker of links that
// writes down what it was asked.

#include <functional>
#include <utility>
#include <vector>

#include "server/rpc/login_link_maker.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace thon::testing {
namespace {

using grpc::StatusCode;

class RecordingLinks final : public LoginLinkMaker {
 public:
  absl::StatusOr<LoginLink> Make(OfficerId officer, Date last_date) override {
    made.emplace_back(officer, last_date);
    if (on_make) on_make();
    return LoginLink{"https://thon.test/login/code", Instant(1234)};
  }
  void Forget(OfficerId officer) override { forgotten.push_back(officer); }

  std::function<void()> on_make;
  std::vector<std::pair<OfficerId, Date>> made;
  std::vector<OfficerId> forgotten;
};

class LoginLinkTest : public RpcTest {
 protected:
  LoginLinkTest() { login_links_ = &links_; }
  ~LoginLinkTest() override { server_.reset(); }  // Before the links.

  grpc::Status Make(const std::string& token, std::uint64_t officer) {
    v1::CreateLoginLinkRequest request;
    request.set_officer_id(officer);
    return admin_->CreateLoginLink(As(token), request, &response_);
  }
  grpc::Status Revoke(std::uint64_t officer) {
    v1::RevokeTokensRequest request;
    request.set_officer_id(officer);
    v1::RevokeTokensResponse revoked;
    return admin_->RevokeTokens(AsOperator(), request, &revoked);
  }
  // An officer without any grant, whose token works up to `last_date`.
  std::string Token(std::uint64_t officer, Date last_date) {
    v1::CreateTokenRequest request;
    request.set_officer_id(officer);
    request.set_last_date(last_date.days);
    v1::CreateTokenResponse response;
    EXPECT_TRUE(admin_->CreateToken(AsOperator(), request, &response).ok());
    return response.token();
  }

  RecordingLinks links_;
  v1::CreateLoginLinkResponse response_;
};

TEST_F(LoginLinkTest, OneselfNeedsNoGrantAndTheLinkEndsWithTheToken) {
  const Date last = Date::Of(2150, 6, 30);
  const std::string token = Token(7, last);
  for (const std::uint64_t officer : {0, 7}) {
    const grpc::Status status = Make(token, officer);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response_.url(), "https://thon.test/login/code");
    EXPECT_EQ(response_.expires_time_ms(), 1234);
    EXPECT_EQ(links_.made.back(), std::make_pair(OfficerId(7), last));
  }
}

TEST_F(LoginLinkTest, AnotherOfficerNeedsAnOperatorOfTheWholeLog) {
  const std::string nobody = Token(7, Date::Of(2150, 6, 30));
  const std::string part = OfficerToken(8, v1::ROLE_OPERATOR, 15);
  const std::string reader = OfficerToken(9, v1::ROLE_READER, 0);
  for (const std::string& token : {nobody, part, reader}) {
    EXPECT_EQ(Make(token, 1).error_code(), StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(Make(token, 12345).error_code(), StatusCode::PERMISSION_DENIED);
  }
  EXPECT_EQ(Make("", 0).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(links_.made.empty());
  ASSERT_TRUE(Make(operator_, 7).ok());
  // As late as any session: an operator could make a token as well.
  EXPECT_EQ(links_.made.back(), std::make_pair(OfficerId(7), Date(0)));
  EXPECT_EQ(Make(operator_, std::uint64_t{1} << 53).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(LoginLinkTest, EndingAnOfficersTokensForgetsTheLinksBeforeAndBehind) {
  ASSERT_TRUE(Revoke(7).ok());
  EXPECT_EQ(links_.forgotten, std::vector<OfficerId>(2, OfficerId(7)));
}

TEST_F(LoginLinkTest, ATokenThatEndsMeanwhileHasMadeNoLink) {
  const std::string token = Token(7, Date::Of(2150, 6, 30));
  links_.on_make = [this] { EXPECT_TRUE(Revoke(7).ok()); };
  EXPECT_EQ(Make(token, 0).error_code(), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(response_.url(), "");
  ASSERT_EQ(links_.forgotten.size(), 3u) << "what Make() made, too";
  EXPECT_EQ(links_.forgotten.back(), OfficerId(7));
}

TEST_F(RpcTest, WithoutADashboardThereAreNoLinks) {
  v1::CreateLoginLinkResponse response;
  const grpc::Status status = admin_->CreateLoginLink(
      AsOperator(), v1::CreateLoginLinkRequest(), &response);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(status.error_message().find("--http"), std::string::npos);
}

}  // namespace
}  // namespace thon::testing
