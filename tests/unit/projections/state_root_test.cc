// State roots: every row of a projection is under its root, at every position
// the same whoever computes it; the log names the positions, and what it
// recorded first counts.
//
// Method: roots over rows in memory are compared with RFC 6962 roots over
// leaves that the test writes byte by byte; each row of a real fold is altered
// in turn. Entries get the indices that the rule speaks of by being folded
// under them.

#include "server/projections/state_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "server/core/limits.h"
#include "server/projections/acts.h"
#include "server/projections/row_keys.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/projections/map_maker.h"

namespace thon {
namespace {

using ::testing::ElementsAre;

struct Row {
  Table table;
  std::string key;
  std::string value;
};

Hash RootOfRows(const std::vector<Row>& rows) {
  StateRootBuilder builder;
  for (const Row& row : rows) builder.Add(row.table, row.key, row.value);
  EXPECT_EQ(builder.row_count(), rows.size());
  return builder.Root();
}

std::vector<Row> RowsOf(const RowReader& rows, const ProjectionTables& of) {
  std::vector<Row> all;
  for (const Table table : of.tables) {
    rows.Scan(table, "", "", [&](absl::string_view key, const RowVersion& row) {
      all.push_back({table, std::string(key), row.value});
      return true;
    });
  }
  return all;
}

Hash RootNow(const RowReader& rows, absl::string_view name) {
  const absl::StatusOr<v1::StateRoot> root =
      ComputeStateRoot(rows, *FindProjectionTables(name), nullptr);
  Hash hash;
  EXPECT_TRUE(root.ok()) << root.status();
  EXPECT_TRUE(Hash::FromBytes(root->root(), &hash));
  return hash;
}

TEST(StateRootTest, ALeafIsTableKeyLengthKeyAndValue) {
  const std::string one = std::string("\x06\0\0\0\x02", 5) + "ab" + "cd";
  const std::string two = std::string("\x0a\0\0\0\0", 5) + "";
  EXPECT_EQ(RootOfRows({{Table::kStateRoot, "ab", "cd"}}),
            merkle::HashLeaf(one));
  EXPECT_EQ(
      RootOfRows({{Table::kStateRoot, "ab", "cd"}, {Table::kUnit, "", ""}}),
      merkle::HashNode(merkle::HashLeaf(one), merkle::HashLeaf(two)));
}

// The bytes that another implementation writes (storage/FORMAT.md).
TEST(StateRootTest, ALeafIsThatOfTheFormat) {
  std::ifstream file(THON_SOURCE_DIR "/tests/vectors/entry.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  const std::string key = keys::Key().U64(7).Take();
  for (const nlohmann::json& record : vectors["records"]) {
    if (record["name"] != "state_root_leaf") continue;
    EXPECT_EQ(HexEncode(RootOfRows({{Table::kTeam, key, "value"}}).view()),
              record["value"].get<std::string>());
    return;
  }
  FAIL() << "the vector is missing";
}

TEST(StateRootTest, NoRowsHaveTheRootOfTheEmptyTree) {
  EXPECT_EQ(RootOfRows({}), merkle::EmptyRoot());
  const MemoryRows none;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    ASSERT_OK_AND_ASSIGN(const v1::StateRoot root,
                         ComputeStateRoot(none, projection, nullptr));
    EXPECT_EQ(root.root(), std::string(merkle::EmptyRoot().view()));
    EXPECT_EQ(root.row_count(), 0u);
    EXPECT_EQ(root.projection(), projection.name);
    EXPECT_EQ(root.version(), projection.version);
  }
}

TEST(StateRootTest, WhereAKeyEndsAndWhichTableItIsOfMatters) {
  const Hash root = RootOfRows({{Table::kUnit, "ab", "c"}});
  EXPECT_NE(root, RootOfRows({{Table::kUnit, "a", "bc"}}));
  EXPECT_NE(root, RootOfRows({{Table::kUnit, "abc", ""}}));
  EXPECT_NE(root, RootOfRows({{Table::kUnitChild, "ab", "c"}}));
  EXPECT_NE(RootOfRows({{Table::kUnit, "a", "1"}, {Table::kUnit, "b", "2"}}),
            RootOfRows({{Table::kUnit, "b", "2"}, {Table::kUnit, "a", "1"}}));
}

TEST(StateRootTest, EveryTableIsOneProjections) {
  std::ifstream file(THON_SOURCE_DIR "/server/projections/tables.h");
  ASSERT_TRUE(file.good());
  std::string source;
  for (std::string line; std::getline(file, line);) {
    source += line.substr(0, line.find("//"));
  }
  std::set<int> declared;
  // As in "kUnit = 1".
  for (const absl::string_view item : absl::StrSplit(source, ',')) {
    const std::size_t equals = item.rfind('=');
    int table = 0;
    if (equals == absl::string_view::npos ||
        !absl::SimpleAtoi(item.substr(equals + 1), &table)) {
      continue;
    }
    EXPECT_TRUE(declared.insert(table).second) << item;
  }
  EXPECT_GT(declared.size(), 40u);
  std::map<int, int> covered;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    int previous = 0;
    for (const Table table : projection.tables) {
      EXPECT_GT(static_cast<int>(table), previous) << projection.name;
      previous = static_cast<int>(table);
      ++covered[previous];
    }
  }
  for (const int table : declared) {
    EXPECT_EQ(covered[table], 1) << "table " << table;
  }
  EXPECT_EQ(covered.size(), declared.size());
}

TEST(StateRootTest, ProjectionsAreThoseOfTheFold) {
  std::string signature;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    if (!signature.empty()) signature += " ";
    signature += projection.name + "/" + std::to_string(projection.version);
    EXPECT_EQ(FindProjectionTables(projection.name), &projection);
  }
  EXPECT_EQ(signature, Fold().signature());
  EXPECT_EQ(FindProjectionTables("unknown"), nullptr);
}

// Lets a projection write to its own tables only.
class Guarded final : public Projection {
 public:
  explicit Guarded(std::unique_ptr<Projection> inner)
      : inner_(std::move(inner)) {}
  absl::string_view name() const override { return inner_->name(); }
  int version() const override { return inner_->version(); }
  void Apply(const FoldInput& input, const EventSource& events,
             RowWriter& rows) override {
    const std::vector<Table>& own = FindProjectionTables(name())->tables;
    std::map<Table, std::vector<std::string>> before;
    for (const ProjectionTables& other : AllProjectionTables()) {
      for (const Table table : other.tables)
        before[table] = rows.Changed(table);
    }
    inner_->Apply(input, events, rows);
    for (const auto& [table, keys] : before) {
      if (std::find(own.begin(), own.end(), table) != own.end()) continue;
      EXPECT_EQ(rows.Changed(table), keys)
          << name() << " wrote to table " << static_cast<int>(table);
    }
  }

 private:
  const std::unique_ptr<Projection> inner_;
};

class StateRootFoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(made_.Settle());
    ASSERT_TRUE(made_.log.Submit(made_.Member(70, 7)).effective());
    phone_ = made_.log.EnrolPhone("phone", kOperator, TeamId(7), MemberId(70));
    v1::Event outreach;
    outreach.set_team_id(7);
    outreach.mutable_outreach_session()->set_minutes(30);
    made_.log.Append(phone_, {outreach, outreach});
  }

  v1::Event Close(std::int32_t first_month) {
    v1::Event event = made_.New();
    event.mutable_period_closed()->set_first_month(first_month);
    event.mutable_period_closed()->set_last_month(202301);
    return event;
  }
  std::optional<v1::StateRootRow> RowAt(Position position) {
    return GetRow<v1::StateRootRow>(made_.log.rows(), Table::kStateRoot,
                                    keys::StateRoot(position));
  }
  v1::Event Recorded(Position of, char fill) {
    v1::Event event;
    event.mutable_state_roots_recorded()->set_position(of.value);
    v1::StateRoot* root = event.mutable_state_roots_recorded()->add_roots();
    root->set_projection("acts");
    root->set_version(2);
    root->set_root(std::string(32, fill));
    return event;
  }

  MadeLog made_;
  AuthorId phone_;
};

TEST_F(StateRootFoldTest, ProjectionsWriteToTheirOwnTables) {
  ASSERT_TRUE(made_.log.Submit(Close(202301)).effective());
  std::vector<std::unique_ptr<Projection>> guarded;
  for (std::unique_ptr<Projection>& projection : AllProjections()) {
    if (guarded.empty()) {
      guarded.push_back(std::move(projection));
    } else {
      guarded.push_back(std::make_unique<Guarded>(std::move(projection)));
    }
  }
  Fold fold(std::move(guarded));
  MemoryRows rows;
  FoldAgain(made_.log, fold, rows);
}

TEST_F(StateRootFoldTest, EachRowAltersTheRootOfItsProjectionAlone) {
  std::size_t altered = 0;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    const std::vector<Row> rows = RowsOf(made_.log.rows(), projection);
    const Hash root = RootNow(made_.log.rows(), projection.name);
    EXPECT_EQ(RootOfRows(rows), root);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<Row> other = rows;
      other[i].value += 'x';
      EXPECT_NE(RootOfRows(other), root);
      other[i] = rows[i];
      other[i].key += '\0';
      EXPECT_NE(RootOfRows(other), root);
      other = rows;
      other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(RootOfRows(other), root);
      other.insert(other.begin() + static_cast<std::ptrdiff_t>(i), 2, rows[i]);
      EXPECT_NE(RootOfRows(other), root);
      ++altered;
    }
  }
  EXPECT_GT(altered, 30u);
}

TEST_F(StateRootFoldTest, TheRootOfThePastIsTheRootThatWas) {
  const Position then = made_.log.last_position();
  std::map<std::string, Hash> roots;
  for (const ProjectionTables& projection : AllProjectionTables()) {
    roots[projection.name] = RootNow(made_.log.rows(), projection.name);
  }
  ASSERT_TRUE(made_.log.Submit(made_.Member(71, 7)).effective());
  v1::Event outreach;
  outreach.set_team_id(7);
  outreach.mutable_outreach_session()->set_minutes(40);
  made_.log.Append(phone_, {outreach});
  EXPECT_NE(RootNow(made_.log.rows(), "registry"), roots["registry"]);
  EXPECT_NE(RootNow(made_.log.rows(), "activity"), roots["activity"]);
  const std::unique_ptr<RowReader> past = made_.log.rows().At(then);
  for (const auto& [name, root] : roots) EXPECT_EQ(RootNow(*past, name), root);
}

TEST_F(StateRootFoldTest, AComputationCanBeBrokenOff) {
  MemoryRows rows;
  rows.Begin(Position(1));
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    rows.Put(Table::kUnit, keys::StateRoot(Position(i)), "v");
  }
  rows.Commit();
  const ProjectionTables& units = *FindProjectionTables("units");
  int asked = 0;
  EXPECT_THAT(ComputeStateRoot(rows, units, [&] { return ++asked < 2; }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(asked, 2);
  asked = 0;
  ASSERT_OK_AND_ASSIGN(const v1::StateRoot root,
                       ComputeStateRoot(rows, units, [&] { return ++asked; }));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(root.row_count(), 10'000u);
}

TEST_F(StateRootFoldTest, AClosedPeriodNamesItsEntrysLastPosition) {
  ASSERT_TRUE(made_.log.Submit(Close(202301)).effective());
  const std::optional<v1::StateRootRow> row = RowAt(made_.log.last_position());
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->reason(), v1::STATE_ROOT_REASON_PERIOD_CLOSED);
  EXPECT_EQ(row->entry_index(), made_.log.entries().back()->index.value);
  EXPECT_EQ(row->recorded_position(), 0u);
  EXPECT_TRUE(row->roots().empty());

  // In an entry with others, its last position; and nowhere else.
  v1::Event closed = Close(202301);
  const MadeEntry& entry =
      made_.log.Append(made_.log.server(), {closed, made_.Member(72, 7)});
  EXPECT_TRUE(RowAt(entry.trailer.last_position()).has_value());
  EXPECT_FALSE(RowAt(entry.trailer.first_position).has_value());
}

TEST_F(StateRootFoldTest, ACloseWithoutEffectNamesNothing) {
  EXPECT_FALSE(made_.log.Submit(Close(202302)).effective());  // Backwards.
  EXPECT_FALSE(RowAt(made_.log.last_position()).has_value());
  // A phone's word is no decision, whatever it holds.
  v1::Event event;
  event.set_team_id(7);
  event.mutable_period_closed()->set_first_month(202301);
  event.mutable_period_closed()->set_last_month(202301);
  made_.log.Append(phone_, {event});
  EXPECT_FALSE(RowAt(made_.log.last_position()).has_value());
  // Nor is one of the server's without an officer.
  made_.log.Append(made_.log.server(), {event});
  EXPECT_FALSE(RowAt(made_.log.last_position()).has_value());
}

TEST_F(StateRootFoldTest, TheFirstRecordedRootsCount) {
  ASSERT_TRUE(made_.log.Submit(Close(202301)).effective());
  const Position due = made_.log.last_position();
  made_.log.Append(phone_, {Recorded(due, 'p')});  // Not the server's word.
  EXPECT_EQ(RowAt(due)->recorded_position(), 0u);
  made_.log.Append(made_.log.server(), {Recorded(due, 'a')});
  const Position recorded = made_.log.last_position();
  EXPECT_EQ(RowAt(due)->recorded_position(), recorded.value);
  EXPECT_EQ(RowAt(due)->roots(0).root(), std::string(32, 'a'));
  made_.log.Append(made_.log.server(), {Recorded(due, 'b')});
  EXPECT_EQ(RowAt(due)->recorded_position(), recorded.value);
  EXPECT_EQ(RowAt(due)->roots(0).root(), std::string(32, 'a'));
}

TEST_F(StateRootFoldTest, RootsOfAPositionThatIsNotNamedHaveNoEffect) {
  const Position none = made_.log.last_position();
  made_.log.Append(made_.log.server(), {Recorded(none, 'a')});
  EXPECT_FALSE(RowAt(none).has_value());
  ASSERT_TRUE(made_.log.Submit(Close(202301)).effective());
  const Position due = made_.log.last_position();
  v1::Event malformed = Recorded(due, 'a');
  malformed.mutable_state_roots_recorded()->mutable_roots(0)->set_root("short");
  v1::Event empty = Recorded(due, 'a');
  empty.mutable_state_roots_recorded()->clear_roots();
  made_.log.Append(made_.log.server(), {malformed, empty});
  EXPECT_EQ(RowAt(due)->recorded_position(), 0u);
}

// The entries behind the first are folded under indices of a longer log.
TEST_F(StateRootFoldTest, EachEntryOfTheRuleIsNamed) {
  made_.log.Append(phone_, {v1::Event()});
  Fold fold;
  MemoryRows rows;
  const auto& entries = made_.log.entries();
  const std::uint64_t every = limits::kStateRootEntries;
  std::uint64_t index = 0;
  std::vector<Position> named;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool last = i + 1 == entries.size();
    if (i + 3 == entries.size()) index = every - 2;
    rows.Begin(entries[i]->trailer.last_position());
    ASSERT_TRUE(
        fold.Apply(EntryIndex(index), entries[i]->bytes, made_.log, rows).ok());
    rows.Commit();
    if (index + 1 == every)
      named.push_back(entries[i]->trailer.last_position());
    if (last) break;
    ++index;
  }
  ASSERT_EQ(named.size(), 1u);
  std::vector<Position> found;
  ScanRows<v1::StateRootRow>(
      rows, Table::kStateRoot, "",
      [&](absl::string_view key, const v1::StateRootRow& row, Position) {
        found.push_back(Position(keys::KeyView(key).U64()));
        EXPECT_EQ(row.reason(), v1::STATE_ROOT_REASON_ENTRY_COUNT);
        EXPECT_EQ(row.entry_index(), every - 1);
        return true;
      });
  EXPECT_EQ(found, named);
}

}  // namespace
}  // namespace thon
