// Goal: whatever is altered in a pack's files, by whoever carried it, the
// verifier says what and where.
//
// Method: one table. A row alters the files of a pack that holds (the control
// is in verify_test.cc) and names the finding and the place that must come of
// it.

#include "server/core/bytes.h"
#include "tests/unit/verify/tamper_fixture.h"
#include "thon/v1/audit_service.pb.h"

namespace thon::verify {
namespace {

TEST_F(TamperTest, AFileThatIsAlteredIsNamed) {
  const std::uint64_t last_tile = 256 * (Parts().entries.size() / 256);
  const auto flip = [](const char* path, std::size_t at) {
    return [path, at](MadePack* pack) {
      ASSERT_TRUE(pack->files.contains(path)) << path;
      pack->files[path][at] ^= 1;
    };
  };
  const std::vector<Case> cases = {
      // A hash at 7 of tile 1 is that of entry 263.
      {"bit-tile-0",
       {},
       flip("tile/0/001", 7 * 32),
       "LEAF_DIFFERS",
       263,
       "tile/entries/001",
       "tile/0/001"},
      {"bit-tile-0-up",
       {},
       flip("tile/0/001", 7 * 32),
       "TILE_DIFFERS",
       {},
       "tile/1/000.p/",
       "tile/0/001"},
      {"bit-tile-1",
       {},
       [](MadePack* pack) {
         for (auto& [path, bytes] : pack->files) {
           if (path.starts_with("tile/1/000.p/")) bytes[33] ^= 1;
         }
       },
       "TILE_DIFFERS",
       256,
       "tile/1/000.p/",
       "hash 1"},
      {"bit-entry",
       {},
       flip("tile/entries/000", 2 + 40),
       "LEAF_DIFFERS",
       0,
       "tile/entries/000"},
      {"truncated-tile",
       {},
       [](MadePack* pack) { pack->files["tile/0/000"].pop_back(); },
       "TILE_MALFORMED",
       {},
       "tile/0/000"},
      {"dropped-tile",
       {},
       [](MadePack* pack) { pack->files.erase("tile/0/001"); },
       "TILE_MISSING",
       {},
       "tile/0/001"},
      {"swapped-tiles",
       {},
       [](MadePack* pack) {
         std::swap(pack->files["tile/0/000"], pack->files["tile/0/001"]);
       },
       "LEAF_DIFFERS",
       0,
       "tile/entries/000"},
      {"dropped-bundle",
       {},
       [](MadePack* pack) { pack->files.erase("tile/entries/001"); },
       "BUNDLE_MISSING",
       256,
       "tile/entries/001"},
      {"truncated-bundle",
       {},
       [](MadePack* pack) { pack->files["tile/entries/001"].pop_back(); },
       "BUNDLE_MALFORMED",
       256,
       "tile/entries/001"},
      {"duplicated-bundle",
       {},
       [](MadePack* pack) {
         pack->files["tile/entries/001"] = pack->files["tile/entries/000"];
       },
       "LEAF_DIFFERS",
       256,
       "tile/entries/001"},
      {"dropped-checkpoint",
       {},
       [](MadePack* pack) { pack->files.erase("checkpoint"); },
       "CHECKPOINT_MISSING"},
      {"checkpoint-root",
       {},
       [](MadePack* pack) {
         std::string& note = pack->files["checkpoint"];
         const std::size_t root = note.find('\n', note.find('\n') + 1) + 1;
         note[root] = note[root] == 'A' ? 'B' : 'A';
       },
       "CHECKPOINT_UNSIGNED",
       {},
       "checkpoint"},
      {"checkpoint-by-another-key",
       {},
       [](MadePack* pack) {
         const SigningKey other = LogBuilder::KeyOf("attacker");
         const auto note = note::Parse(pack->files["checkpoint"]);
         const auto body = ParseCheckpointText(note->text);
         pack->files["checkpoint"] = MakeCheckpointNote(
             other, body->origin, body->tree_size, body->root);
       },
       "CHECKPOINT_UNSIGNED",
       {},
       "checkpoint"},
      {"older-checkpoint-of-another-history",
       {},
       [](MadePack* pack) {
         pack->files["checkpoints/100"] =
             MakeCheckpointNote(LogBuilder::KeyOf("log"), "thon.test/1", 100,
                                Sha256Of("another history"));
         pack->ListFiles();
       },
       "OLDER_CHECKPOINT_DIFFERS",
       {},
       "checkpoints/100"},
      {"older-checkpoint-bit",
       {},
       flip("checkpoints/300", 20),
       "FILE_DIFFERS",
       {},
       "checkpoints/300"},
      {"swapped-older-checkpoints",
       {},
       [](MadePack* pack) {
         std::swap(pack->files["checkpoints/100"],
                   pack->files["checkpoints/300"]);
         pack->ListFiles();
       },
       "FILE_DIFFERS",
       {},
       "checkpoints/100"},
      {"row-bit", {}, flip("rows/43/0", 60), "FILE_DIFFERS", {}, "rows/43/0"},
      {"dropped-rows-file",
       {},
       [](MadePack* pack) { pack->files.erase("rows/43/0"); },
       "FILE_MISSING",
       {},
       "rows/43/0"},
      {"truncated-rows",
       {},
       [](MadePack* pack) {
         pack->files["rows/43/0"].resize(100);
         pack->ListFiles();
       },
       "ROWS_MALFORMED",
       {},
       "rows/43/0"},
      {"unlisted-rows",
       {},
       [](MadePack* pack) { pack->files["rows/48/0"] = ""; },
       "FILE_UNLISTED",
       {},
       "rows/48/0"},
      {"manifest-position",
       {},
       [](MadePack* pack) { pack->manifest["position"] = 5; },
       "MANIFEST_DIFFERS",
       {},
       "manifest.json"},
      {"manifest-origin",
       {},
       [](MadePack* pack) { pack->manifest["origin"] = "thon.test/2"; },
       "MANIFEST_DIFFERS",
       {},
       "checkpoint"},
      {"manifest-key",
       {},
       [](MadePack* pack) {
         pack->manifest["verifier_key"] =
             note::FormatVerifierKey(LogVerifierKey(
                 "thon.test/1", LogBuilder::KeyOf("attacker").public_key()));
       },
       "MANIFEST_DIFFERS",
       {},
       "manifest.json"},
      {"manifest-state-root",
       {},
       [](MadePack* pack) {
         pack->manifest["state_roots"][2]["root"] = std::string(64, '0');
       },
       "STATE_ROOT_DIFFERS",
       {},
       "manifest.json",
       "registry"},
      {"manifest-row-count",
       {},
       [](MadePack* pack) {
         pack->manifest["state_roots"][0]["row_count"] = 1;
       },
       "STATE_ROOT_DIFFERS",
       {},
       "manifest.json",
       "acts"},
  };
  for (const Case& one : cases) Expect(one);
  EXPECT_GT(last_tile, 256u);
}

// A row of the server's that is altered, with its file listed as it is now.
TEST_F(TamperTest, ARowThatDoesNotFollowIsNamedInBothDirections) {
  const auto rows_of = [](const std::string& bytes) {
    std::vector<std::string> rows;
    absl::string_view rest = bytes;
    std::uint32_t length = 0;
    while (ConsumeBigEndian(&rest, &length)) {
      rows.emplace_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
    return rows;
  };
  const auto edit =
      [&](const std::function<void(std::vector<std::string>*)>& change) {
        return [=](MadePack* pack) {
          std::vector<std::string> rows = rows_of(pack->files["rows/43/0"]);
          change(&rows);
          std::string bytes;
          for (const std::string& row : rows) {
            AppendBigEndian(static_cast<std::uint32_t>(row.size()), &bytes);
            bytes += row;
          }
          pack->files["rows/43/0"] = bytes;
          pack->ListFiles();
        };
      };
  const auto richer = [](std::string* row) {
    v1::StateRow state;
    v1::Determination paid;
    ASSERT_TRUE(state.ParseFromString(*row));
    ASSERT_TRUE(paid.ParseFromString(state.value()));
    paid.set_amount_vnd(paid.amount_vnd() + 1);
    state.set_value(paid.SerializeAsString());
    *row = state.SerializeAsString();
  };
  const std::vector<Case> cases = {
      {"one-dong-more",
       {},
       edit([&](auto* rows) { richer(&(*rows)[0]); }),
       "ROW_DIFFERS",
       {},
       "rows/43/0",
       "YB-2023, month 202306, team 7"},
      {"row-dropped",
       {},
       edit([](auto* rows) { rows->erase(rows->begin()); }),
       "ROW_MISSING",
       {},
       nullptr,
       "month 202306, team 7"},
      {"row-invented",
       {},
       edit([](auto* rows) {
         v1::StateRow state;
         ASSERT_TRUE(state.ParseFromString(rows->back()));
         std::string key = state.key();
         key.back() = '\x63';
         state.set_key(key);
         rows->push_back(state.SerializeAsString());
       }),
       "ROW_INVENTED",
       {},
       "rows/43/0",
       "team 99"},
      {"rows-swapped",
       {},
       edit([](auto* rows) { std::swap((*rows)[0], (*rows)[1]); }),
       "ROWS_MALFORMED",
       {},
       "rows/43/0",
       "out of order"},
      {"row-twice",
       {},
       edit([](auto* rows) { rows->insert(rows->begin(), rows->front()); }),
       "ROWS_MALFORMED",
       {},
       "rows/43/0",
       "twice"},
  };
  for (const Case& one : cases) Expect(one);
}

}  // namespace
}  // namespace thon::verify
