// A server in memory for the client's tests: the answer table of the design
// over the real core (checks, hashes, signatures, receipts), and the faults
// that a test asks for. It commits every batch as a group of its own.
#ifndef THON_TESTS_UNIT_CLIENT_FAKE_SERVER_H_
#define THON_TESTS_UNIT_CLIENT_FAKE_SERVER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/batch.h"
#include "server/core/hash.h"
#include "server/core/receipt.h"
#include "server/core/signature.h"
#include "thon/transport.h"

namespace thon::client {

// An event of the log, with what names it first.
struct LoggedEvent {
  AuthorId author;
  v1::Event event;
  std::uint64_t position = 0;

  std::pair<std::string, std::uint64_t> FirstName() const;
};

class FakeServer {
 public:
  FakeServer();

  // What the server does wrong, or says against the phone's wish.
  struct Faults {
    bool unreachable = false;
    bool silent = false;          // Takes everything, says nothing.
    bool forge_receipts = false;  // Signed by a key of its own.
    bool swap_receipts = false;   // Good receipts of another batch.
    bool forge_hello = false;
    bool lose_next_batch = false;  // Swallows one batch: a hole follows.
    bool log_restored = false;     // DATA_LOSS to every hello.
    int refuse_batches = 0;        // This many are refused ...
    v1::RefusalReason refusal = v1::REFUSAL_REASON_QUOTA;
    int end_after_batches = -1;    // Commits this many, then breaks ...
    bool eat_last_answer = false;  // ... without the answer to the last.
    bool confirm_successors = true;
    bool reject_proofs = false;   // Of enrolments that were lost.
    bool no_views = false;        // An older server.
    bool silent_views = false;    // Takes the request, says nothing.
    bool no_follows = false;      // An older server.
    bool silent_follows = false;  // Takes the request, says nothing.

    // Of proofs. An honest server may be old, or have no checkpoint to give.
    bool no_proofs = false;      // An older server.
    bool silent_proofs = false;  // Takes the request, says nothing.
    bool no_checkpoint = false;  // Answers that it has none.
    std::uint64_t checkpoint_size_max = UINT64_MAX;  // Slow, or old, ones.
    // A liar's.
    bool drop_proofs = false;       // A checkpoint, and no proof under it.
    bool bend_paths = false;        // One hash of each is another.
    bool forge_checkpoint = false;  // Signed by a key of its own.
    // Histories: the entry with this index is another one, or is not there.
    std::optional<std::size_t> replaced_entry;
    std::optional<std::size_t> dropped_entry;
    bool invent_root = false;  // Signs a root of no tree.
  };
  Faults faults;
  // What a request for the team's view is answered with; unset: nothing.
  std::function<v1::TeamView(const v1::TeamViewRequest& request,
                             const std::string& author)>
      team_view;
  int views_asked = 0;
  // What a request to follow is answered with; unset: that there is nothing to
  // follow.
  std::function<std::vector<v1::WatchResponse>(const v1::FollowRequest& request,
                                               const std::string& author)>
      follow;
  int follows_asked = 0;
  int proofs_asked = 0;
  // The newest question for proofs.
  v1::ProofsRequest proofs_request;
  // Called before one is answered.
  std::function<void()> before_proofs;
  // What it is answered with; unset: as the faults say.
  std::function<v1::Proofs(const v1::ProofsRequest& request)> answer_proofs;
  // Whose cosignatures are on each checkpoint; keys are the test's.
  std::vector<std::pair<std::string, const SigningKey*>> witnesses;
  int standings_asked = 0;
  // What standings say of an event of the author; UNSPECIFIED: it is plain.
  std::function<v1::EventStanding(const LoggedEvent& event)> standing;
  std::int64_t now_ms = 1'700'000'000'000;
  bool durable = true;  // Whether what is committed counts as backed up.

  // One stream. Returns what the server says to `request`; `*end` is set when
  // it ends the stream.
  struct Stream {
    std::string author;
    bool hole = false;
    int batches = 0;
  };
  std::vector<v1::SyncResponse> Take(Stream* stream,
                                     const v1::SyncRequest& request,
                                     std::optional<absl::Status>* end);
  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request);

  std::vector<LoggedEvent> Events() const;
  // The number that the log expects of the author next.
  std::uint64_t NextOf(const std::string& author) const {
    const auto known = log_.authors.find(author);
    return known == log_.authors.end() ? 1 : known->second.next;
  }
  // Events held for an author that is not confirmed.
  void Confirm(const AuthorId& author) { confirmed_.insert(author); }
  std::size_t entries() const { return log_.leaves.size(); }
  PublicKey log_key() const { return log_key_.public_key(); }
  const SigningKey& log_signing_key() const { return log_key_; }
  const std::string& origin() const { return origin_; }
  const std::string& leaf(std::size_t entry) const {
    return log_.leaves[entry];
  }
  int streams = 0;

  // A backup, and the restore of it under the next epoch.
  struct Log {
    struct Author {
      PublicKey key;
      std::uint64_t next = 1;
      std::string last_hash;
      std::map<std::uint64_t, std::size_t> entry_of;  // By first sequence.
    };
    std::vector<std::string> leaves;
    std::vector<v1::Receipt> receipts;
    std::map<std::string, Author> authors;
    std::map<std::string, std::string> codes;  // Code to public key.
    std::uint64_t next_position = 1;
    std::int64_t last_ms = 0;
  };
  Log Backup() const { return log_; }
  void RestoreUnderNextEpoch(const Log& backup);
  // The same without saying so: an operator's mistake.
  void RestoreSilently(const Log& backup) { log_ = backup; }

 private:
  v1::Receipt Commit(const std::string& batch, const Signature& signature,
                     std::size_t events);
  v1::Receipt CommitOwn(v1::Event event);
  v1::SyncResponse Hello(const v1::ClientHello& hello);
  // The history that it shows where proofs are asked for.
  std::vector<Hash> ShownLeaves() const;
  v1::SyncResponse ProofsFor(const v1::ProofsRequest& request) const;
  v1::Answer AnswerTo(Stream* stream, const v1::SealedBatch& sealed);

  std::string origin_ = "thon.test/1";
  SigningKey log_key_ = SigningKey::Generate();
  SigningKey server_author_ = SigningKey::Generate();
  std::vector<v1::EpochLink> links_;
  Log log_;
  std::set<AuthorId> confirmed_;
};

// Straight into a server of the same process. `Hook` is called before each
// message is handed over.
class DirectTransport final : public Transport {
 public:
  explicit DirectTransport(FakeServer* server) : server_(server) {}
  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request,
                                          std::int64_t) override;
  std::unique_ptr<SyncStream> Sync(std::int64_t deadline_ms) override;

 private:
  FakeServer* const server_;
};

// Over a socket, from a process that may be killed to the one that holds the
// server. Serve() returns when the other end is gone.
class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(int socket) : socket_(socket) {}
  absl::StatusOr<v1::EnrolResponse> Enrol(const v1::EnrolRequest& request,
                                          std::int64_t) override;
  std::unique_ptr<SyncStream> Sync(std::int64_t deadline_ms) override;
  // Tells the other process something of the test's own.
  void Note(const std::string& text);

  static void Serve(int socket, FakeServer* server,
                    const std::function<void(const std::string&)>& note);

 private:
  const int socket_;
};

// A timer that runs only when somebody waits for a silent server.
std::int64_t FakeTimerMs();
void AdvanceFakeTimer(std::int64_t ms);

}  // namespace thon::client

#endif  // THON_TESTS_UNIT_CLIENT_FAKE_SERVER_H_
