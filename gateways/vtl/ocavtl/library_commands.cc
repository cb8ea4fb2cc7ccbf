#include "gateways/vtl/ocavtl/library_commands.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/vtape/models.h"
#include "nlohmann/json.hpp"

namespace oca::vtl {

using Json = nlohmann::ordered_json;

absl::Status StatusOf(const vtape::Status& status) {
  if (status.ok()) return absl::OkStatus();
  switch (status.code()) {
    case vtape::Code::kNotFound:
    case vtape::Code::kEmpty:
      return absl::NotFoundError(status.message());
    case vtape::Code::kExists:
    case vtape::Code::kOccupied:
      return absl::AlreadyExistsError(status.message());
    case vtape::Code::kInvalid:
      return absl::InvalidArgumentError(status.message());
    case vtape::Code::kBusy:
      return absl::FailedPreconditionError(status.message());
    case vtape::Code::kNoSpace:
      return absl::ResourceExhaustedError(status.message());
    case vtape::Code::kDamaged:
      return absl::DataLossError(status.message());
    default:
      return absl::InternalError(status.message());
  }
}

absl::StatusOr<std::unique_ptr<vtape::Library>> OpenLibrary(const std::string& dir) {
  auto library = vtape::Library::Open(vtape::PosixStorage(), dir);
  if (!library.ok()) return StatusOf(library.status());
  return *std::move(library);
}

namespace {

// What is in an element, for people and programs.
Json Describe(const char* type, size_t address, const vtape::Element& element) {
  Json out = {{"type", type}, {"address", address}};
  out["barcode"] = element.full() ? Json(element.barcode) : Json(nullptr);
  return out;
}

Json Describe(const vtape::Inventory& inventory) {
  Json elements = Json::array();
  for (size_t i = 0; i < inventory.drives.size(); ++i) {
    const vtape::Drive& drive = inventory.drives[i];
    Json row = Describe("drive", vtape::kDriveAddress + i, drive.element);
    row["serial"] = drive.serial;
    row["product"] = vtape::DriveModelOf(drive.generation)->product;
    row["read_only"] = drive.read_only;
    elements.push_back(std::move(row));
  }
  for (size_t i = 0; i < inventory.slots.size(); ++i) {
    elements.push_back(Describe("slot", vtape::kSlotAddress + i, inventory.slots[i]));
  }
  for (size_t i = 0; i < inventory.mail_slots.size(); ++i) {
    elements.push_back(Describe("mail_slot", vtape::kMailSlotAddress + i, inventory.mail_slots[i]));
  }
  return {{"serial", inventory.serial},
          {"product", vtape::kChangerL700.product},
          {"elements", std::move(elements)},
          {"shelf", inventory.shelf}};
}

}  // namespace

absl::Status CreateLibrary(const std::string& dir, const vtape::LibrarySpec& spec) {
  return StatusOf(vtape::Library::Create(vtape::PosixStorage(), dir, spec));
}

absl::StatusOr<std::vector<std::string>> AddCartridges(vtape::Library& library,
                                                       const vtape::CartridgeSpec& spec) {
  // Drawn before, so that only the disk can fail in the middle.
  OCA_ASSIGN_OR_RETURN(std::string random,
                       crypto::RandomBytes(spec.count * sizeof(vtape::CartridgeId)));
  size_t used = 0;
  auto made = library.AddCartridges(spec, [&](std::span<char> id) {
    std::copy_n(random.begin() + static_cast<std::ptrdiff_t>(used), id.size(), id.begin());
    used += id.size();
  });
  if (!made.ok()) return StatusOf(made.status());
  return *std::move(made);
}

absl::Status AddCartridges(const std::string& dir, const vtape::CartridgeSpec& spec,
                           std::ostream& out) {
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(dir));
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> made, AddCartridges(*library, spec));
  for (const std::string& barcode : made) out << barcode << "\n";
  return absl::OkStatus();
}

absl::Status ShowLibrary(const std::string& dir, bool json, std::ostream& out) {
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(dir));
  Json description = Describe(library->inventory());
  if (json) {
    out << description.dump(2) << "\n";
    return absl::OkStatus();
  }
  out << fmt::format("{} {}\n", description["product"].get<std::string>(),
                     description["serial"].get<std::string>());
  for (const Json& row : description["elements"]) {
    bool full = row["barcode"].is_string();
    out << fmt::format("{:<10} {:>6}  {}{}\n", row["type"].get<std::string>(),
                       row["address"].get<int>(), full ? row["barcode"].get<std::string>() : "-",
                       row.contains("serial")
                           ? fmt::format("  {} {}", row["product"].get<std::string>(),
                                         row["serial"].get<std::string>())
                           : "");
  }
  for (const Json& barcode : description["shelf"]) {
    out << fmt::format("{:<10} {:>6}  {}\n", "shelf", "-", barcode.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ExportCartridge(const std::string& dir, uint16_t address) {
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(dir));
  return StatusOf(library->Export(address));
}

absl::Status ImportCartridge(const std::string& dir, const std::string& barcode, uint16_t address) {
  OCA_ASSIGN_OR_RETURN(auto library, OpenLibrary(dir));
  return StatusOf(library->Import(barcode, address));
}

}  // namespace oca::vtl
