#include "gateways/vtl/tgt-module/units.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace oca::tgt {

std::optional<Role> ParseRole(std::string_view options) {
  constexpr std::string_view kDrive = "drive=";
  if (options == "changer") return Role{};
  if (!options.starts_with(kDrive)) return std::nullopt;
  options.remove_prefix(kDrive.size());
  uint16_t index = 0;
  auto [end, error] = std::from_chars(options.data(), options.data() + options.size(), index);
  bool whole = error == std::errc() && end == options.data() + options.size();
  return whole && !options.empty() ? std::optional(Role{index}) : std::nullopt;
}

vtape::Result<std::shared_ptr<OpenLibrary>> Units::LibraryAt(const std::string& dir) {
  if (auto open = libraries_[dir].lock()) return open;
  VTAPE_ASSIGN_OR_RETURN(auto library, vtape::Library::Open(vtape::PosixStorage(), dir));
  auto open = std::make_shared<OpenLibrary>(std::move(library));
  libraries_[dir] = open;
  return open;
}

vtape::Result<std::shared_ptr<Unit>> Units::Open(const std::string& dir, Role role, int target,
                                                 uint16_t lun, uint64_t* reserve_id) {
  std::lock_guard lock(mu_);
  auto unit = std::make_shared<Unit>();
  unit->reservation.Follow(reserve_id);
  VTAPE_ASSIGN_OR_RETURN(unit->library, LibraryAt(dir));
  unit->role = role;
  unit->target = target;
  unit->lun = lun;
  for (const auto& other : units_) {
    if (other->library == unit->library && other->role.drive == role.drive) {
      return vtape::Status(vtape::Code::kBusy, dir + ": this unit is served already, as LUN " +
                                                   std::to_string(other->lun));
    }
  }
  if (role.drive) {
    auto config = unit->library->changer.DriveConfigAt(*role.drive);
    if (!config) {
      return vtape::Status(vtape::Code::kNotFound,
                           dir + ": the library has no drive " + std::to_string(*role.drive));
    }
    unit->drive = std::make_shared<scsi::Drive>(vtape::PosixStorage(), *config);
    unit->library->changer.Attach(static_cast<uint16_t>(vtape::kDriveAddress + *role.drive),
                                  *unit->drive);
  }
  units_.push_back(unit);
  TellLuns(target);
  return unit;
}

vtape::Status Units::Close(const std::shared_ptr<Unit>& unit) {
  std::lock_guard lock(mu_);
  std::erase(units_, unit);
  TellLuns(unit->target);
  if (!unit->drive) return {};
  unit->library->changer.Detach(static_cast<uint16_t>(vtape::kDriveAddress + *unit->role.drive));
  return unit->drive->Close();
}

std::vector<std::shared_ptr<Unit>> Units::All() {
  std::lock_guard lock(mu_);
  return units_;
}

void Units::TellLuns(int target) {
  std::vector<uint16_t> luns = {0};  // tgtd's own controller
  for (const auto& unit : units_) {
    if (unit->target == target) luns.push_back(unit->lun);
  }
  std::sort(luns.begin(), luns.end());
  for (const auto& unit : units_) {
    if (unit->target == target) unit->device().SetLuns(luns);
  }
}

}  // namespace oca::tgt
