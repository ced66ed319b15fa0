#include "tools/fleet/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace thon::fleet {
namespace {

struct Intent {
  std::vector<std::string> contents;
  bool closed = false;
};
using IntentKey = std::pair<std::uint64_t, std::uint64_t>;

bool ParseIdentity(absl::string_view text, const AuthorId& author,
                   Identity* identity) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  std::string raw;
  identity->author = author;
  return absl::SimpleAtoi(parts.first, &identity->sequence) &&
         HexDecode(parts.second, &raw) &&
         Hash::FromBytes(raw, &identity->event_hash);
}

// False: the line makes no sense.
bool ReadLine(absl::string_view line, std::map<IntentKey, Intent>* intents,
              JournalFacts* facts) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  IntentKey key;
  if (words.size() < 3 || !absl::SimpleAtoi(words[1], &key.first) ||
      !absl::SimpleAtoi(words[2], &key.second)) {
    return false;
  }
  if (words[0] == "I") {
    return intents->insert({key, {{words.begin() + 3, words.end()}, false}})
        .second;
  }
  const auto intent = intents->find(key);
  if (intent == intents->end()) return false;
  const bool first = !intent->second.closed;
  intent->second.closed = true;
  if (words[0] == "L") {
    ++facts->lost_intents;
    return first;
  }
  if (words[0] == "F") {
    if (!first) return true;  // Killed between the line and remembering it.
    for (const std::string& content : intent->second.contents) {
      ++facts->found[content];
    }
    facts->found_events += intent->second.contents.size();
    return true;
  }
  if (words[0] != "D" || words.size() != intent->second.contents.size() + 4) {
    return false;
  }
  std::string raw;
  AuthorId author;
  if (!HexDecode(words[3], &raw) || !AuthorId::FromBytes(raw, &author)) {
    return false;
  }
  for (std::size_t i = 4; i < words.size(); ++i) {
    Identity identity;
    if (!ParseIdentity(words[i], author, &identity)) return false;
    facts->recorded.push_back(identity);
  }
  return first;
}

}  // namespace

std::string ContentHash(const v1::Event& event) {
  v1::Event content = event;
  content.clear_sequence();
  content.clear_wall_time_ms();
  content.clear_monotonic_ms();
  content.clear_boot();
  content.clear_originally();
  return Sha256Of(content.SerializeAsString()).Hex().substr(0, 16);
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(
    const std::string& path) {
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  std::unique_ptr<Journal> journal(new Journal(fd));
  // Ends the line that a kill may have cut.
  if (absl::Status ended = journal->Append("\n"); !ended.ok()) return ended;
  return journal;
}

Journal::~Journal() { close(fd_); }

absl::Status Journal::Append(const std::string& line) {
  MutexLock lock(&mu_);
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = write(fd_, line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot write a journal: ", std::strerror(errno)));
    }
    written += static_cast<std::size_t>(n);
  }
  return absl::OkStatus();
}

absl::Status Journal::Intent(std::size_t phone, std::uint32_t intent,
                             const std::vector<std::string>& contents) {
  std::string line = absl::StrCat("I ", phone, " ", intent);
  for (const std::string& content : contents) {
    absl::StrAppend(&line, " ", content);
  }
  return Append(line + ";\n");
}

absl::Status Journal::Done(std::size_t phone, std::uint32_t intent,
                           const std::vector<Identity>& identities) {
  std::string line = absl::StrCat("D ", phone, " ", intent, " ",
                                  identities.front().author.Hex());
  for (const Identity& identity : identities) {
    absl::StrAppend(&line, " ", identity.sequence, ":",
                    identity.event_hash.Hex());
  }
  return Append(line + ";\n");
}

absl::Status Journal::Found(std::size_t phone, std::uint32_t intent) {
  return Append(absl::StrCat("F ", phone, " ", intent, ";\n"));
}

absl::Status Journal::Lost(std::size_t phone, std::uint32_t intent) {
  return Append(absl::StrCat("L ", phone, " ", intent, ";\n"));
}

absl::StatusOr<JournalFacts> ReadJournals(
    const std::vector<std::string>& paths) {
  JournalFacts facts;
  for (const std::string& path : paths) {
    std::ifstream file(path);
    if (!file)
      return absl::UnavailableError(absl::StrCat("cannot read ", path));
    std::map<IntentKey, Intent> intents;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      if (line.empty() || line.back() != ';') continue;
      line.pop_back();
      if (!ReadLine(line, &intents, &facts)) {
        return absl::InvalidArgumentError(
            absl::StrCat(path, ":", number, ": makes no sense: ", line));
      }
    }
    for (const auto& [key, intent] : intents) {
      if (!intent.closed) ++facts.open_intents;
    }
  }
  return facts;
}

}  // namespace thon::fleet
