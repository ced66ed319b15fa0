#include "server/engine/keys.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/core/hash.h"

namespace thon {
namespace {

namespace fs = std::filesystem;

constexpr char kLogKey[] = "log.key";
constexpr char kServerKey[] = "server-author.key";
constexpr char kNextServerKey[] = "server-author.next";
constexpr char kWitnessKey[] = "witness.key";

absl::Status IoError(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat(what, " ", path, ": ", std::strerror(errno)));
}

std::string PathOf(const std::string& directory, const char* name) {
  return (fs::path(directory) / name).string();
}

absl::Status SyncDirectory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return IoError("cannot open", directory);
  const int result = ::fsync(fd);
  ::close(fd);
  return result == 0 ? absl::OkStatus() : IoError("cannot sync", directory);
}

absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) {
    fs::permissions(directory, fs::perms::owner_all, error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", directory, ": ", error.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<SigningKey> ReadKey(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the key file ", path,
        " is missing or cannot be read: restore DATA/keys from the backup"));
  }
  std::string text((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  std::string seed;
  if (!HexDecode(absl::StripAsciiWhitespace(text), &seed) ||
      seed.size() != SigningKey::kSeedSize) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the key file ", path, " does not hold 64 hexadecimal digits"));
  }
  return SigningKey::FromSeed(seed);
}

absl::Status WriteKey(const std::string& path, const SigningKey& key) {
  return WriteSecretFile(path, absl::StrCat(HexEncode(key.seed()), "\n"));
}

absl::StatusOr<SigningKey> ReadOrCreate(const std::string& path,
                                        absl::string_view seed) {
  if (fs::exists(path)) return ReadKey(path);
  absl::StatusOr<SigningKey> key =
      seed.empty() ? SigningKey::Generate() : SigningKey::FromSeed(seed);
  if (!key.ok()) return key.status();
  const absl::Status written = WriteKey(path, *key);
  if (!written.ok()) return written;
  return key;
}

}  // namespace

absl::Status WriteSecretFile(const std::string& path, absl::string_view text) {
  const std::string temporary = path + ".tmp";
  std::error_code ignored;
  fs::remove(temporary, ignored);
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return IoError("cannot create", temporary);
  const char* data = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    const ssize_t n = ::write(fd, data, left);
    if (n < 0) {
      const absl::Status status = IoError("cannot write", temporary);
      ::close(fd);
      return status;
    }
    data += n;
    left -= static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) {
    const absl::Status status = IoError("cannot sync", temporary);
    ::close(fd);
    return status;
  }
  ::close(fd);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return IoError("cannot rename", temporary);
  }
  return SyncDirectory(fs::path(path).parent_path().string());
}

absl::StatusOr<ServerKeys> CreateKeys(const std::string& directory,
                                      absl::string_view log_seed,
                                      absl::string_view server_seed) {
  const absl::Status made = MakeDirectory(directory);
  if (!made.ok()) return made;
  absl::StatusOr<SigningKey> log =
      ReadOrCreate(PathOf(directory, kLogKey), log_seed);
  if (!log.ok()) return log.status();
  absl::StatusOr<SigningKey> server =
      ReadOrCreate(PathOf(directory, kServerKey), server_seed);
  if (!server.ok()) return server.status();
  return ServerKeys{*std::move(log), *std::move(server)};
}

absl::StatusOr<ServerKeys> LoadKeys(const std::string& directory,
                                    const AuthorId& server) {
  absl::StatusOr<SigningKey> log = ReadKey(PathOf(directory, kLogKey));
  if (!log.ok()) return log.status();
  absl::StatusOr<SigningKey> present = ReadKey(PathOf(directory, kServerKey));
  if (present.ok() && present->public_key().author() == server) {
    return ServerKeys{*std::move(log), *std::move(present)};
  }
  absl::StatusOr<SigningKey> next = ReadKey(PathOf(directory, kNextServerKey));
  if (next.ok() && next->public_key().author() == server) {
    if (present.ok()) {
      const absl::Status adopted =
          AdoptNextServerKey(directory, present->public_key().author());
      if (!adopted.ok()) return adopted;
    }
    return ServerKeys{*std::move(log), *std::move(next)};
  }
  if (!present.ok()) return present.status();
  return absl::FailedPreconditionError(absl::StrCat(
      PathOf(directory, kServerKey), " is not the key of this log's server ",
      server.Hex(), ": restore DATA/keys from where the log came from"));
}

absl::StatusOr<SigningKey> PrepareNextServerKey(const std::string& directory) {
  SigningKey key = SigningKey::Generate();
  const absl::Status written = WriteKey(PathOf(directory, kNextServerKey), key);
  if (!written.ok()) return written;
  return key;
}

absl::Status AdoptNextServerKey(const std::string& directory,
                                const AuthorId& old_server) {
  const std::string present = PathOf(directory, kServerKey);
  const std::string kept =
      PathOf(directory, ("server-author." + old_server.Hex()).c_str());
  // A copy, not a rename: at every moment one of the two names is whole.
  std::error_code error;
  fs::copy_file(present, kept, fs::copy_options::overwrite_existing, error);
  if (!error) {
    fs::permissions(kept, fs::perms::owner_read | fs::perms::owner_write,
                    error);
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot copy ", present, ": ", error.message()));
  }
  const std::string next = PathOf(directory, kNextServerKey);
  if (::rename(next.c_str(), present.c_str()) != 0) {
    return IoError("cannot rename", next);
  }
  return SyncDirectory(directory);
}

absl::StatusOr<SigningKey> LoadWitnessKey(const std::string& directory,
                                          bool create) {
  const std::string path = PathOf(directory, kWitnessKey);
  return create ? ReadOrCreate(path, "") : ReadKey(path);
}

absl::Status CopyKeys(const std::string& directory, const std::string& to) {
  const absl::Status made = MakeDirectory(to);
  if (!made.ok()) return made;
  std::error_code error;
  for (const fs::directory_entry& file :
       fs::directory_iterator(directory, error)) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)),
                           std::istreambuf_iterator<char>());
    const absl::Status written =
        WriteSecretFile((fs::path(to) / file.path().filename()).string(), text);
    if (!written.ok()) return written;
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot list ", directory, ": ", error.message()));
  }
  return absl::OkStatus();
}

}  // namespace thon
