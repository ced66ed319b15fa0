#include "server/rpc/tls.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/core/check.h"
#include "server/core/hash.h"

namespace thon {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::int64_t kCaDays = 3650;
constexpr std::int64_t kServerDays = 397;
constexpr std::int64_t kRenewDays = 30;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

struct Pair {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) return absl::UnavailableError(absl::StrCat("cannot read ", path));
  return out.str();
}

// Writes a file whole or not at all, with `mode` from its first moment.
absl::Status WriteFile(const std::string& path, absl::string_view content,
                       mode_t mode) {
  const std::string temporary = absl::StrCat(path, ".new");
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  bool ok = fd >= 0 &&
            ::write(fd, content.data(), content.size()) ==
                static_cast<ssize_t>(content.size()) &&
            ::fsync(fd) == 0;
  if (fd >= 0) ok = ::close(fd) == 0 && ok;
  if (ok) ok = ::rename(temporary.c_str(), path.c_str()) == 0;
  if (ok) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot write ", path, ": ", std::strerror(errno)));
}

Owned<EVP_PKEY> MakeKey() { return Owned<EVP_PKEY>(EVP_EC_gen("P-256")); }

std::string Pem(X509* certificate) {
  Owned<BIO> bio(BIO_new(BIO_s_mem()));
  THON_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string Pem(EVP_PKEY* key) {
  Owned<BIO> bio(BIO_new(BIO_s_mem()));
  THON_CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                      nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

absl::StatusOr<Owned<X509>> ParseCertificate(const std::string& path,
                                             const std::string& pem) {
  Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<X509> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " is no PEM certificate: mend it, or remove the folder to have "
        "new certificates made"));
  }
  return certificate;
}

absl::StatusOr<Owned<EVP_PKEY>> ParseKey(const std::string& path,
                                         const std::string& pem) {
  Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " is no PEM private key: mend it, or remove the "
                     "folder to have new certificates made"));
  }
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Owned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  THON_CHECK(extension != nullptr);
  THON_CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

// A certificate for `key`, without extensions and signature yet.
Owned<X509> Blank(EVP_PKEY* key, const char* common_name, Instant now,
                  std::int64_t days) {
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint8_t serial[16];
  THON_CHECK(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  // An hour back, for clients whose clocks are a little late.
  const time_t start = static_cast<time_t>(now.ms / 1000 - 3600);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), start);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                start + static_cast<time_t>(days * kDaySeconds));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  return certificate;
}

Pair MakeCa(Instant now) {
  Pair ca;
  ca.key = MakeKey();
  ca.certificate =
      Blank(ca.key.get(), "Thon certificate authority", now, kCaDays);
  X509* const c = ca.certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(c));
  AddExtension(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(c, c, NID_subject_key_identifier, "hash");
  THON_CHECK(X509_sign(c, ca.key.get(), EVP_sha256()) > 0);
  return ca;
}

bool IsAddress(const std::string& name) {
  return name.find(':') != std::string::npos ||
         name.find_first_not_of("0123456789.") == std::string::npos;
}

// `key` is used again if there is one: then a renewal writes one file, and a
// crash cannot leave a key and a certificate that do not belong together.
Pair MakeServer(const Pair& ca, Owned<EVP_PKEY> key,
                const std::vector<std::string>& names, Instant now) {
  Pair server;
  server.key = key ? std::move(key) : MakeKey();
  server.certificate = Blank(server.key.get(), "thond", now, kServerDays);
  X509* const c = server.certificate.get();
  X509_set_issuer_name(c, X509_get_subject_name(ca.certificate.get()));
  AddExtension(c, ca.certificate.get(), NID_basic_constraints,
               "critical,CA:FALSE");
  AddExtension(c, ca.certificate.get(), NID_key_usage,
               "critical,digitalSignature");
  AddExtension(c, ca.certificate.get(), NID_ext_key_usage, "serverAuth");
  std::string alternatives;
  for (const std::string& name : names) {
    absl::StrAppend(&alternatives, alternatives.empty() ? "" : ",",
                    IsAddress(name) ? "IP:" : "DNS:", name);
  }
  AddExtension(c, ca.certificate.get(), NID_subject_alt_name, alternatives);
  AddExtension(c, ca.certificate.get(), NID_authority_key_identifier,
               "keyid:always");
  THON_CHECK(X509_sign(c, ca.key.get(), EVP_sha256()) > 0);
  return server;
}

bool Covers(X509* certificate, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const int match = IsAddress(name)
                          ? X509_check_ip_asc(certificate, name.c_str(), 0)
                          : X509_check_host(certificate, name.c_str(),
                                            name.size(), 0, nullptr);
    if (match != 1) return false;
  }
  return true;
}

bool LastsAnother(X509* certificate, Instant now, std::int64_t days) {
  time_t then = static_cast<time_t>(now.ms / 1000 + days * kDaySeconds);
  return X509_cmp_time(X509_get0_notAfter(certificate), &then) > 0;
}

std::string Fingerprint(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  THON_CHECK(size > 0);
  const Hash hash = Sha256Of(absl::string_view(
      reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return hash.Hex();
}

// The pair below `path`.crt and `path`.key; empty where a file is missing.
absl::StatusOr<Pair> LoadPair(const std::string& path) {
  Pair pair;
  if (std::filesystem::exists(absl::StrCat(path, ".crt"))) {
    absl::StatusOr<std::string> pem = ReadFile(absl::StrCat(path, ".crt"));
    if (!pem.ok()) return pem.status();
    absl::StatusOr<Owned<X509>> parsed =
        ParseCertificate(absl::StrCat(path, ".crt"), *pem);
    if (!parsed.ok()) return parsed.status();
    pair.certificate = *std::move(parsed);
  }
  if (std::filesystem::exists(absl::StrCat(path, ".key"))) {
    absl::StatusOr<std::string> pem = ReadFile(absl::StrCat(path, ".key"));
    if (!pem.ok()) return pem.status();
    absl::StatusOr<Owned<EVP_PKEY>> parsed =
        ParseKey(absl::StrCat(path, ".key"), *pem);
    if (!parsed.ok()) return parsed.status();
    pair.key = *std::move(parsed);
  }
  if (pair.certificate && pair.key &&
      X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return absl::FailedPreconditionError(
        absl::StrCat(path, ".key is not the key of ", path,
                     ".crt: put the pair that belongs together there"));
  }
  return pair;
}

absl::Status StorePair(const std::string& path, const Pair& pair) {
  absl::Status status =
      WriteFile(absl::StrCat(path, ".key"), Pem(pair.key.get()), 0600);
  if (!status.ok()) return status;
  return WriteFile(absl::StrCat(path, ".crt"), Pem(pair.certificate.get()),
                   0644);
}

}  // namespace

absl::StatusOr<TlsFiles> LoadOrMakeTls(const std::string& directory,
                                       const std::vector<std::string>& names,
                                       Instant now) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot make ", directory, ": ", error.message()));
  }
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all,
                               error);
  const std::string ca_path = absl::StrCat(directory, "/ca");
  const std::string server_path = absl::StrCat(directory, "/server");
  absl::StatusOr<Pair> ca = LoadPair(ca_path);
  if (!ca.ok()) return ca.status();
  absl::StatusOr<Pair> server = LoadPair(server_path);
  if (!server.ok()) return server.status();

  const bool complete = server->certificate && server->key;
  if (!ca->certificate && !complete) {
    *ca = MakeCa(now);
    if (absl::Status s = StorePair(ca_path, *ca); !s.ok()) return s;
  }
  const bool good = complete && Covers(server->certificate.get(), names) &&
                    LastsAnother(server->certificate.get(), now, kRenewDays);
  if (!good && ca->certificate && ca->key) {
    *server = MakeServer(*ca, std::move(server->key), names, now);
    if (absl::Status s = StorePair(server_path, *server); !s.ok()) return s;
  } else if (!complete) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory,
        " lacks server.crt or server.key, and ca.key to make them: "
        "put the missing files there"));
  } else if (!LastsAnother(server->certificate.get(), now, 0)) {
    return absl::FailedPreconditionError(
        absl::StrCat(server_path,
                     ".crt has expired and there is no ca.key to make a new "
                     "one: put a valid pair there"));
  }
  X509* const root =
      ca->certificate ? ca->certificate.get() : server->certificate.get();
  return TlsFiles{.ca_certificate = Pem(root),
                  .server_certificate = Pem(server->certificate.get()),
                  .server_key = Pem(server->key.get()),
                  .ca_fingerprint = Fingerprint(root)};
}

}  // namespace thon
