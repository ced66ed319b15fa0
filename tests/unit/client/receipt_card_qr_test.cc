// Goal: a receipt on a phone's screen is read by a camera as the text that the
// phone made, within the version of QR that was promised. Method: the largest
// cards that can be, drawn by libqrencode and read by libzbar, which shares
// nothing with it.
#include <gmock/gmock.h>
#include <qrencode.h>
#include <zbar.h>

#include <memory>
#include <string>

#include "server/core/limits.h"
#include "server/core/merkle.h"
#include "server/core/receipt_card.h"
#include "tests/unit/client/phone.h"

namespace thon::client {
namespace {

constexpr int kVersionMax = 25;
constexpr int kPixels = 3;  // A module.
constexpr int kQuiet = 4;   // Modules around it.

using Code = std::unique_ptr<QRcode, void (*)(QRcode*)>;

Code Encode(const std::string& text) {
  return {QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L), &QRcode_free};
}

std::string Scan(const QRcode& code) {
  const int side = (code.width + 2 * kQuiet) * kPixels;
  std::string grey(
      static_cast<std::size_t>(side) * static_cast<std::size_t>(side), '\xFF');
  for (int y = 0; y < code.width * kPixels; ++y) {
    for (int x = 0; x < code.width * kPixels; ++x) {
      if ((code.data[y / kPixels * code.width + x / kPixels] & 1) == 0)
        continue;
      const int at = (y + kQuiet * kPixels) * side + x + kQuiet * kPixels;
      grey[static_cast<std::size_t>(at)] = '\0';
    }
  }
  zbar::ImageScanner scanner;
  scanner.set_config(zbar::ZBAR_QRCODE, zbar::ZBAR_CFG_ENABLE, 1);
  zbar::Image image(static_cast<unsigned>(side), static_cast<unsigned>(side),
                    "Y800", grey.data(), grey.size());
  scanner.scan(image);
  std::string text;
  for (auto it = image.symbol_begin(); it != image.symbol_end(); ++it) {
    text += it->get_data();
  }
  image.set_data(nullptr, 0);
  return text;
}

TEST(ReceiptCardQrTest, APhonesCardIsReadByACameraAndChecked) {
  Folder folder;
  FakeServer server;
  Phone phone{folder / "phone.db", &server};
  phone.OpenAndEnrol();
  const Recorded one = phone.Record(3)[2];
  ASSERT_THAT(phone.Sync(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::string text,
                       phone.client->ReceiptCardOf(one.name));
  const Code code = Encode(text);
  ASSERT_NE(code, nullptr);
  ASSERT_OK_AND_ASSIGN(const v1::ReceiptCard card,
                       ParseReceiptCard(Scan(*code)));
  EXPECT_THAT(VerifyReceiptCard(card, server.log_key()), IsOk());
  EXPECT_EQ(card.sequence(), one.name.sequence.value);
  EXPECT_EQ(card.leaf_hash(), merkle::HashLeaf(server.leaf(2)).view());
}

TEST(ReceiptCardQrTest, TheLargestCardFitsTheVersionThatIsPromised) {
  v1::ReceiptCard card;
  card.set_leaf_hash(std::string(Hash::kSize, 'h'));
  card.set_author(std::string(AuthorId::kSize, 'a'));
  card.set_sequence(std::uint64_t{1} << 40);
  v1::Receipt* const receipt = card.mutable_receipt();
  receipt->set_origin("chuyendoiso.thon.yenbai.gov.vn/yen-bai-nhat-ky/12");
  receipt->set_entry_index(std::uint64_t{1} << 40);
  receipt->set_first_position(std::uint64_t{1} << 48);
  receipt->set_event_count(limits::kBatchEventsMax);
  receipt->set_receive_time_ms(std::int64_t{1} << 42);
  receipt->set_group_first_entry(std::uint64_t{1} << 40);
  // A commit group has at most so many entries: the path is its logarithm.
  receipt->set_group_size(limits::kCommitGroupBatchesMax);
  for (std::size_t n = 1; n < limits::kCommitGroupBatchesMax; n *= 2) {
    receipt->add_path(std::string(Hash::kSize, 'p'));
  }
  receipt->set_signature(std::string(64, 's'));
  const std::string text = FormatReceiptCard(card);
  ASSERT_OK_AND_ASSIGN(const v1::ReceiptCard parsed, ParseReceiptCard(text));
  EXPECT_EQ(parsed.SerializeAsString(), card.SerializeAsString());
  const Code code = Encode(text);
  ASSERT_NE(code, nullptr);
  EXPECT_LE(code->version, kVersionMax);
  EXPECT_EQ(Scan(*code), text);
}

}  // namespace
}  // namespace thon::client
