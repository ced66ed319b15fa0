// The digest of a watched query's table (core/table_digest.h): phones and tests
// compute it too.
#ifndef THON_WATCH_QUERY_DIGEST_H_
#define THON_WATCH_QUERY_DIGEST_H_

#include "server/core/table_digest.h"

namespace thon {

using QueryDigest = TableDigest;

}  // namespace thon

#endif  // THON_WATCH_QUERY_DIGEST_H_
