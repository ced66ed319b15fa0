// One response of watches. Those who are told the same share it, and its bytes:
// it is built and serialised once, however many screens show one query.
#ifndef THON_WATCH_WATCH_PAGE_H_
#define THON_WATCH_WATCH_PAGE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/call_once.h"
#include "thon/v1/watch_service.pb.h"

namespace thon {

// Thread-safety: any thread.
class WatchPage {
 public:
  explicit WatchPage(v1::WatchResponse response)
      : response_(std::move(response)) {}

  const v1::WatchResponse& response() const { return response_; }
  // The response as the wire has it; made when it is first asked for, and may
  // outlive the page.
  std::shared_ptr<const std::string> bytes() const {
    absl::call_once(serialised_, [this] {
      bytes_ =
          std::make_shared<const std::string>(response_.SerializeAsString());
    });
    return bytes_;
  }

 private:
  const v1::WatchResponse response_;
  mutable absl::once_flag serialised_;
  mutable std::shared_ptr<const std::string> bytes_;
};

// Never null.
using SharedPage = std::shared_ptr<const WatchPage>;

}  // namespace thon

#endif  // THON_WATCH_WATCH_PAGE_H_
