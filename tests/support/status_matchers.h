// GoogleTest matchers for absl::Status and absl::StatusOr. They take either,
// print the status when they fail, and never move from what they look at.
//
//   EXPECT_THAT(store.Flush(), IsOk());
//   EXPECT_THAT(ParseDong("5 tỷ"), IsOkAndHolds(5'000'000'000));
//   EXPECT_THAT(result, StatusIs(absl::StatusCode::kNotFound));
//   EXPECT_THAT(result, StatusIs(absl::StatusCode::kNotFound, "unit 12"));
//   ASSERT_OK_AND_ASSIGN(const Hash root, RootAt(size, read));
#ifndef THON_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define THON_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace thon {
namespace status_matchers_internal {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Polymorphic over Status and every StatusOr.
class IsOkMatcher {
 public:
  using is_gtest_matcher = void;

  template <typename S>
  bool MatchAndExplain(const S& actual,
                       ::testing::MatchResultListener* listener) const {
    const absl::Status& status = StatusOf(actual);
    if (!status.ok()) *listener << "whose status is " << status.ToString();
    return status.ok();
  }
  void DescribeTo(std::ostream* os) const { *os << "is OK"; }
  void DescribeNegationTo(std::ostream* os) const { *os << "is not OK"; }
};

class StatusIsMatcher {
 public:
  using is_gtest_matcher = void;

  StatusIsMatcher(absl::StatusCode code,
                  ::testing::Matcher<const std::string&> message)
      : code_(code), message_(std::move(message)) {}

  template <typename S>
  bool MatchAndExplain(const S& actual,
                       ::testing::MatchResultListener* listener) const {
    const absl::Status& status = StatusOf(actual);
    *listener << "whose status is " << status.ToString();
    if (status.code() != code_) return false;
    return message_.Matches(std::string(status.message()));
  }
  void DescribeTo(std::ostream* os) const {
    *os << "has code " << absl::StatusCodeToString(code_)
        << " and a message that ";
    message_.DescribeTo(os);
  }
  void DescribeNegationTo(std::ostream* os) const {
    *os << "does not have code " << absl::StatusCodeToString(code_)
        << " or has a message that ";
    message_.DescribeNegationTo(os);
  }

 private:
  absl::StatusCode code_;
  ::testing::Matcher<const std::string&> message_;
};

// Converts to a matcher of whatever StatusOr<T> it is applied to.
template <typename Inner>
class IsOkAndHoldsMatcher {
 public:
  explicit IsOkAndHoldsMatcher(Inner inner) : inner_(std::move(inner)) {}

  template <typename S>
  operator ::testing::Matcher<S>() const {  // NOLINT: gMock's way.
    return ::testing::Matcher<S>(new Impl<S>(inner_));
  }

 private:
  template <typename S>
  class Impl : public ::testing::MatcherInterface<S> {
    using Value = typename std::remove_reference_t<S>::value_type;

   public:
    explicit Impl(const Inner& inner)
        : inner_(::testing::SafeMatcherCast<const Value&>(inner)) {}

    bool MatchAndExplain(
        S actual, ::testing::MatchResultListener* listener) const override {
      if (!actual.ok()) {
        *listener << "whose status is " << actual.status().ToString();
        return false;
      }
      return inner_.MatchAndExplain(*actual, listener);
    }
    void DescribeTo(std::ostream* os) const override {
      *os << "is OK and holds a value that ";
      inner_.DescribeTo(os);
    }
    void DescribeNegationTo(std::ostream* os) const override {
      *os << "is not OK or holds a value that ";
      inner_.DescribeNegationTo(os);
    }

   private:
    ::testing::Matcher<const Value&> inner_;
  };

  Inner inner_;
};

}  // namespace status_matchers_internal

inline status_matchers_internal::IsOkMatcher IsOk() { return {}; }

// `inner` is a value or a matcher of the value.
template <typename Inner>
status_matchers_internal::IsOkAndHoldsMatcher<std::decay_t<Inner>> IsOkAndHolds(
    Inner&& inner) {
  return status_matchers_internal::IsOkAndHoldsMatcher<std::decay_t<Inner>>(
      std::forward<Inner>(inner));
}

inline status_matchers_internal::StatusIsMatcher StatusIs(
    absl::StatusCode code) {
  return {code, ::testing::An<const std::string&>()};
}

// `message` is text that the message contains, or a matcher of the message.
template <typename Message>
status_matchers_internal::StatusIsMatcher StatusIs(absl::StatusCode code,
                                                   const Message& message) {
  if constexpr (std::is_constructible_v<std::string, const Message&>) {
    return {code, ::testing::HasSubstr(std::string(message))};
  } else {
    return {code, ::testing::SafeMatcherCast<const std::string&>(message)};
  }
}

}  // namespace thon

namespace absl {

// How GoogleTest prints a StatusOr when an expectation fails. (A Status prints
// itself.)
template <typename T>
void PrintTo(const StatusOr<T>& result, std::ostream* os) {
  if (result.ok()) {
    *os << "OK: " << ::testing::PrintToString(*result);
  } else {
    *os << result.status();
  }
}

}  // namespace absl

#define THON_TEST_CONCAT_INNER_(a, b) a##b
#define THON_TEST_CONCAT_(a, b) THON_TEST_CONCAT_INNER_(a, b)

// ASSERT_OK_AND_ASSIGN(declaration, expression): ends the test function, which
// must return void, unless the StatusOr `expression` is OK.
#define ASSERT_OK_AND_ASSIGN(declaration, expression)                      \
  ASSERT_OK_AND_ASSIGN_IMPL_(THON_TEST_CONCAT_(thon_status_or_, __LINE__), \
                             declaration, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                       \
  ASSERT_TRUE(result.ok()) << result.status();                      \
  declaration = *std::move(result)

#endif  // THON_TESTS_SUPPORT_STATUS_MATCHERS_H_
