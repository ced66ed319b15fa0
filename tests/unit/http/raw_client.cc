#include "tests/unit/http/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "server/core/check.h"
#include "server/engine/system_clock.h"

namespace thon::testing {

bool Eventually(const std::function<bool()>& condition) {
  const std::int64_t end = SteadyMs() + kPatienceMs;
  while (!condition()) {
    if (SteadyMs() > end) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

std::string RawResponse::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::string_view(key) == name) return value;
  }
  return "";
}

RawClient::RawClient(int port, bool tls) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  THON_CHECK(::connect(fd_, reinterpret_cast<const sockaddr*>(&address),
                       sizeof(address)) == 0);
  if (!tls) return;
  timeval patience = {kPatienceMs / 1000, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  context_ = SSL_CTX_new(TLS_client_method());
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) != 1) Close();
}

RawClient::~RawClient() {
  Close();
  SSL_CTX_free(context_);
}

void RawClient::Close() {
  SSL_free(ssl_);
  ssl_ = nullptr;
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void RawClient::Reset() {
  const linger now = {1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

void RawClient::CloseSend() { ::shutdown(fd_, SHUT_WR); }

bool RawClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (fd_ < 0) return false;
    if (ssl_ == nullptr) {
      pollfd waiting = {fd_, POLLOUT, 0};
      if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
    }
    const ssize_t sent =
        ssl_ != nullptr
            ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
            : ::send(fd_, bytes.data(), bytes.size(),
                     MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::SendSome(absl::string_view bytes) {
  const ssize_t sent =
      ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::size_t RawClient::SendUntilFull(absl::string_view bytes, std::size_t max) {
  constexpr int kFullMs = 200;
  std::size_t sent = 0;
  pollfd waiting = {fd_, POLLOUT, 0};
  while (sent < max && ::poll(&waiting, 1, kFullMs) == 1) {
    const std::size_t now = SendSome(bytes.substr(sent % bytes.size()));
    if (now == 0) break;
    sent += now;
  }
  return sent;
}

bool RawClient::Fill() {
  if (fd_ < 0) return false;
  char bytes[16384];
  ssize_t size = 0;
  if (ssl_ != nullptr) {
    size = SSL_read(ssl_, bytes, sizeof(bytes));
  } else {
    pollfd waiting = {fd_, POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
    size = ::recv(fd_, bytes, sizeof(bytes), 0);
  }
  if (size <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(size));
  return true;
}

std::string RawClient::Line(bool* found) {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) {
      *found = false;
      return "";
    }
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  *found = true;
  return line;
}

std::string RawClient::Take(std::size_t size, bool* found) {
  while (buffer_.size() < size) {
    if (!Fill()) break;
  }
  *found = buffer_.size() >= size;
  std::string bytes = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return bytes;
}

RawResponse RawClient::ReadHead() {
  RawResponse response;
  bool found = false;
  const std::string first = Line(&found);
  if (!found || first.size() < 12) return response;
  if (!absl::SimpleAtoi(first.substr(9, 3), &response.status)) return response;
  while (true) {
    const std::string line = Line(&found);
    if (!found || line.empty()) return response;
    const std::size_t colon = line.find(": ");
    response.headers.emplace_back(absl::AsciiStrToLower(line.substr(0, colon)),
                                  line.substr(colon + 2));
  }
}

std::string RawClient::ReadChunk() {
  bool found = false;
  const std::string line = Line(&found);
  const std::size_t size = found ? std::strtoul(line.c_str(), nullptr, 16) : 0;
  std::string chunk = Take(size, &found);
  Line(&found);
  return chunk;
}

RawResponse RawClient::Read(bool head_only) {
  RawResponse response = ReadHead();
  const int status = response.status;
  response.whole = status != 0;
  if (head_only || status == 0 || status == 100 || status == 204 ||
      status == 304) {
    return response;
  }
  std::size_t length = 0;
  if (response.Header("transfer-encoding") == "chunked") {
    while (true) {
      bool found = false;
      const std::string line = Line(&found);
      const std::size_t size =
          found ? std::strtoul(line.c_str(), nullptr, 16) : 0;
      response.body += Take(size, &response.whole);
      response.whole = response.whole && found;
      Line(&found);
      response.whole = response.whole && found;
      if (size == 0) return response;
    }
  }
  if (absl::SimpleAtoi(response.Header("content-length"), &length)) {
    response.body = Take(length, &response.whole);
  } else {
    while (Fill()) {
    }
    response.body = std::move(buffer_);
    buffer_.clear();
  }
  return response;
}

bool RawClient::IsClosed() {
  if (!buffer_.empty()) return false;
  if (ssl_ != nullptr || fd_ < 0) return !Fill();
  pollfd waiting = {fd_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) != 1) return false;
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

std::string RawClient::Certificate() const {
  X509* const certificate = SSL_get_peer_certificate(ssl_);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string bytes(reinterpret_cast<const char*>(der),
                    static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_free(certificate);
  return bytes;
}

std::size_t RawClient::ReadSome(std::size_t size_max) {
  while (buffer_.size() < size_max && Fill()) {
  }
  const std::size_t size = std::min(buffer_.size(), size_max);
  buffer_.erase(0, size);
  return size;
}

}  // namespace thon::testing
