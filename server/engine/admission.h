// Admission: what can be said of a batch without the committer. CPU only, on
// the thread that received it; the signature check is the dear part.
#ifndef THON_ENGINE_ADMISSION_H_
#define THON_ENGINE_ADMISSION_H_

#include <cstdint>
#include <string>

#include "server/core/batch.h"
#include "server/core/hash.h"
#include "server/core/ids.h"
#include "server/core/signature.h"
#include "thon/v1/log.pb.h"

namespace thon {

class AuthorTable;

// A batch on its way to the committer, which never looks inside the bytes.
struct OfferedBatch {
  std::string bytes;
  Signature signature;
  BatchDigest digest;
  AuthorId author;          // The stream's.
  Sequence first_sequence;  // 0 if the bytes do not say.
  Hash previous_hash;       // Zero for the first batch.
  std::uint16_t event_count = 0;
  // UNSPECIFIED: good. Else the committer answers REFUSED with it.
  v1::RefusalReason refusal = v1::REFUSAL_REASON_UNSPECIFIED;
};

// Checks size, form, that the batch is the stream's author's, that this author
// is known and no server, and its signature: in this order, so that nothing
// dear is done for what fails cheaply. Thread-safe.
OfferedBatch AdmitBatch(const AuthorTable& authors,
                        const AuthorId& stream_author, v1::SealedBatch sealed);

}  // namespace thon

#endif  // THON_ENGINE_ADMISSION_H_
