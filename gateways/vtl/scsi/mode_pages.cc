#include "gateways/vtl/scsi/mode_pages.h"

#include <algorithm>

#include "gateways/vtl/scsi/wire.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kSubpageFormat = 0x40;

std::string WithHeader(const ModePage& page, const std::string& contents) {
  std::string out;
  if (page.subpage != 0) {
    PutBe(&out, page.page | kSubpageFormat, 1);
    PutBe(&out, page.subpage, 1);
    PutBe(&out, contents.size(), 2);
  } else {
    PutBe(&out, page.page, 1);
    PutBe(&out, contents.size(), 1);
  }
  return out + contents;
}

Outcome ListTooShort() { return Check(Key::kIllegalRequest, Asc::kParameterListLengthError); }

}  // namespace

ModePages::ModePages(std::vector<ModePage> pages) : pages_(std::move(pages)) {
  for (ModePage& page : pages_) {
    page.changeable.resize(page.current.size(), '\0');
    page.initial = page.current;
  }
}

std::string ModePages::Read(uint8_t page, uint8_t subpage, PageControl control) const {
  std::string out;
  for (const ModePage& each : pages_) {
    if (page != kAllPages && page != each.page) continue;
    if (subpage != kAllSubpages && subpage != each.subpage) continue;
    out += WithHeader(each, control == PageControl::kChangeable ? each.changeable
                            : control == PageControl::kDefault  ? each.initial
                                                                : each.current);
  }
  return out;
}

const ModePage* ModePages::Find(uint8_t page, uint8_t subpage) const {
  auto found = std::find_if(pages_.begin(), pages_.end(), [&](const ModePage& each) {
    return each.page == page && each.subpage == subpage;
  });
  return found == pages_.end() ? nullptr : &*found;
}

std::string_view ModePages::Get(uint8_t page, uint8_t subpage) const {
  return Find(page, subpage)->current;
}

void ModePages::Set(uint8_t page, std::string contents) {
  auto* found = const_cast<ModePage*>(Find(page, 0));
  found->initial = contents;
  found->current = std::move(contents);
}

void ModePages::Reset() {
  for (ModePage& page : pages_) page.current = page.initial;
}

Outcome ModePages::Select(std::string_view list, size_t begin) {
  std::vector<std::pair<const ModePage*, std::string>> changes;
  for (size_t at = begin; at < list.size();) {
    bool has_subpage = (static_cast<uint8_t>(list[at]) & kSubpageFormat) != 0;
    size_t header = has_subpage ? 4 : 2;
    if (list.size() - at < header) return ListTooShort();
    uint8_t subpage = has_subpage ? static_cast<uint8_t>(list[at + 1]) : 0;
    const ModePage* page = Find(static_cast<uint8_t>(list[at]) & kAllPages, subpage);
    if (page == nullptr) return InvalidParameter(at);
    uint64_t length = GetBe(list.substr(at + header / 2, header / 2));
    if (length != page->current.size()) return InvalidParameter(at + header / 2);
    if (list.size() - at - header < length) return ListTooShort();
    std::string contents(list.substr(at + header, length));
    for (size_t i = 0; i < length; ++i) {
      if (((contents[i] ^ page->current[i]) & ~page->changeable[i]) != 0) {
        return InvalidParameter(at + header + i);
      }
    }
    changes.emplace_back(page, std::move(contents));
    at += header + length;
  }
  for (auto& [page, contents] : changes) {
    const_cast<ModePage*>(page)->current = std::move(contents);
  }
  return Good();
}

}  // namespace oca::scsi
