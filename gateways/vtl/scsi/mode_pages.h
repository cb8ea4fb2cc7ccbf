// Mode pages (SPC-4 7.5): what can be read of them, and which of their bits may be set. Pure.
#ifndef OCA_GATEWAYS_VTL_SCSI_MODE_PAGES_H_
#define OCA_GATEWAYS_VTL_SCSI_MODE_PAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateways/vtl/scsi/sense.h"

namespace oca::scsi {

constexpr uint8_t kControlPage = 0x0a;
constexpr uint8_t kAllPages = 0x3f;
constexpr uint8_t kAllSubpages = 0xff;

struct ModePage {
  uint8_t page = 0;
  uint8_t subpage = 0;
  std::string current;     // without header
  std::string changeable;  // a mask as long as that; empty: nothing can be set
  std::string initial;     // filled in by ModePages
};

enum class PageControl : uint8_t { kCurrent = 0, kChangeable = 1, kDefault = 2, kSaved = 3 };

// Not thread-safe.
class ModePages {
 public:
  // In ascending order of page and subpage. What is current is the default.
  explicit ModePages(std::vector<ModePage> pages);

  // The pages that MODE SENSE asks for, with headers; empty when there is none of them.
  std::string Read(uint8_t page, uint8_t subpage, PageControl control) const;
  // Sets what a parameter list of MODE SELECT holds from byte `begin` on: all of it, or nothing
  // and why.
  Outcome Select(std::string_view list, size_t begin);
  // A page's current contents without header; it must exist.
  std::string_view Get(uint8_t page, uint8_t subpage = 0) const;
  // Replaces them, and the default; as long as before.
  void Set(uint8_t page, std::string contents);
  void Reset();

 private:
  const ModePage* Find(uint8_t page, uint8_t subpage) const;

  std::vector<ModePage> pages_;
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_MODE_PAGES_H_
