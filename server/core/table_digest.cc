#include "server/core/table_digest.h"

#include <cstddef>

#include "server/core/bytes.h"
#include "server/core/hash.h"

namespace thon {
namespace {

std::array<std::uint64_t, 4> HashOf(absl::string_view key,
                                    absl::string_view row) {
  std::string size;
  AppendBigEndian(static_cast<std::uint32_t>(key.size()), &size);
  Sha256 sha;
  sha.Update(size).Update(key);
  size.clear();
  AppendBigEndian(static_cast<std::uint32_t>(row.size()), &size);
  const Hash hash = sha.Update(size).Update(row).Final();
  absl::string_view rest = hash.view();
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = words.size(); i-- > 0;) {
    ConsumeBigEndian(&rest, &words[i]);
  }
  return words;
}

void AddWords(const std::array<std::uint64_t, 4>& from,
              std::array<std::uint64_t, 4>* to) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < to->size(); ++i) {
    const std::uint64_t sum = (*to)[i] + from[i];
    const std::uint64_t all = sum + carry;
    carry = (sum < from[i]) || (all < sum) ? 1 : 0;
    (*to)[i] = all;
  }
}

void SubtractWords(const std::array<std::uint64_t, 4>& from,
                   std::array<std::uint64_t, 4>* to) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < to->size(); ++i) {
    const std::uint64_t less = (*to)[i] - from[i];
    const std::uint64_t all = less - borrow;
    borrow = ((*to)[i] < from[i]) || (less < borrow) ? 1 : 0;
    (*to)[i] = all;
  }
}

}  // namespace

void TableDigest::Add(absl::string_view key, absl::string_view row) {
  AddWords(HashOf(key, row), &words_);
}

void TableDigest::Remove(absl::string_view key, absl::string_view row) {
  SubtractWords(HashOf(key, row), &words_);
}

TableDigest& TableDigest::operator+=(const TableDigest& other) {
  AddWords(other.words_, &words_);
  return *this;
}

TableDigest& TableDigest::operator-=(const TableDigest& other) {
  SubtractWords(other.words_, &words_);
  return *this;
}

std::string TableDigest::Bytes() const {
  std::string bytes;
  for (std::size_t i = words_.size(); i-- > 0;) {
    AppendBigEndian(words_[i], &bytes);
  }
  return bytes;
}

}  // namespace thon
