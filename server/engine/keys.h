// The server's two keys, each in a file of its own below DATA/keys:
//
//   log.key              signs receipts, hellos and checkpoints; one for the
//                        log's whole life
//   server-author.key    signs the server's own batches; a new one each epoch
//   server-author.next   the next epoch's, while it is being opened
//   witness.key          cosigns other logs' checkpoints, where the server is
//                        asked to; never signs anything of its own log
//
// A file holds the 32-byte seed as hexadecimal digits and a newline, mode 0600.
#ifndef THON_ENGINE_KEYS_H_
#define THON_ENGINE_KEYS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/core/ids.h"
#include "server/core/signature.h"

namespace thon {

struct ServerKeys {
  SigningKey log;
  SigningKey server_author;
};

// Makes the keys of a new log; those a broken-off first start left are used.
// Seeds empty: random. kUnavailable: input/output.
absl::StatusOr<ServerKeys> CreateKeys(const std::string& directory,
                                      absl::string_view log_seed,
                                      absl::string_view server_seed);

// Loads the keys of a log whose server author is `server`; a change of epoch
// that was broken off behind its entry is finished.
// kFailedPrecondition: a file is missing, or holds another log's key.
absl::StatusOr<ServerKeys> LoadKeys(const std::string& directory,
                                    const AuthorId& server);

// Makes the next epoch's server author and writes it beside the present one.
absl::StatusOr<SigningKey> PrepareNextServerKey(const std::string& directory);
// Puts it in the present one's place, which is kept under its author's name.
absl::Status AdoptNextServerKey(const std::string& directory,
                                const AuthorId& old_server);

// The witness's key. `create`: it is made if there is none.
// kFailedPrecondition: missing, or the file holds no key.
absl::StatusOr<SigningKey> LoadWitnessKey(const std::string& directory,
                                          bool create);

// Copies the key files, mode 0600. kUnavailable.
absl::Status CopyKeys(const std::string& directory, const std::string& to);

// Writes a file of mode 0600 and syncs it; atomically, by a rename.
absl::Status WriteSecretFile(const std::string& path, absl::string_view text);

}  // namespace thon

#endif  // THON_ENGINE_KEYS_H_
