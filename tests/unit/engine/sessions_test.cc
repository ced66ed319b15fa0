// What a session needs of the engine: a token that ends alone, at once and for
// good, and how long a token works.
//
// Method: a whole engine, closed and opened again where a promise outlives a
// restart.

#include <string>

#include "tests/unit/engine/engine_fixture.h"

namespace thon {
namespace {

constexpr OfficerId kOfficer(7);

class SessionsTest : public EngineTest {
 protected:
  SessionsTest() { Open(); }

  std::string Token(OfficerId officer, Date last_date = Date(0)) {
    Arrived<absl::StatusOr<std::string>> made;
    engine_->CreateToken(officer, last_date, made.callback());
    const absl::StatusOr<std::string> token = made.Get();
    EXPECT_THAT(token.status(), IsOk());
    return token.value_or("");
  }
  absl::StatusOr<bool> Revoke(const std::string& token) {
    Arrived<absl::StatusOr<bool>> ended;
    engine_->RevokeToken(token, ended.callback());
    return ended.Get();
  }
  bool Works(const std::string& token) {
    return engine_->Authenticate(token).ok();
  }
};

TEST_F(SessionsTest, OneTokenEndsAloneAndForGood) {
  const std::string mine = Token(kOfficer);
  const std::string other = Token(kOfficer);
  EXPECT_THAT(Revoke(mine), IsOkAndHolds(true));
  EXPECT_FALSE(Works(mine));
  EXPECT_TRUE(Works(other));
  EXPECT_TRUE(Works(engine_->new_operator_token()));
  Reopen();
  EXPECT_FALSE(Works(mine));
  EXPECT_TRUE(Works(other));
}

TEST_F(SessionsTest, NobodysTokenEndsNothing) {
  const std::string mine = Token(kOfficer);
  for (const std::string& wrong :
       {std::string(), mine + "x", mine.substr(1), std::string(4096, 'a')}) {
    EXPECT_THAT(Revoke(wrong), IsOkAndHolds(false)) << wrong.size();
  }
  EXPECT_THAT(Revoke(mine), IsOkAndHolds(true));
  EXPECT_THAT(Revoke(mine), IsOkAndHolds(false));
}

TEST_F(SessionsTest, AfterTheDrainNoTokenIsEnded) {
  const std::string mine = Token(kOfficer);
  engine_->Drain();
  EXPECT_THAT(Revoke(mine).status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(Works(mine));
}

TEST_F(SessionsTest, ATokenSaysUntilWhenItWorks) {
  const Date last = Date::Of(2023, 6, 2);
  const std::string mine = Token(kOfficer, last);
  EXPECT_THAT(engine_->TokenLastDate(mine), IsOkAndHolds(last));
  clock_.Set(At("2023-06-02T23:59:59+07:00"));
  EXPECT_THAT(engine_->TokenLastDate(mine), IsOkAndHolds(last));
  clock_.Set(At("2023-06-03T00:00:00+07:00"));
  EXPECT_THAT(engine_->TokenLastDate(mine).status(),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_FALSE(Works(mine));
}

TEST_F(SessionsTest, ExpiredTokensAreForgottenAsNewOnesAreMade) {
  const auto kept = [this] {
    int count = 0;
    EXPECT_THAT(
        engine_->log().ScanLocal("token/",
                                 [&](absl::string_view, absl::string_view) {
                                   ++count;
                                   return true;
                                 }),
        IsOk());
    return count;
  };
  for (int i = 0; i < 6; ++i) Token(kOfficer, Date::Of(2023, 6, 1));
  EXPECT_EQ(kept(), 7);  // And the operator's.
  clock_.Set(At("2023-06-02T00:00:00+07:00"));
  for (int i = 0; i < 4; ++i) Token(kOfficer, Date::Of(2023, 6, 9));
  Token(kOfficer);
  EXPECT_LE(kept(), 7);
  EXPECT_GE(kept(), 6);  // The operator's and five that work.
  EXPECT_TRUE(Works(engine_->new_operator_token()));
}

}  // namespace
}  // namespace thon
