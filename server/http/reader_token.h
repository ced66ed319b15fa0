// Who may read what is of the whole log, by a bearer token.
#ifndef THON_HTTP_READER_TOKEN_H_
#define THON_HTTP_READER_TOKEN_H_

#include "absl/strings/string_view.h"
#include "server/engine/engine.h"
#include "server/http/http_handler.h"

namespace thon {

// The token of "authorization: Bearer TOKEN"; empty: there is none.
absl::string_view BearerHeader(const HttpRequest& request);

// Whether the request shows a token of an officer with READER on the whole log.
bool ShowsReaderToken(const Engine& engine, const HttpRequest& request);

}  // namespace thon

#endif  // THON_HTTP_READER_TOKEN_H_
