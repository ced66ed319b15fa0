// Goal: the bytes we sign and store are those that FORMAT.md describes.
// Method: tests/vectors/entry.json, written from FORMAT.md by an implementation
// in another language; and the examples in FORMAT.md are those vectors.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "server/core/receipt.h"
#include "server/storage/end_mark.h"
#include "server/storage/key_layout.h"
#include "tests/support/status_matchers.h"

namespace thon {
namespace {

using nlohmann::json;

std::string Raw(const json& hex) {
  std::string raw;
  EXPECT_TRUE(HexDecode(hex.get<std::string>(), &raw)) << hex;
  return raw;
}

template <typename T>
T From(const json& hex) {
  T out;
  EXPECT_TRUE(T::FromBytes(Raw(hex), &out)) << hex;
  return out;
}

Hash HashOf(absl::string_view text) { return Sha256Of(text); }

class FormatTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(THON_SOURCE_DIR "/tests/vectors/entry.json");
    ASSERT_TRUE(file) << "tests/vectors/entry.json is missing";
    vectors_ = json::parse(file);
    for (const json& record : vectors_["records"]) {
      records_[record["name"].get<std::string>()] = {Raw(record["key"]),
                                                     Raw(record["value"])};
    }
  }
  SigningKey Key() {
    absl::StatusOr<SigningKey> key =
        SigningKey::FromSeed(Raw(vectors_["seed"]));
    EXPECT_TRUE(key.ok());
    return *std::move(key);
  }

  json vectors_;
  struct Record {
    std::string key, value;
  };
  std::map<std::string, Record> records_;
};

TEST_F(FormatTest, EntriesAreTheirs) {
  const SigningKey key = Key();
  EXPECT_EQ(key.public_key().author(), From<AuthorId>(vectors_["author"]));
  for (const json& vector : vectors_["entries"]) {
    const std::string batch = Raw(vector["batch"]);
    const Hash batch_hash = BatchHash(batch);
    EXPECT_EQ(batch_hash, From<Hash>(vector["batch_hash"]));
    EXPECT_EQ(key.Sign(kBatchContext, batch_hash.view()),
              From<Signature>(vector["signature"]));
    v1::Batch parsed;
    EXPECT_EQ(ParseBatch(batch, &parsed), BatchFault::kNone);
    const EntryTrailer trailer{
        .signature = From<Signature>(vector["signature"]),
        .first_position =
            Position(vector["first_position"].get<std::uint64_t>()),
        .event_count = vector["event_count"].get<std::uint16_t>(),
        .receive_time = Instant(vector["receive_time_ms"].get<std::int64_t>())};
    const std::string entry = EncodeEntry(batch, trailer);
    EXPECT_EQ(HexEncode(entry), vector["entry"].get<std::string>());
    EXPECT_EQ(LeafHash(batch, trailer), From<Hash>(vector["leaf_hash"]));
    EXPECT_EQ(LeafHash(DigestBatch(batch), trailer),
              From<Hash>(vector["leaf_hash"]));
    ASSERT_OK_AND_ASSIGN(const EntryView view, ParseEntry(entry));
    EXPECT_EQ(view.batch, absl::string_view(batch));
    EXPECT_EQ(view.trailer.first_position, trailer.first_position);
    EXPECT_EQ(view.trailer.event_count, trailer.event_count);
    EXPECT_EQ(view.trailer.receive_time, trailer.receive_time);
    EXPECT_EQ(view.trailer.signature, trailer.signature);
  }
}

TEST_F(FormatTest, BadEntriesAreRefused) {
  for (const json& vector : vectors_["bad_entries"]) {
    EXPECT_THAT(ParseEntry(Raw(vector["entry"])),
                StatusIs(absl::StatusCode::kDataLoss))
        << vector["why"];
  }
}

TEST_F(FormatTest, ReceiptsAndHellosAreTheirs) {
  const SigningKey key = Key();
  for (const json& vector : vectors_["groups"]) {
    SignedGroup group;
    group.origin = vector["origin"].get<std::string>();
    group.first_entry = EntryIndex(vector["first_entry"].get<std::uint64_t>());
    for (const json& leaf : vector["leaves"]) {
      group.leaves.push_back(From<Hash>(leaf));
    }
    group.signature =
        SignGroup(key, group.origin, group.first_entry, group.leaves);
    EXPECT_EQ(group.signature, From<Signature>(vector["signature"]));
    EXPECT_TRUE(Verify(key.public_key(), kReceiptContext,
                       Raw(vector["statement"]), group.signature));
    for (std::size_t i = 0; i < group.leaves.size(); ++i) {
      EntryTrailer trailer;
      trailer.event_count = 1;
      const v1::Receipt receipt = MakeReceipt(group, i, trailer);
      EXPECT_THAT(VerifyReceipt(receipt, key.public_key(), group.leaves[i]),
                  IsOk());
    }
  }
  const json& hello = vectors_["hello"];
  EXPECT_EQ(HexEncode(HelloStatement(
                Raw(hello["nonce"]), Raw(hello["author"]),
                hello["origin"].get<std::string>(), Raw(hello["log_key"]),
                hello["server_time_ms"].get<std::int64_t>(),
                hello["next_sequence"].get<std::uint64_t>(),
                Raw(hello["last_batch_hash"]),
                hello["durable_position"].get<std::uint64_t>())),
            hello["statement"].get<std::string>());
}

TEST_F(FormatTest, RecordsOfTheLogAreTheirs) {
  const std::string origin = vectors_["groups"][0]["origin"].get<std::string>();
  const SigningKey signing_key = Key();
  EXPECT_EQ(EncodeFormat(kFormatKey, kLogFormat), records_["format"].value);
  EXPECT_EQ(kFormatKey, absl::string_view(records_["format"].key));

  const EndRecord end{{EntryIndex(3), Position(261), Instant(1696118403000)},
                      HashOf("root")};
  EXPECT_EQ(EncodeEnd(end), records_["end"].value);
  EXPECT_EQ(EncodeLeaf({HashOf("leaf"), Position(5), Instant(1696118403000)}),
            records_["leaf"].value);
  EXPECT_EQ(IndexKey(EntryIndex(2)), records_["leaf"].key);
  EXPECT_EQ(NodeKey({8, 1}), records_["node"].key);

  AuthorState state;
  state.key = signing_key.public_key();
  state.next_sequence = Sequence(261);
  state.last_batch_hash = HashOf("last");
  state.server = state.revoked = true;
  state.quota_day = -19675;
  state.quota_used = 63;
  state.fork_year = 2023;
  state.forks_recorded = 8;
  state.forks_seen = 9;
  const AuthorId author = state.key.author();
  EXPECT_EQ(EncodeAuthor(author, state), records_["author"].value);
  EXPECT_EQ(DecodeAuthor(author.view(), records_["author"].value), state);
  EXPECT_EQ(AuthorBatchKey(author, Sequence(5)), records_["author_batch"].key);
  EXPECT_EQ(EncodeAuthorBatch({EntryIndex(2), 256}),
            records_["author_batch"].value);

  EntryLog::StoredGroup group;
  group.first_entry = EntryIndex(1);
  group.size = 2;
  group.origin = origin;
  group.signature = signing_key.Sign("", "example");
  EXPECT_EQ(EncodeGroup(group), records_["group"].value);
  EXPECT_EQ(Seal("token/1", "hash"), records_["local"].value);
  EXPECT_EQ(EncodeEndMark({41, EntryIndex(3), Position(261), HashOf("root")}),
            records_["END"].value);
}

TEST_F(FormatTest, RecordsOfTheRowsAreTheirs) {
  EXPECT_EQ(EncodeRowsMeta({{EntryIndex(3), Position(260)}, "acts/1 units/1"}),
            records_["rows_state"].value);
  EXPECT_EQ(kRowsMetaKey, absl::string_view(records_["rows_state"].key));
  std::string key = RowStem(Table::kTeam, std::string("\0\0\0\0\0\0\0\7", 8));
  AppendRowPosition(Position(260), &key);
  EXPECT_EQ(HexEncode(key), HexEncode(records_["row"].key));
  std::string row;
  Position position;
  EXPECT_TRUE(DecodeRowKey(key, &row, &position));
  EXPECT_EQ(position, Position(260));
  EXPECT_EQ(row, std::string("\0\0\0\0\0\0\0\7", 8));
}

TEST_F(FormatTest, ASealHoldsItsKeyAndEveryBit) {
  const std::string sealed = Seal("key", "value");
  absl::string_view view = sealed;
  EXPECT_TRUE(Unseal("key", &view));
  EXPECT_EQ(view, "value");
  view = sealed;
  EXPECT_FALSE(Unseal("kez", &view));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    view = flipped;
    EXPECT_FALSE(Unseal("key", &view)) << bit;
  }
}

// Every record's example in FORMAT.md is its vector.
TEST_F(FormatTest, ExamplesInTheDocumentAreTheVectors) {
  std::ifstream file(THON_SOURCE_DIR "/server/storage/FORMAT.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  std::string hex_only;  // Spaces and line ends within examples do not count.
  for (const char c : document) {
    if (c != ' ' && c != '\n') hex_only.push_back(c);
  }
  for (const auto& [name, record] : records_) {
    EXPECT_NE(hex_only.find(HexEncode(record.value)), std::string::npos)
        << name << " has another example in FORMAT.md; it should be\n"
        << HexEncode(record.value);
  }
}

}  // namespace
}  // namespace thon
