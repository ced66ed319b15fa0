#include "client-lib/src/outbox.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace thon::client {
namespace {

constexpr std::uint64_t kFormatVersion = 4;
// Format 1: an app before previews wrote it.
constexpr char kSchema[] = R"sql(
CREATE TABLE meta (name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (
  generation INTEGER PRIMARY KEY, seed BLOB NOT NULL, author BLOB NOT NULL,
  enrolled INTEGER NOT NULL DEFAULT 0, enrolment BLOB,
  dropped_end INTEGER NOT NULL DEFAULT 1,
  judged_first INTEGER NOT NULL DEFAULT 1,
  judged_end INTEGER NOT NULL DEFAULT 1);
CREATE TABLE epochs (
  ordinal INTEGER PRIMARY KEY, origin BLOB NOT NULL, log_key BLOB NOT NULL,
  lost_from INTEGER NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE batches (
  id INTEGER PRIMARY KEY, end INTEGER NOT NULL, state INTEGER NOT NULL,
  hash BLOB NOT NULL, bytes BLOB NOT NULL, signature BLOB NOT NULL,
  receipt BLOB, entry INTEGER, position INTEGER, received_ms INTEGER);
CREATE INDEX batches_by_state ON batches (state, received_ms, id);
CREATE INDEX batches_by_entry ON batches (entry) WHERE state = 1;
CREATE TABLE lost_receipts (
  id INTEGER NOT NULL, receipt BLOB NOT NULL);
CREATE TABLE anchors (
  boot INTEGER PRIMARY KEY, server_ms INTEGER NOT NULL,
  monotonic_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
  heard INTEGER NOT NULL, carried INTEGER NOT NULL);
CREATE TABLE standings (id INTEGER PRIMARY KEY, standing BLOB NOT NULL);
CREATE TABLE reoffered (
  author BLOB NOT NULL, sequence INTEGER NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY (author, sequence)) WITHOUT ROWID;
CREATE TABLE withdrawn (
  author BLOB NOT NULL, sequence INTEGER NOT NULL, hash BLOB NOT NULL,
  reason BLOB NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (author, sequence)) WITHOUT ROWID;
)sql";
// Format 2: what the server said of the team, and what was shown of it.
constexpr char kViewSchema[] = R"sql(
CREATE TABLE team_view (
  one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL,
  heard_ms INTEGER NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE policy_texts (
  policy BLOB NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,
  text BLOB NOT NULL, PRIMARY KEY (policy, version)) WITHOUT ROWID;
CREATE TABLE shown (
  policy BLOB NOT NULL, month INTEGER NOT NULL, position INTEGER NOT NULL,
  own_end INTEGER NOT NULL,
  determination BLOB NOT NULL, facts BLOB NOT NULL, events BLOB NOT NULL,
  turn INTEGER NOT NULL, PRIMARY KEY (policy, month)) WITHOUT ROWID;
CREATE TABLE differences (
  id INTEGER PRIMARY KEY AUTOINCREMENT, policy BLOB NOT NULL,
  month INTEGER NOT NULL, field INTEGER NOT NULL, metric BLOB NOT NULL,
  position INTEGER NOT NULL, said_vi BLOB NOT NULL, said_en BLOB NOT NULL,
  says_vi BLOB NOT NULL, says_en BLOB NOT NULL, because_vi BLOB NOT NULL,
  because_en BLOB NOT NULL, text_vi BLOB NOT NULL, text_en BLOB NOT NULL);
)sql";
// Format 3: what was told of the team step by step.
constexpr char kFollowSchema[] = R"sql(
CREATE TABLE followed (
  query INTEGER NOT NULL, key BLOB NOT NULL, row BLOB NOT NULL,
  PRIMARY KEY (query, key)) WITHOUT ROWID;
CREATE TABLE following (
  one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL,
  first_month INTEGER NOT NULL, progress BLOB NOT NULL);
)sql";
// Format 4: proofs, the checkpoints they lead to, and evidence. A proof lies
// beside its receipt and goes with it. Checkpoints of one lineage extend each
// other; a declared loss begins another one.
constexpr char kProofSchema[] = R"sql(
CREATE TABLE checkpoints (
  id INTEGER PRIMARY KEY AUTOINCREMENT, lineage INTEGER NOT NULL,
  size INTEGER NOT NULL, root BLOB NOT NULL, origin BLOB NOT NULL,
  note BLOB NOT NULL, witnessed INTEGER NOT NULL, UNIQUE (lineage, size));
ALTER TABLE batches ADD COLUMN checkpoint INTEGER;
ALTER TABLE batches ADD COLUMN proof BLOB;
ALTER TABLE batches ADD COLUMN proof_tries INTEGER NOT NULL DEFAULT 0;
CREATE INDEX batches_unproven ON batches (proof_tries, entry)
  WHERE state = 1 AND checkpoint IS NULL;
CREATE INDEX batches_by_checkpoint ON batches (checkpoint)
  WHERE checkpoint IS NOT NULL;
ALTER TABLE epochs ADD COLUMN tree_size INTEGER NOT NULL DEFAULT 0;
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
  subject BLOB NOT NULL, found_ms INTEGER NOT NULL,
  resolved_ms INTEGER NOT NULL DEFAULT 0, batch INTEGER NOT NULL,
  first_author BLOB NOT NULL, first_sequence INTEGER NOT NULL,
  receipt BLOB NOT NULL, leaf_hash BLOB NOT NULL,
  hello BLOB NOT NULL, nonce BLOB NOT NULL, author BLOB NOT NULL,
  known BLOB NOT NULL, shown BLOB NOT NULL, proof BLOB NOT NULL,
  UNIQUE (kind, subject));
PRAGMA user_version = 4;
)sql";

}  // namespace

absl::StatusOr<std::unique_ptr<Outbox>> Outbox::Open(
    const std::string& path, SigningKey first_key,
    std::function<void(absl::string_view)> on_step) {
  absl::StatusOr<std::unique_ptr<Database>> db =
      Database::Open(path, std::move(on_step));
  if (!db.ok()) return db.status();
  std::unique_ptr<Outbox> outbox(new Outbox(*std::move(db)));
  std::uint64_t version = 0;
  {
    Statement read = outbox->db_->Prepare("PRAGMA user_version");
    const absl::StatusOr<bool> row = read.Step();
    if (!row.ok()) return row.status();
    version = read.Number(0);
  }
  if (version > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has format ", version, "; update the app to open it"));
  }
  absl::Status done;
  if (version == 0) done = outbox->Create(first_key);
  if (version > 0 && version < kFormatVersion) {
    done = outbox->Upgrade(version);
  }
  if (done.ok()) done = outbox->Load();
  if (!done.ok()) return done;
  return outbox;
}

absl::Status Outbox::Create(const SigningKey& first_key) {
  Transaction transaction(db_.get(), "create");
  if (!transaction.begun().ok()) return transaction.begun();
  for (const char* sql : {kSchema, kViewSchema, kFollowSchema, kProofSchema}) {
    if (absl::Status made = db_->Execute(sql); !made.ok()) return made;
  }
  if (absl::Status put =
          db_->Prepare("INSERT INTO keys (generation, seed, author) "
                       "VALUES (0, ?, ?)")
              .Bind(first_key.seed())
              .Bind(first_key.public_key().author().view())
              .Run();
      !put.ok()) {
    return put;
  }
  return Commit(&transaction);
}

absl::Status Outbox::Upgrade(std::uint64_t version) {
  Transaction transaction(db_.get(), "upgrade");
  if (!transaction.begun().ok()) return transaction.begun();
  const std::pair<std::uint64_t, const char*> added[] = {
      {2, kViewSchema}, {3, kFollowSchema}, {4, kProofSchema}};
  for (const auto& [since, sql] : added) {
    if (version >= since) continue;
    if (absl::Status made = db_->Execute(sql); !made.ok()) return made;
  }
  return Commit(&transaction);
}

absl::Status Outbox::Ready() const {
  return failed_ ? absl::FailedPreconditionError(
                       "the phone's file failed before; open it again")
                 : absl::OkStatus();
}

absl::Status Outbox::Commit(Transaction* transaction) {
  absl::Status done = transaction->Commit();
  // A full disk has written nothing and may have room later; after any other
  // failure nobody knows what is on the disk.
  failed_ = failed_ || (!done.ok() && !absl::IsResourceExhausted(done));
  return done;
}

absl::Status Outbox::PutMeta(absl::string_view name, absl::string_view value) {
  return db_->Prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)")
      .Bind(name)
      .Bind(value)
      .Run();
}

absl::Status Outbox::InsertEvent(Sequence sequence, const v1::Event& event) {
  return db_->Prepare("INSERT INTO events (id, bytes) VALUES (?, ?)")
      .Bind(RowId(key_->generation, sequence))
      .Bind(event.SerializeAsString())
      .Run();
}

absl::Status Outbox::Append(std::vector<v1::Event>* events) {
  if (absl::Status ready = Ready(); !ready.ok()) return ready;
  Transaction transaction(db_.get(), "record");
  if (!transaction.begun().ok()) return transaction.begun();
  Sequence next = chain_.next;
  for (v1::Event& event : *events) {
    event.set_sequence(next.value);
    if (absl::Status put = InsertEvent(next, event); !put.ok()) return put;
    next = next.Next();
  }
  absl::Status done = Commit(&transaction);
  if (done.ok()) chain_.next = next;
  return done;
}

}  // namespace thon::client
