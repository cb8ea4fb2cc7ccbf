// fuzz_corpus <target> <folder> ...  Replays a fuzz corpus without libFuzzer: gives each file of
// the folders to the target, then damaged copies of it (cut short, one byte changed), the same ones
// in every run. Fails when there is no file.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "t/fuzz/target.h"

namespace {

constexpr size_t kMaxDamagedPlaces = 1000;  // per file

void Run(oca::fuzz::Target target, const std::string& bytes) {
  // A copy of the exact size, so that AddressSanitizer sees a read past the end.
  std::vector<uint8_t> input(bytes.begin(), bytes.end());
  target(input.data(), input.size());
}

void RunWithDamage(oca::fuzz::Target target, const std::string& bytes) {
  Run(target, bytes);
  size_t step = std::max<size_t>(1, bytes.size() / kMaxDamagedPlaces);
  for (size_t at = 0; at < bytes.size(); at += step) {
    Run(target, bytes.substr(0, at));
    for (uint8_t flip : {0x01, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      Run(target, damaged);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto found = oca::fuzz::Targets().find(argc > 1 ? argv[1] : "");
  if (found == oca::fuzz::Targets().end()) {
    std::fprintf(stderr, "usage: fuzz_corpus <target> <folder> ...; there is:\n");
    for (const auto& [name, _] : oca::fuzz::Targets()) {
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(name.size()), name.data());
    }
    return 2;
  }
  const oca::fuzz::Target target = found->second;
  size_t files = 0;
  for (int i = 2; i < argc; ++i) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      std::ifstream in(path, std::ios::binary);
      std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
      if (!in) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        return 1;
      }
      std::printf("%s: %zu bytes\n", path.c_str(), bytes.size());
      std::fflush(stdout);
      RunWithDamage(target, bytes);
      ++files;
    }
  }
  std::printf("%zu files\n", files);
  return files > 0 ? 0 : 1;
}
