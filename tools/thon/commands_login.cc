#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tools/thon/command_options.h"
#include "tools/thon/commands.h"
#include "tools/thon/proto_json.h"
#include "tools/thon/words.h"

namespace thon::cli {
namespace {

struct LoginOptions {
  std::uint64_t officer = 0;
};

absl::Status MakeLoginLink(Session* session, const LoginOptions& options) {
  const absl::StatusOr<Client*> client = session->client();
  if (!client.ok()) return client.status();
  v1::CreateLoginLinkRequest request;
  request.set_officer_id(options.officer);
  const absl::StatusOr<v1::CreateLoginLinkResponse> response =
      (*client)->CreateLoginLink(request);
  if (!response.ok()) return response.status();
  if (session->json) {
    session->Print(ToJson(*response));
    return absl::OkStatus();
  }
  session->out() << response->url() << '\n';
  session->Note(absl::StrCat(
      "Dùng một lần, đến ", ShowInstant(response->expires_time_ms()),
      ". Ai mở liên kết là đăng nhập, nên đừng gửi cho người khác. (It works "
      "once, until then; whoever opens it is logged in.)"));
  return absl::OkStatus();
}

}  // namespace

void AddLoginCommands(CLI::App* app, Session* session) {
  CLI::App* const command = Command(
      app, "login-link",
      "Liên kết đăng nhập bảng theo dõi (a link that logs in to the dashboard, "
      "once)",
      {"thon --data thon-data login-link", "thon login-link --officer 7"});
  auto options = std::make_shared<LoginOptions>();
  command->add_option("--officer", options->officer,
                      "The officer's number; by default oneself. For another "
                      "one needs OPERATOR");
  OnChosen(command, session, options, &MakeLoginLink);
}

}  // namespace thon::cli
