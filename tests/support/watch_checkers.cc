#include "tests/support/watch_checkers.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/bytes.h"
#include "server/core/hash.h"

namespace thon::testing {
namespace {

constexpr char kOrdered[] = "Ordered";
constexpr char kUnique[] = "Unique";
constexpr char kGapFree[] = "Gap-free";
constexpr char kResumable[] = "Resumable";
constexpr char kBookmarked[] = "Bookmarked";
constexpr char kFaithful[] = "Faithful";
constexpr char kBounded[] = "Bounded";
constexpr char kFair[] = "Fair";
constexpr char kScoped[] = "Scoped";

struct Promise {
  const char* name;
  const char* sentence;
};
constexpr Promise kPromises[] = {
    {kOrdered, "Positions never fall, within a call and from one to the next."},
    {kUnique,
     "Between two PROGRESS a row comes at most once, and only a row that is "
     "there is removed."},
    {kGapFree, "What changed between two PROGRESS was sent between them."},
    {kResumable,
     "A call with a token goes on where the token was, or says why not."},
    {kBookmarked,
     "PROGRESS comes every 15 s at the latest, with a token, and never ahead "
     "of the log."},
    {kFaithful,
     "At every PROGRESS each table is the query as of its position, and so is "
     "the digest."},
    {kBounded,
     "No response is larger than the limit, and what callers are owed never "
     "exceeds its limit of keys and bytes."},
    {kFair,
     "A watcher that never reads costs the others nothing: the p99 of 200 is "
     "at most 1.2 times what it is without it."},
    {kScoped,
     "Only rows of the query are told, one that leaves its scope is removed, "
     "and a right that ends, ends the stream."},
};

template <typename... Words>
absl::Status Broken(const char* promise, const Words&... words) {
  return absl::FailedPreconditionError(
      absl::StrCat(promise, ": ", WatchSentence(promise), " Here: ", words...));
}

using Tables = std::map<std::uint32_t, WatchTable>;

void Clear(const v1::WatchResponse& response, Tables* tables) {
  for (const v1::WatchStarted& started : response.started()) {
    if (started.clear()) (*tables)[started.query_id()].clear();
  }
}

void Apply(const v1::WatchedRow& row, Tables* tables) {
  WatchTable& table = (*tables)[row.query_id()];
  if (row.removed()) {
    table.erase(row.key());
  } else {
    table[row.key()] = row.row();
  }
}

// The key of a row that is not the same in both.
std::string FirstDifference(const WatchTable& a, const WatchTable& b) {
  for (const WatchTable* const table : {&a, &b}) {
    const WatchTable& other = table == &a ? b : a;
    for (const auto& [key, row] : *table) {
      const auto found = other.find(key);
      if (found == other.end() || found->second != row) return key;
    }
  }
  return "";
}

// A caller who comes back has forgotten what came after the last PROGRESS.
//
// Calls visit(call, heard) for every response, in order, until it fails.
template <typename Visit>
absl::Status ForEach(const WatchTrace& trace, const Visit& visit) {
  for (const WatchCall& call : trace.calls) {
    for (const Heard& heard : call.heard) {
      const absl::Status status = visit(call, heard);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string WatchSentence(const std::string& name) {
  for (const Promise& promise : kPromises) {
    if (promise.name == name) return promise.sentence;
  }
  return "";
}

std::vector<std::string> WatchPromises() {
  std::vector<std::string> names;
  for (const Promise& promise : kPromises) names.emplace_back(promise.name);
  return names;
}

std::string DigestOf(const WatchTable& table) {
  std::array<unsigned, 32> sum{};
  for (const auto& [key, row] : table) {
    std::string bytes;
    AppendBigEndian(static_cast<std::uint32_t>(key.size()), &bytes);
    bytes += key;
    AppendBigEndian(static_cast<std::uint32_t>(row.size()), &bytes);
    bytes += row;
    const Hash hash = Sha256Of(bytes);
    unsigned carry = 0;
    for (std::size_t i = 32; i-- > 0;) {
      sum[i] += hash.bytes[i] + carry;
      carry = sum[i] >> 8;
      sum[i] &= 0xff;
    }
  }
  std::string digest;
  for (const unsigned byte : sum) digest.push_back(static_cast<char>(byte));
  return digest;
}

absl::Status CheckWatchOrdered(const WatchTrace& trace) {
  std::uint64_t last = 0;
  return ForEach(trace, [&](const WatchCall&, const Heard& heard) {
    for (const v1::WatchStarted& started : heard.response.started()) {
      if (started.position() < last) {
        return Broken(kOrdered, "a start at ", started.position(), " after ",
                      last);
      }
    }
    if (heard.response.has_progress()) {
      const std::uint64_t position = heard.response.progress().position();
      if (position < last) {
        return Broken(kOrdered, "PROGRESS ", position, " after ", last);
      }
      last = position;
    }
    return absl::OkStatus();
  });
}

absl::Status CheckWatchUnique(const WatchTrace& trace) {
  Tables told;
  Tables tables;
  std::set<std::pair<std::uint32_t, std::string>> sent;
  const WatchCall* last = nullptr;
  return ForEach(trace, [&](const WatchCall& call, const Heard& heard) {
    if (last != &call) {
      sent.clear();
      tables = told;
    }
    last = &call;
    Clear(heard.response, &tables);
    for (const v1::WatchedRow& row : heard.response.rows()) {
      if (!sent.emplace(row.query_id(), row.key()).second) {
        return Broken(kUnique, "query ", row.query_id(), " row ",
                      HexEncode(row.key()), " comes twice");
      }
      if (row.removed() && !tables[row.query_id()].contains(row.key())) {
        return Broken(kUnique, "query ", row.query_id(), " row ",
                      HexEncode(row.key()), " is removed and was not there");
      }
      Apply(row, &tables);
    }
    if (heard.response.has_progress()) {
      sent.clear();
      told = tables;
    }
    return absl::OkStatus();
  });
}

absl::Status CheckWatchGapFree(const WatchTrace& trace) {
  std::set<std::uint32_t> cleared;
  std::map<std::uint32_t, WatchTable> sent;  // Key to row; "" is a removal.
  std::optional<Position> last;
  const WatchCall* last_call = nullptr;
  return ForEach(trace, [&](const WatchCall& call, const Heard& heard) {
    if (last_call != &call) {
      sent.clear();
      cleared.clear();
    }
    last_call = &call;
    for (const v1::WatchStarted& started : heard.response.started()) {
      if (started.clear()) cleared.insert(started.query_id());
    }
    for (const v1::WatchedRow& row : heard.response.rows()) {
      sent[row.query_id()][row.key()] = row.removed() ? "" : row.row();
    }
    if (!heard.response.has_progress()) return absl::OkStatus();
    const Position now(heard.response.progress().position());
    for (const std::uint32_t id : trace.query_ids) {
      if (!last.has_value() || cleared.contains(id) || *last == now) continue;
      WatchTable before = trace.table_at(id, *last);
      const WatchTable after = trace.table_at(id, now);
      for (const auto& [key, row] : after) {
        const auto old = before.find(key);
        const bool same = old != before.end() && old->second == row;
        if (old != before.end()) before.erase(old);
        const auto found = sent[id].find(key);
        if (!same && (found == sent[id].end() || found->second != row)) {
          return Broken(kGapFree, "query ", id, " row ", HexEncode(key),
                        " changed between ", last->value, " and ", now.value);
        }
      }
      for (const auto& [key, row] : before) {
        const auto found = sent[id].find(key);
        if (found == sent[id].end() || !found->second.empty()) {
          return Broken(kGapFree, "query ", id, " row ", HexEncode(key),
                        " left between ", last->value, " and ", now.value);
        }
      }
    }
    last = now;
    sent.clear();
    cleared.clear();
    return absl::OkStatus();
  });
}

absl::Status CheckWatchResumable(const WatchTrace& trace) {
  for (std::size_t i = 0; i < trace.calls.size(); ++i) {
    const WatchCall& call = trace.calls[i];
    if (call.heard.empty()) continue;
    std::map<std::uint32_t, v1::WatchStartReason> first;
    for (const Heard& heard : call.heard) {
      for (const v1::WatchStarted& started : heard.response.started()) {
        const auto [found, fresh] =
            first.emplace(started.query_id(), started.reason());
        const bool resumed = started.reason() == v1::WATCH_START_REASON_RESUMED;
        if (resumed && (!fresh || !call.resumed_from.has_value())) {
          return Broken(kResumable, "call ", i, " resumes what it did not ask");
        }
        if (resumed == started.clear()) {
          return Broken(kResumable, "call ", i, " query ", started.query_id(),
                        ": a resumed table is kept, any other cleared");
        }
        if (call.resumed_from.has_value() &&
            Position(started.position()) < *call.resumed_from) {
          return Broken(kResumable, "call ", i, " starts before its token");
        }
        (void)found;
      }
      for (const v1::WatchedRow& row : heard.response.rows()) {
        if (!first.contains(row.query_id())) {
          return Broken(kResumable, "call ", i, " sends rows of query ",
                        row.query_id(), " before it says where it starts");
        }
      }
      if (heard.response.has_progress() &&
          first.size() != trace.query_ids.size()) {
        return Broken(kResumable, "call ", i,
                      " tells PROGRESS before every query started");
      }
    }
    for (const auto& [id, reason] : first) {
      const bool asked = call.resumed_from.has_value();
      const bool said = reason == v1::WATCH_START_REASON_RESUMED ||
                        reason == v1::WATCH_START_REASON_TOO_OLD;
      if (asked != said) {
        return Broken(kResumable, "call ", i, " query ", id,
                      " starts for reason ", reason);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWatchBookmarked(const WatchTrace& trace,
                                  std::int64_t ms_max) {
  for (const WatchCall& call : trace.calls) {
    std::optional<std::int64_t> last;
    for (const Heard& heard : call.heard) {
      if (!last.has_value()) last = heard.at_ms;
      if (!heard.response.has_progress()) continue;
      const v1::WatchProgress& progress = heard.response.progress();
      if (progress.resume_token().empty()) {
        return Broken(kBookmarked, "PROGRESS ", progress.position(),
                      " has no token");
      }
      if (Position(progress.position()) > heard.log_end) {
        return Broken(kBookmarked, "PROGRESS ", progress.position(),
                      " before the log had it");
      }
      if (call.read_on && heard.at_ms - *last > ms_max) {
        return Broken(kBookmarked, "nothing for ", heard.at_ms - *last,
                      " ms before ", progress.position());
      }
      last = heard.at_ms;
    }
    if (call.read_on && last.has_value() && call.left_ms - *last > ms_max) {
      return Broken(kBookmarked, "nothing for ", call.left_ms - *last,
                    " ms at the end");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWatchFaithful(const WatchTrace& trace) {
  Tables kept;
  Tables tables;
  const WatchCall* last = nullptr;
  return ForEach(trace, [&](const WatchCall& call, const Heard& heard) {
    if (last != &call) tables = kept;
    last = &call;
    Clear(heard.response, &tables);
    for (const v1::WatchedRow& row : heard.response.rows()) {
      Apply(row, &tables);
    }
    if (!heard.response.has_progress()) return absl::OkStatus();
    kept = tables;
    const v1::WatchProgress& progress = heard.response.progress();
    const Position position(progress.position());
    if (progress.tables_size() != static_cast<int>(trace.query_ids.size())) {
      return Broken(kFaithful, "PROGRESS ", position.value, " tells ",
                    progress.tables_size(), " tables");
    }
    for (const v1::WatchedTable& told : progress.tables()) {
      const WatchTable& table = tables[told.query_id()];
      const WatchTable truth = trace.table_at(told.query_id(), position);
      if (table != truth) {
        return Broken(kFaithful, "query ", told.query_id(), " at ",
                      position.value, " has ", table.size(),
                      " rows, the query ", truth.size(), "; first at row ",
                      HexEncode(FirstDifference(table, truth)));
      }
      if (told.row_count() != table.size() ||
          told.digest() != DigestOf(table)) {
        return Broken(kFaithful, "query ", told.query_id(), " at ",
                      position.value, ": the digest is another table's");
      }
    }
    return absl::OkStatus();
  });
}

absl::Status CheckWatchBounded(const WatchTrace& trace,
                               const WatchBounds& bounds) {
  for (const Owed& owed : trace.owed) {
    if (owed.keys > bounds.owed.keys || owed.bytes > bounds.owed.bytes) {
      return Broken(kBounded, owed.keys, " keys and ", owed.bytes,
                    " bytes are owed");
    }
  }
  return ForEach(trace, [&](const WatchCall&, const Heard& heard) {
    const std::size_t bytes = heard.response.ByteSizeLong();
    const auto rows = static_cast<std::size_t>(heard.response.rows_size());
    if ((bytes > bounds.bytes && rows > 1) || rows > bounds.rows) {
      return Broken(kBounded, "a response of ", bytes, " bytes and ", rows,
                    " rows");
    }
    return absl::OkStatus();
  });
}

namespace {

// Holds rows against the query's own at a PROGRESS: those that were `set` since
// the last one, and those that are still in `tables`.
absl::Status CheckScope(const WatchTrace& trace, Position position,
                        const std::vector<const v1::WatchedRow*>& set,
                        const Tables& tables) {
  std::map<std::uint32_t, WatchTable> truth;
  for (const std::uint32_t id : trace.query_ids) {
    truth[id] = trace.table_at(id, position);
  }
  for (const v1::WatchedRow* const row : set) {
    const WatchTable& table = truth[row->query_id()];
    const auto found = table.find(row->key());
    if (found == table.end() || found->second != row->row()) {
      return Broken(kScoped, "query ", row->query_id(), " row ",
                    HexEncode(row->key()), " is not of the query at ",
                    position.value);
    }
  }
  for (const auto& [id, table] : tables) {
    for (const auto& [key, row] : table) {
      if (!truth[id].contains(key)) {
        return Broken(kScoped, "query ", id, " row ", HexEncode(key),
                      " has left the query at ", position.value);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWatchScoped(const WatchTrace& trace) {
  Tables told;
  for (const WatchCall& call : trace.calls) {
    Tables tables = told;
    std::vector<const v1::WatchedRow*> set;
    for (const Heard& heard : call.heard) {
      Clear(heard.response, &tables);
      for (const v1::WatchedRow& row : heard.response.rows()) {
        if (!row.removed()) set.push_back(&row);
        Apply(row, &tables);
      }
      if (!heard.response.has_progress()) continue;
      const Position position(heard.response.progress().position());
      if (!trace.granted_at(position)) {
        return Broken(kScoped, "PROGRESS ", position.value, " without a right");
      }
      const absl::Status scope = CheckScope(trace, position, set, tables);
      if (!scope.ok()) return scope;
      set.clear();
      told = tables;
    }
    if (call.end.ok() && call.left_at.has_value() &&
        !trace.granted_at(*call.left_at)) {
      return Broken(kScoped, "a stream goes on at ", call.left_at->value,
                    " without a right");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWatchFair(std::vector<std::int64_t> with,
                            std::vector<std::int64_t> without,
                            std::int64_t slack) {
  if (with.empty() || without.empty()) {
    return Broken(kFair, "nothing was measured");
  }
  const auto p99 = [](std::vector<std::int64_t>* values) {
    std::sort(values->begin(), values->end());
    return (*values)[values->size() * 99 / 100];
  };
  const std::int64_t a = p99(&with);
  const std::int64_t b = p99(&without);
  if (10 * a > 12 * b + 10 * slack) {
    return Broken(kFair, "p99 ", a, " with it, ", b, " without");
  }
  return absl::OkStatus();
}

absl::Status CheckWatch(const WatchTrace& trace) {
  for (const auto check :
       {CheckWatchOrdered, CheckWatchUnique, CheckWatchGapFree,
        CheckWatchResumable, CheckWatchFaithful, CheckWatchScoped}) {
    const absl::Status status = check(trace);
    if (!status.ok()) return status;
  }
  return CheckWatchBookmarked(trace);
}

}  // namespace thon::testing
