#include "tools/thon/scenario/names.h"

#include "absl/strings/str_cat.h"

namespace thon::scenario {

Sentence KindText(NameKind kind) {
  switch (kind) {
    case NameKind::kUnit:
      return {"đơn vị", "unit"};
    case NameKind::kTeam:
      return {"tổ", "team"};
    case NameKind::kMember:
      return {"thành viên", "member"};
    case NameKind::kOrganisation:
      return {"cơ quan, tổ chức", "organisation"};
    case NameKind::kOfficer:
      return {"cán bộ", "officer"};
    case NameKind::kGrant:
      return {"quyền được cấp", "grant"};
    case NameKind::kTask:
      return {"nhiệm vụ", "task"};
    case NameKind::kModel:
      return {"mô hình", "model"};
    case NameKind::kMobilisation:
      return {"đợt huy động", "mobilisation"};
    case NameKind::kPhone:
      return {"điện thoại", "phone"};
    case NameKind::kStep:
      return {"sự kiện hoặc bước (as:)", "event or step (as:)"};
  }
  return {};
}

Names::Names() {
  Add(NameKind::kOfficer, "operator");
  // The first operator's grant is the log's own.
  Add(NameKind::kGrant, "operator");
}

std::uint64_t Names::Add(NameKind kind, const std::string& name) {
  Kind& table = kinds_[kind];
  const auto [it, is_new] = table.ids.emplace(name, table.next);
  if (is_new) {
    table.names.emplace(table.next, name);
    ++table.next;
    if (kind == NameKind::kMember) {
      const std::size_t slash = name.rfind('/');
      members_[slash == std::string::npos ? name : name.substr(slash + 1)]
          .push_back(name);
    }
  }
  return it->second;
}

bool Names::Has(NameKind kind, const std::string& name) const {
  return Find(kind, name).has_value();
}

std::optional<std::uint64_t> Names::Find(NameKind kind,
                                         const std::string& name) const {
  const auto table = kinds_.find(kind);
  if (table == kinds_.end()) return std::nullopt;
  const auto found = table->second.ids.find(name);
  if (found == table->second.ids.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Names::FindMember(const std::string& team,
                                             const std::string& name,
                                             bool* ambiguous) const {
  *ambiguous = false;
  if (Has(NameKind::kMember, name)) return name;
  if (!team.empty()) {
    const std::string full = absl::StrCat(team, "/", name);
    if (Has(NameKind::kMember, full)) return full;
  }
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  if (found->second.size() == 1) return found->second.front();
  *ambiguous = true;
  return std::nullopt;
}

std::string Names::Show(NameKind kind, std::uint64_t id) const {
  if (id == 0) return "none";
  const auto table = kinds_.find(kind);
  if (table != kinds_.end()) {
    const auto found = table->second.names.find(id);
    if (found != table->second.names.end()) return found->second;
  }
  return absl::StrCat("#", id);
}

std::string Names::ShowMember(std::uint64_t id) const {
  const std::string full = Show(NameKind::kMember, id);
  const std::size_t slash = full.rfind('/');
  return slash == std::string::npos ? full : full.substr(slash + 1);
}

std::vector<std::string> Names::All(NameKind kind) const {
  std::vector<std::string> all;
  const auto table = kinds_.find(kind);
  if (table == kinds_.end()) return all;
  for (const auto& [id, name] : table->second.names) all.push_back(name);
  for (const auto& [group, members] : table->second.groups) {
    all.push_back(group);
  }
  return all;
}

void Names::AddGroup(NameKind kind, const std::string& group,
                     std::vector<std::string> members) {
  kinds_[kind].groups[group] = std::move(members);
}

const std::vector<std::string>* Names::FindGroup(
    NameKind kind, const std::string& group) const {
  const auto table = kinds_.find(kind);
  if (table == kinds_.end()) return nullptr;
  const auto found = table->second.groups.find(group);
  return found == table->second.groups.end() ? nullptr : &found->second;
}

const NamedUnit* Names::FindUnit(std::uint64_t id) const {
  const auto found = units_.find(id);
  return found == units_.end() ? nullptr : &found->second;
}

}  // namespace thon::scenario
