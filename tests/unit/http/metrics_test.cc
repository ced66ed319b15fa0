// Goal: whoever watches the machine reads what is: figures that Prometheus can
// parse and that move with what happens, and readiness with its reasons; and
// only those read them who may.
//
// Method: the web app on a real engine that phones write to; the text is read
// by a parser as strict as promtool's, which is itself seen to find faults.

#include <cmath>

#include "absl/strings/str_cat.h"
#include "server/engine/await.h"
#include "server/engine/checkpoints.h"
#include "server/projections/row_keys.h"
#include "tests/unit/http/prometheus_text.h"
#include "tests/unit/http/web_fixture.h"

namespace thon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MetricsTest : public WebTest {
 protected:
  static HttpRequest Local(const std::string& path = "/metrics") {
    HttpRequest request = Request("GET", path);
    request.peer = "127.0.0.1";
    Set(&request, "host", "127.0.0.1:7480");
    return request;
  }
  PrometheusText Read() {
    const HttpResponse response = Ask(Local());
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(HeaderOf(response, "content-type"),
              "text/plain; version=0.0.4; charset=utf-8");
    absl::StatusOr<PrometheusText> text = ParsePrometheusText(response.body);
    EXPECT_THAT(text.status(), IsOk());
    return text.ok() ? *std::move(text) : PrometheusText();
  }
};

TEST_F(MetricsTest, TheTextIsWellFormedAndEveryNameIsOurs) {
  StartApp();
  MetricsSources sources;
  sources.sync_streams = [] { return std::size_t{3}; };
  sources.http = [] {
    HttpStats stats;
    stats.connections = 4;
    stats.refusals[static_cast<std::size_t>(HttpRefusal::kHeadTooLarge)] = 5;
    return stats;
  };
  sources.grpc_web = [] {
    GrpcWebStats stats;
    stats.ended[7] = 6;
    return stats;
  };
  sources.tiles = [] {
    TilesStats stats;
    stats.tiles = 7;
    stats.bundle_bytes = 8;
    return stats;
  };
  sources.witness = [] {
    WitnessStats stats;
    stats.conflicts = 9;
    stats.two_histories = 10;
    return stats;
  };
  sources.witnesses = [] {
    WitnessState up;
    up.name = "sơn-la \"một\"";
    up.up = true;
    up.cosigned_size = 11;
    WitnessState parted;
    parted.name = "lao-cai";
    parted.refuses = true;
    return std::vector<WitnessState>{up, parted};
  };
  app_->SetSources(sources);
  const PrometheusText text = Read();
  EXPECT_GT(text.types.size(), 30u);
  for (const auto& [name, type] : text.types) {
    EXPECT_THAT(name, StartsWith("thon_"));
  }
  EXPECT_EQ(text.At("thon_build_info{version=\"0.1.0\"}"), 1);
  EXPECT_EQ(text.At("thon_sync_streams"), 3);
  EXPECT_EQ(text.At("thon_http_connections"), 4);
  EXPECT_EQ(text.At("thon_http_refusals_total{reason=\"head_too_large\"}"), 5);
  EXPECT_EQ(text.At("thon_grpc_web_ended_total{code=\"7\"}"), 6);
  EXPECT_EQ(text.At("thon_tiles_total{outcome=\"tile\"}"), 7);
  EXPECT_EQ(text.At("thon_tiles_entry_bytes_total"), 8);
  EXPECT_EQ(text.At("thon_witness_submissions_total{outcome=\"conflict\"}"), 9);
  EXPECT_EQ(text.At("thon_witness_evidence_total{verdict=\"two_histories\"}"),
            10);
  EXPECT_EQ(text.At("thon_witness_up{witness=\"lao-cai\"}"), 0);
  EXPECT_EQ(text.At("thon_witness_disagrees{witness=\"lao-cai\"}"), 1);
  EXPECT_EQ(text.At("thon_log_damaged"), 0);
  app_->SetSources({});
  EXPECT_EQ(Read().At("thon_sync_streams"), -1);
}

TEST_F(MetricsTest, CheckpointsAndWhatTheServerOwesTheLogAreCounted) {
  StartApp();
  const PrometheusText before = Read();
  EXPECT_EQ(before.At("thon_checkpoints_signed_total"), 0);
  EXPECT_EQ(before.At("thon_checkpoint_entries"), 0);
  EXPECT_EQ(before.At("thon_checkpoint_signed_seconds"), 0);
  EXPECT_EQ(before.At("thon_log_damaged"), 0);
  const absl::StatusOr<v1::Checkpoint> signed_one =
      Await<v1::Checkpoint>([&](Done<v1::Checkpoint> done) {
        engine_->checkpoints().Sign(std::move(done));
      });
  ASSERT_THAT(signed_one, IsOk());
  const PrometheusText after = Read();
  EXPECT_EQ(after.At("thon_checkpoints_signed_total"), 1);
  EXPECT_EQ(after.At("thon_checkpoint_entries"),
            static_cast<double>(signed_one->tree_size()));
  EXPECT_EQ(after.At("thon_checkpoint_signed_seconds"),
            static_cast<double>(signed_one->signed_time_ms()) / 1000);
  EXPECT_EQ(after.At("thon_state_roots_due"), 0);
  EXPECT_EQ(after.At("thon_state_roots_recorded_total"), 0);
  EXPECT_EQ(after.At("thon_unrecorded_accesses_total"), 0);
}

TEST_F(MetricsTest, FiguresMoveWithWhatPhonesDo) {
  StartApp();
  const PrometheusText before = Read();
  EXPECT_EQ(before.At("thon_ingest_events_total"), 0);
  Phone phone(1);
  Phone stranger(2);
  EnrolKey(phone);
  const v1::SealedBatch batch = phone.Next(3);
  Answer(phone, batch);
  Answer(phone, batch);
  Answer(stranger, stranger.Next(1));
  AwaitAllRows();
  LogIn();
  Ask(Request("POST", "/login/wrong"));

  const PrometheusText after = Read();
  EXPECT_EQ(after.At("thon_ingest_batches_total"), 1);
  EXPECT_EQ(after.At("thon_ingest_events_total"), 3);
  EXPECT_EQ(after.At("thon_ingest_bytes_total"),
            static_cast<double>(batch.batch().size()));
  EXPECT_EQ(after.At("thon_answers_total{answer=\"recorded\"}"), 1);
  EXPECT_EQ(after.At("thon_answers_total{answer=\"duplicate\"}"), 1);
  EXPECT_EQ(after.At("thon_answers_total{answer=\"refused\"}"), 1);
  EXPECT_EQ(after.At("thon_refusals_total{reason=\"unknown_author\"}"), 1);
  EXPECT_EQ(after.At("thon_refusals_total{reason=\"quota\"}"), 0);
  EXPECT_GT(after.At("thon_fsync_seconds_count"),
            before.At("thon_fsync_seconds_count"));
  EXPECT_GT(after.At("thon_commit_group_entries_sum"),
            before.At("thon_commit_group_entries_sum"));
  EXPECT_GT(after.At("thon_fold_seconds_count"),
            before.At("thon_fold_seconds_count"));
  EXPECT_EQ(after.At("thon_projector_lag_positions"), 0);
  EXPECT_EQ(after.At("thon_projector_lag_seconds"), 0);
  EXPECT_EQ(after.At("thon_log_next_position"),
            before.At("thon_log_next_position") + 4);
  EXPECT_GT(after.At("thon_log_bytes"), 0);
  EXPECT_EQ(after.At("thon_disk_reserve_bytes"), 1 << 20);
  EXPECT_GT(after.At("thon_disk_free_bytes"), 0);
  EXPECT_EQ(after.At("thon_commit_state{state=\"open\"}"), 1);
  EXPECT_EQ(after.At("thon_logins_total{outcome=\"logged_in\"}"), 1);
  EXPECT_EQ(after.At("thon_logins_total{outcome=\"wrong_code\"}"), 1);
  EXPECT_EQ(after.At("thon_watchers"), 0);
  EXPECT_EQ(after.At("thon_watch_keys_owed"), 0);
}

TEST_F(MetricsTest, PhonesAreCountedByWhenTheyWereHeard) {
  Phone early(1);
  Phone late(2);
  EnrolKey(early);
  EnrolKey(late);
  Answer(early, early.Next(1));
  clock_.Set(At("2023-06-10T08:00:00+07:00"));
  Answer(late, late.Next(1));
  clock_.Set(At("2023-06-10T20:00:00+07:00"));
  AwaitAllRows();
  StartApp();
  PrometheusText text = Read();
  EXPECT_EQ(text.At("thon_phones_heard{within=\"1d\"}"), 1);
  EXPECT_EQ(text.At("thon_phones_heard{within=\"14d\"}"), 2);
  EXPECT_EQ(text.At("thon_phones_heard{within=\"ever\"}"), 2);
  clock_.Set(At("2023-06-20T20:00:00+07:00"));
  app_.reset();
  StartApp();
  text = Read();
  EXPECT_EQ(text.At("thon_phones_heard{within=\"1d\"}"), 0);
  EXPECT_EQ(text.At("thon_phones_heard{within=\"14d\"}"), 1);
  EXPECT_EQ(text.At("thon_phones_heard{within=\"ever\"}"), 2);
}

TEST_F(MetricsTest, AStateThatIsNotOpenShows) {
  StartApp();
  Phone phone(1);
  EnrolKey(phone);
  file_system_->SetFreeSpace(1);
  Offer(phone, phone.Next(1)).Get();
  const PrometheusText text = Read();
  EXPECT_EQ(text.At("thon_commit_state{state=\"open\"}"), 0);
  EXPECT_EQ(text.At("thon_commit_state{state=\"disk_low\"}"), 1);
  EXPECT_EQ(text.At("thon_turned_away_total{state=\"disk_low\"}"), 1);
  EXPECT_EQ(text.At("thon_disk_free_bytes"), 1);
}

// ---- Who may ----

TEST_F(MetricsTest, FromElsewhereOnlyAReaderOfTheWholeLogMayAsk) {
  StartApp();
  HttpRequest request = Request("GET", "/metrics");
  const HttpResponse refused = Ask(request);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(HeaderOf(refused, "www-authenticate"), "Bearer");
  Set(&request, "authorization", "Bearer nobody");
  EXPECT_EQ(Ask(request).status, 401);
  Set(&request, "authorization", absl::StrCat("Bearer ", LogIn()));
  EXPECT_EQ(Ask(request).status, 401) << "officer 7 has no grant";
  Set(&request, "authorization",
      absl::StrCat("bearer ", engine_->new_operator_token()));
  EXPECT_EQ(Ask(request).status, 200);
  // A page of the officer's own browser has no business with it.
  Set(&request, "authorization", "");
  Set(&request, "cookie",
      absl::StrCat("__Host-thon_session=", engine_->new_operator_token()));
  EXPECT_EQ(Ask(request).status, 401);
}

TEST_F(MetricsTest, OnlyThisMachineItselfNeedsNoToken) {
  StartApp();
  EXPECT_EQ(Ask(Local()).status, 200);
  HttpRequest request = Local();
  request.peer = "::1";
  Set(&request, "host", "[::1]:7480");
  EXPECT_EQ(Ask(request).status, 200);
  // Another site's name that points here, and proxies on this machine.
  for (const auto& [name, value] :
       {std::pair<std::string, std::string>{"host", "evil.test"},
        {"host", "127.evil.test"},
        {"x-forwarded-for", "10.0.0.1"},
        {"forwarded", "for=10.0.0.1"},
        {"via", "1.1 proxy"}}) {
    request = Local();
    Set(&request, name, value);
    EXPECT_EQ(Ask(request).status, 401) << name << " " << value;
  }
}

TEST_F(MetricsTest, BehindAProxyLoopbackIsNobody) {
  app_options_.site.public_url = "https://thon.test";
  StartApp();
  EXPECT_EQ(Ask(Local()).status, 401);
  HttpRequest request = Local();
  Set(&request, "authorization",
      absl::StrCat("Bearer ", engine_->new_operator_token()));
  EXPECT_EQ(Ask(request).status, 200);
}

TEST_F(MetricsTest, AWordOfTheirOwnClosesLoopbackAndOpensThat) {
  app_options_.metrics_token = "0123456789abcdef";
  app_options_.metrics_closed = true;
  StartApp();
  EXPECT_EQ(Ask(Local()).status, 401);
  HttpRequest request = Request("GET", "/metrics");
  Set(&request, "authorization", "Bearer 0123456789abcdef");
  EXPECT_EQ(Ask(request).status, 200);
  Set(&request, "authorization", "Bearer 0123456789abcdeg");
  EXPECT_EQ(Ask(request).status, 401);
}

TEST_F(MetricsTest, TheyAreReadAndNotPosted) {
  StartApp();
  for (const char* path : {"/metrics", "/healthz", "/readyz", "/thond.css"}) {
    HttpRequest request = Local(path);
    request.method = "POST";
    EXPECT_EQ(Ask(request).status, 405) << path;
  }
}

// ---- Alive and ready ----

TEST_F(MetricsTest, ReadyWhileRowsAreThereAndTheLogTakesEvents) {
  StartApp();
  EXPECT_EQ(Get("/healthz").status, 200);
  const HttpResponse ready = Get("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_THAT(ready.body, StartsWith("{\"ready\":true,\"reasons\":[]"));
}

TEST_F(MetricsTest, NotReadySaysWhy) {
  StartApp();
  Phone phone(1);
  EnrolKey(phone);
  file_system_->SetFreeSpace(1);
  Offer(phone, phone.Next(1)).Get();
  HttpResponse ready = Get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("\"reasons\":[\"DISK_LOW\"]"));
  app_->SetDraining();
  ready = Get("/readyz");
  EXPECT_THAT(ready.body, HasSubstr("\"reasons\":[\"DISK_LOW\",\"DRAINING\"]"));
  engine_->Drain();
  EXPECT_THAT(Get("/readyz").body, HasSubstr("[\"DRAINING\"]"));
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(MetricsTest, RowsBehindTheStartAreAReason) {
  Phone phone(1);
  EnrolKey(phone);
  for (int i = 0; i < 50; ++i) Answer(phone, phone.Next(50));
  engine_.reset();
  std::filesystem::remove_all(options_.storage.directory + "/rows");
  // The disk is too full for rows, so they stay where they are.
  file_system_->SetFreeSpace(1);
  Open();
  app_options_.engine = engine_.get();
  StartApp();
  EXPECT_THAT(Get("/readyz").body, HasSubstr("\"ROWS_BEHIND\""));
  EXPECT_GT(Read().At("thon_projector_lag_positions"), 2000);
  file_system_->SetFreeSpace(std::nullopt);
  AwaitAllRows();
  EXPECT_THAT(Get("/readyz").body, Not(HasSubstr("ROWS_BEHIND")));
}

// ---- The parser itself ----

TEST(PrometheusTextTest, EveryFaultIsFound) {
  const std::string good =
      "# HELP a_total Text.\n# TYPE a_total counter\na_total{k=\"v\"} 1\n"
      "# HELP h Text.\n# TYPE h histogram\nh_count 2\nh_sum 3\n"
      "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n";
  EXPECT_THAT(ParsePrometheusText(good).status(), IsOk());
  const auto without = [&good](absl::string_view part,
                               absl::string_view instead) {
    std::string text = good;
    const std::size_t at = text.find(std::string(part));
    THON_CHECK(at != std::string::npos);
    return text.replace(at, part.size(), std::string(instead));
  };
  for (const std::string& bad :
       {good.substr(0, good.size() - 1), good + "\n",
        without("# HELP a_total Text.\n", ""),
        without("# TYPE a_total counter\n", ""),
        without("a_total{k=\"v\"} 1\n", ""),
        without("a_total{k=\"v\"} 1\n",
                "a_total{k=\"v\"} 1\na_total{k=\"v\"} 1\n"),
        without("a_total{k=\"v\"} 1", "a_total{k=\"v\"} -1"),
        without("a_total{k=\"v\"} 1", "a_total{k=\"v\"} x"),
        without("a_total{k=\"v\"}", "a_total{k=v}"),
        without("a_total{k=\"v\"}", "a-total"),
        without("h_count 2", "h_count 3"), without("h_sum 3\n", ""),
        without("h_bucket{le=\"+Inf\"} 2\n", ""),
        without("h_bucket{le=\"1\"} 1", "h_bucket{le=\"1\"} 3"),
        without("# TYPE h histogram", "# TYPE h summary")}) {
    EXPECT_FALSE(ParsePrometheusText(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace thon::testing
