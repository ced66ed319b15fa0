#include "server/http/static_files.h"

#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/core/hash.h"
#include "server/core/limits.h"

namespace thon {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kIndex = "/index.html";
constexpr std::size_t kTagCharacters = 32;
// zlib's number for a gzip header around the largest window.
constexpr int kGzipWindowBits = 15 + 16;

struct Type {
  absl::string_view ending;
  absl::string_view type;
  bool text;  // Worth compressing.
};

constexpr Type kTypes[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".json", "application/json", true},
    {".geojson", "application/geo+json", true},
    {".webmanifest", "application/manifest+json", true},
    {".svg", "image/svg+xml", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".map", "application/json", true},
    {".wasm", "application/wasm", true},
    {".png", "image/png", false},
    {".ico", "image/x-icon", false},
    {".woff2", "font/woff2", false},
};

Type TypeOf(absl::string_view path) {
  for (const Type& type : kTypes) {
    if (absl::EndsWith(path, type.ending)) return type;
  }
  return {"", "application/octet-stream", false};
}

// Empty if zlib cannot.
std::string Gzip(const std::string& plain) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindowBits,
                   /*memLevel=*/9, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  std::string out(deflateBound(&stream, plain.size()), '\0');
  // zlib's interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return done == Z_STREAM_END ? out : "";
}

std::optional<std::string> ReadWhole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes((std::istreambuf_iterator<char>(file)),
                    std::istreambuf_iterator<char>());
  if (file.bad()) return std::nullopt;
  return bytes;
}

// Whether an If-None-Match header names the tag, in whatever encoding.
bool Names(absl::string_view if_none_match, absl::string_view tag) {
  for (absl::string_view part : absl::StrSplit(if_none_match, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part == "*") return true;
    if (absl::StartsWith(part, "W/")) part.remove_prefix(2);
    if (part == absl::StrCat("\"", tag, "\"") ||
        part == absl::StrCat("\"", tag, "-gz\"")) {
      return true;
    }
  }
  return false;
}

}  // namespace

HttpResponse TextResponse(int status, absl::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", "text/plain; charset=utf-8"},
                      {"cache-control", "no-store"}};
  response.body = absl::StrCat(text, "\n");
  return response;
}

HttpResponse MethodNotAllowed(absl::string_view allowed) {
  HttpResponse response =
      TextResponse(405, absl::StrCat("only ", allowed, " here"));
  response.headers.emplace_back("allow", std::string(allowed));
  return response;
}

bool AcceptsGzip(absl::string_view accept_encoding) {
  bool any = false;
  for (absl::string_view part : absl::StrSplit(accept_encoding, ',')) {
    const std::pair<absl::string_view, absl::string_view> coding =
        absl::StrSplit(part, absl::MaxSplits(';', 1));
    const std::string name =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(coding.first));
    std::string weight =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(coding.second));
    double quality = 1;
    if (absl::StartsWith(weight, "q=") &&
        !absl::SimpleAtod(weight.substr(2), &quality)) {
      quality = 0;
    }
    if (name == "gzip" || name == "x-gzip") return quality > 0;
    if (name == "*") any = quality > 0;
  }
  return any;
}

absl::StatusOr<StaticFiles> StaticFiles::Load(const std::string& directory) {
  StaticFiles loaded;
  std::error_code error;
  if (!fs::is_regular_file(directory + std::string(kIndex), error)) {
    return absl::NotFoundError(absl::StrCat("there is no ", directory, kIndex));
  }
  std::size_t bytes = 0;
  fs::recursive_directory_iterator it(directory, error);
  for (; !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (absl::StartsWith(it->path().filename().string(), ".")) {
      it.disable_recursion_pending();
      continue;
    }
    std::error_code unknown;
    if (!it->is_regular_file(unknown)) continue;
    bytes += it->file_size(unknown);
    if (loaded.files_.size() >= limits::kStaticFilesMax ||
        bytes > limits::kStaticBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(directory, " holds more than ", limits::kStaticFilesMax,
                       " files or ", limits::kStaticBytesMax / limits::kMiB,
                       " MiB: is it the dashboard's?"));
    }
    const std::optional<std::string> read = ReadWhole(it->path());
    if (!read.has_value()) {
      return absl::UnavailableError(
          absl::StrCat("cannot read ", it->path().string()));
    }
    const std::string path = absl::StrCat(
        "/", it->path().lexically_relative(directory).generic_string());
    const Type type = TypeOf(path);
    File file;
    file.type = std::string(type.type);
    file.plain = *read;
    if (type.text) file.gzip = Gzip(file.plain);
    if (file.gzip.size() >= file.plain.size()) file.gzip.clear();
    file.tag = Sha256Of(file.plain).Hex().substr(0, kTagCharacters);
    loaded.files_.emplace(path, std::move(file));
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", directory, ": ", error.message()));
  }
  return loaded;
}

const StaticFiles::File* StaticFiles::Find(absl::string_view path) const {
  const auto it = files_.find(std::string(path == "/" ? kIndex : path));
  return it == files_.end() ? nullptr : &it->second;
}

HttpResponse StaticFiles::Answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed("GET, HEAD");
  }
  const File* const file = Find(request.path);
  if (file == nullptr) return TextResponse(404, "there is no such file");
  const bool gzip =
      !file->gzip.empty() && AcceptsGzip(request.Header("accept-encoding"));
  HttpResponse response;
  response.headers = {
      {"etag", absl::StrCat("\"", file->tag, gzip ? "-gz" : "", "\"")},
      {"cache-control", "no-cache"}};
  if (!file->gzip.empty()) {
    response.headers.emplace_back("vary", "accept-encoding");
  }
  if (Names(request.Header("if-none-match"), file->tag)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("content-type", file->type);
  if (gzip) response.headers.emplace_back("content-encoding", "gzip");
  response.body = gzip ? file->gzip : file->plain;
  return response;
}

}  // namespace thon
