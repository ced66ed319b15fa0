// A small province recorded over the wire, for tests that run the server as a
// process.
#ifndef THON_TESTS_E2E_REMOTE_PROVINCE_H_
#define THON_TESTS_E2E_REMOTE_PROVINCE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/support/guarantees.h"
#include "tests/support/wire_phone.h"
#include "thon/v1/admin_service.grpc.pb.h"
#include "thon/v1/audit_service.grpc.pb.h"
#include "thon/v1/command_service.grpc.pb.h"
#include "thon/v1/query_service.grpc.pb.h"

namespace thon::testing {

// What calls one server: its operator, and anybody's phones.
class Remote {
 public:
  // Reads certificate authority and token from the data directory.
  Remote(const std::string& data, const std::string& endpoint);
  Remote(const std::string& ca_pem, const std::string& token,
         const std::string& endpoint);

  std::unique_ptr<v1::SyncService::Stub> NewSync() const;
  v1::QueryService::Stub* query() { return query_.get(); }

  // A province with team 1 (members 11, 12). Any failure fails the test.
  void SetUpProvince();
  // A fresh one-time code for member 11 of team 1.
  std::string Code(const std::string& code);
  // Enrols; the log's key.
  PublicKey Enrol(const TestPhone& phone, const std::string& code);

  // The log read out through Audit, with its checkpoint. `phones` are the
  // authors that are not the server's.
  History ReadHistory(const std::vector<AuthorId>& phones);

 private:
  void Submit(const v1::Event& event, const std::string& key);
  std::unique_ptr<grpc::ClientContext> Context() const;

  const std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SyncService::Stub> sync_;
  std::unique_ptr<v1::QueryService::Stub> query_;
  std::unique_ptr<v1::CommandService::Stub> command_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
};

}  // namespace thon::testing

#endif  // THON_TESTS_E2E_REMOTE_PROVINCE_H_
