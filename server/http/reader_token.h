// Who may read what is of the whole log, by a bearer token.
#ifndef THON_HTTP_READER_TOKEN_H_
#define THON_HTTP_READER_TOKEN_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/engine/engine.h"
#include "server/http/http_handler.h"

namespace thon {

// The token of "authorization: Bearer TOKEN"; empty: there is none.
absl::string_view BearerHeader(const HttpRequest& request);

// The officer with READER on the whole log whose token the request shows;
// nullopt: it shows none such.
std::optional<OfficerId> ReaderOf(const Engine& engine,
                                  const HttpRequest& request);

}  // namespace thon

#endif  // THON_HTTP_READER_TOKEN_H_
