#include "gateways/vtl/tgt-module/tgtd.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <string_view>

namespace oca::tgt {
namespace {

constexpr char kKnown[] = "only Debian's tgt 1.0.85 to 1.0.97 is known";

template <typename Function>
bool Find(const char* name, Function* function, std::string* why) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  if (*function == nullptr && why->empty()) {
    *why =
        std::string("this program has no ") + name + "(): it is no tgtd, or a newer one; " + kKnown;
  }
  return *function != nullptr;
}

// The size that the binary gives for its object `name`; 0 when it has none.
size_t SizeOf(const char* name) {
  void* address = dlsym(RTLD_DEFAULT, name);
  Dl_info info;
  const ElfW(Sym)* symbol = nullptr;
  if (address == nullptr ||
      dladdr1(address, &info, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&symbol)),
              RTLD_DL_SYMENT) == 0) {
    return 0;
  }
  return symbol == nullptr ? 0 : symbol->st_size;
}

}  // namespace

std::string FindTgtd(Tgtd* tgtd) {
  std::string why;
  Find("register_backingstore_template", &tgtd->register_backing_store, &why);
  Find("bs_thread_open", &tgtd->open_threads, &why);
  Find("bs_thread_close", &tgtd->close_threads, &why);
  Find("bs_thread_cmd_submit", &tgtd->submit, &why);
  Find("it_nexus_lookup", &tgtd->find_nexus, &why);
  Find("iscsi_transportid", &tgtd->transport_id, &why);
  Find("account_add", &tgtd->add_account, &why);
  Find("account_ctl", &tgtd->bind_account, &why);
  Find("spc_inquiry", &tgtd->inquiry, &why);
  Find("target_cmd_perform", &tgtd->perform, &why);
  if (!why.empty()) return why;
  size_t size = SizeOf("smc_template");
  if (size != sizeof(DeviceType)) {
    why = "a device type of this tgtd has " + std::to_string(size) + " bytes, not " +
          std::to_string(sizeof(DeviceType)) + ": its layout is not known; " + kKnown;
  }
  return why;
}

std::string CheckUnit(const Tgtd& tgtd, const ScsiUnit& unit, const BackingStore& store) {
  constexpr int kInquiry = 0x12;
  constexpr int kDisk = 0;
  constexpr std::string_view kVendor("IET\0", 4);
  bool known = unit.backing_store == &store && unit.perform == tgtd.perform &&
               std::string_view(unit.attributes.vendor, kVendor.size()) == kVendor;
  if (!known) return std::string("this tgtd's units have a layout that is not known; ") + kKnown;
  if (unit.type.type != kDisk || unit.type.operations[kInquiry].perform != tgtd.inquiry) {
    return "make tape units with --device-type disk: the module itself says what they are";
  }
  return "";
}

}  // namespace oca::tgt
