#include "server/rpc/audit_rows.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/limits.h"
#include "server/rpc/audit_stream.h"

namespace thon {
namespace {

constexpr std::size_t kChunkBytes = limits::kMiB;

class RowStream final : public AuditStream<v1::StreamRowsResponse> {
 public:
  RowStream(AuditShared* shared, const grpc::CallbackServerContext& context,
            const v1::StreamRowsRequest& request)
      : AuditStream(shared, &shared->row_turns, context), request_(request) {
    Start(Normalise());
  }

 private:
  // A table that is not the projection's is a mistake in the request.
  absl::Status Normalise() {
    const auto tables = FindProjection(request_.projection());
    // Which projections there are is said after the caller is known.
    if (!tables.ok()) return absl::OkStatus();
    tables_ = (*tables)->tables;
    if (request_.table() == 0) return absl::OkStatus();
    const auto found =
        std::find_if(tables_.begin(), tables_.end(), [this](Table table) {
          return static_cast<std::uint32_t>(table) == request_.table();
        });
    if (found == tables_.end()) {
      return BadField("table",
                      absl::StrCat("the projection ", request_.projection(),
                                   " has no such table"));
    }
    tables_ = {*found};
    return absl::OkStatus();
  }

  absl::Status Begin(OfficerId officer) override {
    const auto tables = FindProjection(request_.projection());
    if (!tables.ok()) return tables.status();
    const auto position =
        RowsPosition(engine(), request_.position(), "position");
    if (!position.ok()) return position.status();
    position_ = *position;
    AccessFilter filter;
    filter.Add("projection", request_.projection());
    if (request_.table() != 0) {
      filter.Add("table", absl::StrCat(request_.table()));
    }
    NoteAccess(&engine(), officer, v1::ACCESS_KIND_ROWS, position_, position_,
               filter);
    return absl::OkStatus();
  }

  Position wait_position() const override { return position_; }

  absl::StatusOr<Next> Step(std::int64_t /*waited_ms*/,
                            v1::StreamRowsResponse* response) override {
    if (engine().rows_position() < position_) return Next::kWait;
    response->Clear();
    response->set_position(position_.value);
    const std::unique_ptr<RowReader> rows = engine().RowsAt(position_);
    std::size_t bytes = 0;
    bool full = false;
    while (table_ < tables_.size() && !full) {
      ReadTable(*rows, response, &bytes, &full);
      if (full) break;
      ++table_;
      last_key_.clear();
      any_ = false;
    }
    if (response->rows_size() == 0 && answered_) return Next::kEnd;
    answered_ = true;  // Without rows it still says as of where.
    return Next::kWrite;
  }

  void ReadTable(const RowReader& rows, v1::StreamRowsResponse* response,
                 std::size_t* bytes, bool* full) {
    const Table table = tables_[table_];
    const std::string start = last_key_;
    const bool skip_first = any_;
    rows.Scan(table, "", start,
              [&](absl::string_view key, const RowVersion& row) {
                if (skip_first && key == start) return true;
                const std::size_t size = key.size() + row.value.size() + 16;
                if (*bytes != 0 && *bytes + size > kChunkBytes) {
                  *full = true;
                  return false;
                }
                *bytes += size;
                v1::StateRow* const out = response->add_rows();
                out->set_table(static_cast<std::uint32_t>(table));
                out->set_key(key.data(), key.size());
                out->set_value(row.value);
                last_key_ = std::string(key);
                any_ = true;
                return true;
              });
  }

  const v1::StreamRowsRequest request_;
  std::vector<Table> tables_;
  Position position_;
  // Where the next response goes on: behind this key of this table.
  std::size_t table_ = 0;
  std::string last_key_;
  bool any_ = false;  // `last_key_` is one; a key may be empty.
  bool answered_ = false;
};

}  // namespace

grpc::ServerWriteReactor<v1::StreamRowsResponse>* StartRowStream(
    AuditShared* shared, const grpc::CallbackServerContext& context,
    const v1::StreamRowsRequest& request) {
  return new RowStream(shared, context, request);
}

}  // namespace thon
