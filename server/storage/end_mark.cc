#include "server/storage/end_mark.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/core/bytes.h"
#include "server/storage/key_layout.h"
#include "server/storage/rocks.h"

namespace thon {
namespace {

constexpr absl::string_view kMagic = "THONEND1";
constexpr std::int64_t kWriteEveryMs = 1000;

std::string EndPath(const std::string& log_directory) {
  return log_directory + "/END";
}

}  // namespace

std::string EncodeEndMark(const EndMark& mark) {
  std::string out(kMagic);
  AppendBigEndian(mark.write_number, &out);
  AppendBigEndian(mark.tree_size.value, &out);
  AppendBigEndian(mark.next_position.value, &out);
  out.append(mark.root.view().data(), Hash::kSize);
  return Seal("", std::move(out));
}

std::optional<EndMark> DecodeEndMark(absl::string_view content) {
  EndMark mark;
  if (!Unseal("", &content) || !absl::ConsumePrefix(&content, kMagic) ||
      !ConsumeBigEndian(&content, &mark.write_number) ||
      !ConsumeBigEndian(&content, &mark.tree_size.value) ||
      !ConsumeBigEndian(&content, &mark.next_position.value) ||
      !Hash::FromBytes(content, &mark.root)) {
    return std::nullopt;
  }
  return mark;
}

absl::StatusOr<std::optional<EndMark>> ReadEndMark(
    rocksdb::FileSystem& fs, const std::string& log_directory) {
  const std::string path = EndPath(log_directory);
  if (!Exists(fs, path)) return std::optional<EndMark>();
  absl::StatusOr<std::string> content = ReadFile(fs, path);
  if (!content.ok()) return content.status();
  const std::optional<EndMark> mark = DecodeEndMark(*content);
  if (!mark.has_value()) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is damaged. It only guards the log: check the disk, delete this "
        "file, and run `thon admin check`, which reads every entry again"));
  }
  return mark;
}

EndMarkWriter::EndMarkWriter(std::shared_ptr<rocksdb::FileSystem> fs,
                             const std::string& log_directory)
    : fs_(std::move(fs)),
      path_(EndPath(log_directory)),
      thread_([this] { Run(); }) {}

EndMarkWriter::~EndMarkWriter() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void EndMarkWriter::Note(const EndMark& mark) {
  MutexLock lock(&mu_);
  mark_ = mark;
  dirty_ = true;
}

void EndMarkWriter::Run() {
  bool stop = false;
  while (!stop) {
    bool write = false;
    EndMark mark;
    {
      MutexLock lock(&mu_);
      if (!stop_) changed_.WaitFor(&mu_, kWriteEveryMs);
      stop = stop_;
      write = std::exchange(dirty_, false);
      mark = mark_;
    }
    if (!write) continue;
    // A mark that cannot be written is an older guard, not an error: the next
    // one comes in a second, and a disk that fails stops the commits itself.
    if (!ReplaceFile(*fs_, path_, EncodeEndMark(mark)).ok()) {
      MutexLock lock(&mu_);
      dirty_ = true;
    }
  }
}

}  // namespace thon
