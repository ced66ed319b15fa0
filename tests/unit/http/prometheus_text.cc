#include "tests/unit/http/prometheus_text.h"

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace thon::testing {
namespace {

constexpr char kNameCharacters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:";

absl::Status Wrong(absl::string_view line, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(why, ": ", line));
}

bool IsName(absl::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         name.find_first_not_of(kNameCharacters) == absl::string_view::npos;
}

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

absl::StatusOr<Sample> ParseSample(absl::string_view line) {
  Sample sample;
  const std::size_t value_at = line.rfind(' ');
  if (value_at == absl::string_view::npos ||
      !absl::SimpleAtod(line.substr(value_at + 1), &sample.value)) {
    return Wrong(line, "no value");
  }
  absl::string_view series = line.substr(0, value_at);
  const std::size_t brace = series.find('{');
  sample.name = std::string(series.substr(0, brace));
  if (!IsName(sample.name)) return Wrong(line, "no name");
  if (brace == absl::string_view::npos) return sample;
  series.remove_prefix(brace + 1);
  if (!absl::ConsumeSuffix(&series, "}")) return Wrong(line, "no brace");
  for (const absl::string_view part : absl::StrSplit(series, ',')) {
    std::pair<absl::string_view, absl::string_view> label =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (!IsName(label.first) || !absl::ConsumePrefix(&label.second, "\"") ||
        !absl::ConsumeSuffix(&label.second, "\"")) {
      return Wrong(line, "no label");
    }
    if (!sample.labels
             .emplace(std::string(label.first), std::string(label.second))
             .second) {
      return Wrong(line, "a label twice");
    }
  }
  return sample;
}

// One histogram as its lines come.
struct Buckets {
  double last = 0;
  bool ended = false;
};

class Reader {
 public:
  absl::Status Line(absl::string_view line) {
    if (absl::ConsumePrefix(&line, "# HELP ")) return Help(line);
    if (absl::ConsumePrefix(&line, "# TYPE ")) return Type(line);
    if (absl::StartsWith(line, "#")) return Wrong(line, "a strange comment");
    return Value(line);
  }
  absl::StatusOr<PrometheusText> Finish() {
    for (const auto& [family, type] : text_.types) {
      if (with_samples_.count(family) == 0) {
        return Wrong(family, "a family without a sample");
      }
      if (type != "histogram") continue;
      const double count = text_.At(family + "_count");
      if (!buckets_[family].ended || buckets_[family].last != count ||
          text_.samples.count(family + "_sum") == 0) {
        return Wrong(family, "a histogram that does not agree with itself");
      }
    }
    return text_;
  }

 private:
  absl::Status Help(absl::string_view rest) {
    const std::pair<absl::string_view, absl::string_view> help =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    if (!IsName(help.first) || help.second.empty()) {
      return Wrong(rest, "HELP without a name or a text");
    }
    if (!helps_.insert(std::string(help.first)).second) {
      return Wrong(rest, "HELP twice");
    }
    return absl::OkStatus();
  }
  absl::Status Type(absl::string_view rest) {
    const std::pair<std::string, std::string> type =
        absl::StrSplit(rest, absl::MaxSplits(' ', 1));
    if (helps_.count(type.first) == 0) return Wrong(rest, "no HELP before");
    if (type.second != "counter" && type.second != "gauge" &&
        type.second != "histogram") {
      return Wrong(rest, "an unknown type");
    }
    if (type.second == "counter" && !absl::EndsWith(type.first, "_total")) {
      return Wrong(rest, "a counter without _total");
    }
    if (!text_.types.insert(type).second) return Wrong(rest, "TYPE twice");
    family_ = type.first;
    return absl::OkStatus();
  }
  absl::Status Value(absl::string_view line) {
    const absl::StatusOr<Sample> sample = ParseSample(line);
    if (!sample.ok()) return sample.status();
    const std::string& type = text_.types[family_];
    std::string wanted = family_;
    if (type == "histogram") {
      const absl::string_view part = absl::StripPrefix(sample->name, family_);
      if (part != "_bucket" && part != "_sum" && part != "_count") {
        return Wrong(line, "no part of the histogram above");
      }
      wanted = sample->name;
    }
    if (family_.empty() || sample->name != wanted) {
      return Wrong(line, "no TYPE right above");
    }
    if (type == "counter" && sample->value < 0) return Wrong(line, "below 0");
    if (type == "histogram" && absl::EndsWith(sample->name, "_bucket")) {
      Buckets& buckets = buckets_[family_];
      const auto le = sample->labels.find("le");
      if (le == sample->labels.end() || buckets.ended ||
          sample->value < buckets.last) {
        return Wrong(line, "a bucket out of order");
      }
      buckets.last = sample->value;
      buckets.ended = le->second == "+Inf";
    }
    with_samples_.insert(family_);
    const std::string series(line.substr(0, line.rfind(' ')));
    if (!text_.samples.emplace(series, sample->value).second) {
      return Wrong(line, "a series twice");
    }
    return absl::OkStatus();
  }

  PrometheusText text_;
  std::set<std::string> helps_;
  std::set<std::string> with_samples_;
  std::map<std::string, Buckets> buckets_;
  std::string family_;
};

}  // namespace

absl::StatusOr<PrometheusText> ParsePrometheusText(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\n")) {
    return absl::InvalidArgumentError("the last line has no end");
  }
  Reader reader;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::Status read = reader.Line(line);
    if (!read.ok()) return read;
  }
  return reader.Finish();
}

}  // namespace thon::testing
