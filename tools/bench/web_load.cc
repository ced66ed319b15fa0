#include "tools/bench/web_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/check.h"
#include "tools/bench/stream_load.h"

namespace thon::bench {
namespace {

constexpr std::size_t kBufferBytes = 128 << 10;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void SendAtOnce(int fd) {
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

bool SendAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// One connection that is kept.
class Connection {
 public:
  absl::Status Open(int port) {
    socket_.emplace(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = Loopback(port);
    if (connect(socket_->fd(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
      return absl::UnavailableError(
          absl::StrCat("127.0.0.1:", port, " does not listen"));
    }
    SendAtOnce(socket_->fd());
    return absl::OkStatus();
  }

  // The answer's body; valid until the next call.
  absl::StatusOr<absl::string_view> Get(const std::string& path) {
    const std::string request =
        absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    if (!SendAll(socket_->fd(), request)) return Broken(path);
    received_.clear();
    body_.clear();
    std::size_t at = 0;
    if (!ReceiveLineEnd("\r\n\r\n", &at)) return Broken(path);
    const absl::string_view head = absl::string_view(received_).substr(0, at);
    if (!absl::StartsWith(head, "HTTP/1.1 200 ")) {
      return absl::UnavailableError(
          absl::StrCat(path, ": ", head.substr(0, head.find("\r\n"))));
    }
    std::size_t length = 0;
    const bool sized =
        absl::SimpleAtoi(FieldOf(head, "content-length"), &length);
    at += 4;
    if (sized ? !TakeBody(length, &at) : !TakeChunks(&at)) return Broken(path);
    return absl::string_view(body_);
  }

 private:
  static absl::Status Broken(const std::string& path) {
    return absl::UnavailableError(
        absl::StrCat(path, ": the answer is not whole"));
  }

  static absl::string_view FieldOf(absl::string_view head,
                                   absl::string_view name) {
    for (const absl::string_view line : absl::StrSplit(head, "\r\n")) {
      const std::pair<absl::string_view, absl::string_view> field =
          absl::StrSplit(line, absl::MaxSplits(':', 1));
      if (absl::EqualsIgnoreCase(field.first, name)) {
        return absl::StripAsciiWhitespace(field.second);
      }
    }
    return "";
  }

  // Receives up to `end` at or behind `*at`, and sets `*at` to where it is.
  bool ReceiveLineEnd(absl::string_view end, std::size_t* at) {
    std::size_t found = 0;
    while ((found = received_.find(end.data(), *at, end.size())) ==
           std::string::npos) {
      if (!Receive()) return false;
    }
    *at = found;
    return true;
  }

  bool TakeBody(std::size_t length, std::size_t* at) {
    while (received_.size() < *at + length) {
      if (!Receive()) return false;
    }
    body_.append(received_, *at, length);
    *at += length;
    return true;
  }

  bool TakeChunks(std::size_t* at) {
    while (true) {
      const std::size_t begin = *at;
      std::uint64_t length = 0;
      if (!ReceiveLineEnd("\r\n", at) ||
          !absl::SimpleHexAtoi(received_.substr(begin, *at - begin), &length)) {
        return false;
      }
      *at += 2;
      if (!TakeBody(length, at) || !ReceiveLineEnd("\r\n", at)) return false;
      *at += 2;
      if (length == 0) return true;  // Without trailers.
    }
  }

  bool Receive() {
    const std::size_t size = received_.size();
    received_.resize(size + kBufferBytes);
    const ssize_t got =
        recv(socket_->fd(), received_.data() + size, kBufferBytes, 0);
    received_.resize(size + (got > 0 ? static_cast<std::size_t>(got) : 0));
    return got > 0;
  }

  std::optional<Socket> socket_;
  std::string received_;
  std::string body_;
};

}  // namespace

absl::StatusOr<std::string> FetchWeb(int port, const std::string& path) {
  Connection connection;
  const absl::Status opened = connection.Open(port);
  if (!opened.ok()) return opened;
  const absl::StatusOr<absl::string_view> body = connection.Get(path);
  if (!body.ok()) return body.status();
  return std::string(*body);
}

absl::StatusOr<WebLoad> LoadWeb(int port, const std::vector<std::string>& paths,
                                int connections, int seconds) {
  THON_CHECK(!paths.empty());
  Mutex mu;
  absl::Status failure;
  std::atomic<std::uint64_t> answers{0};
  std::atomic<std::uint64_t> bytes{0};
  const std::int64_t begin = NowUs();
  const std::int64_t end = begin + seconds * std::int64_t{1'000'000};
  std::vector<std::thread> threads;
  for (int t = 0; t < connections; ++t) {
    threads.emplace_back([&, t] {
      Connection connection;
      absl::Status status = connection.Open(port);
      std::size_t next = paths.size() * static_cast<std::size_t>(t) /
                         static_cast<std::size_t>(connections);
      while (status.ok() && NowUs() < end) {
        const auto body = connection.Get(paths[next++ % paths.size()]);
        status = body.status();
        if (!status.ok()) break;
        ++answers;
        bytes += body->size();
      }
      MutexLock lock(&mu);
      failure.Update(status);
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (!failure.ok()) return failure;
  return WebLoad{answers, bytes, NowUs() - begin};
}

absl::StatusOr<std::unique_ptr<FileServer>> FileServer::Start(
    const std::string& file) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || bind(listener, any, size) != 0 ||
      listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, any, &size) != 0) {
    if (listener >= 0) close(listener);
    return absl::UnavailableError("no port to listen on");
  }
  std::unique_ptr<FileServer> server(
      new FileServer(file, listener, ntohs(address.sin_port)));
  server->accept_ = std::thread([raw = server.get()] { raw->Accept(); });
  return server;
}

// Requires that all clients are gone.
FileServer::~FileServer() {
  shutdown(listener_, SHUT_RDWR);
  accept_.join();
  close(listener_);
  MutexLock lock(&mu_);
  for (std::thread& thread : serving_) thread.join();
}

void FileServer::Accept() {
  while (true) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    SendAtOnce(connection);
    MutexLock lock(&mu_);
    serving_.emplace_back([this, connection] { Serve(connection); });
  }
}

void FileServer::Serve(int connection) const {
  const Socket socket(connection);
  std::string received(4096, '\0');
  while (recv(connection, received.data(), received.size(), 0) > 0) {
    const Socket file(open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (file.fd() < 0 || fstat(file.fd(), &info) != 0) return;
    if (!SendAll(connection, absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ",
                                          info.st_size, "\r\n\r\n"))) {
      return;
    }
    off_t at = 0;
    while (at < info.st_size) {
      if (sendfile(connection, file.fd(), &at,
                   static_cast<std::size_t>(info.st_size - at)) <= 0) {
        return;
      }
    }
  }
}

}  // namespace thon::bench
