#include "fs/index/manifest.h"

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/crc32c.h"

namespace oca::index {
namespace {

constexpr std::string_view kManifestMagic = "OCAINDEX";
constexpr uint32_t kManifestVersion = 1;

absl::Status ManifestDamage(std::string_view what) {
  return absl::DataLossError(fmt::format("index snapshot: {}", what));
}

}  // namespace

std::string RunPath(const std::string& path, uint64_t number) {
  return fmt::format("{}.{:016x}", path, number);
}

std::string EncodeManifest(const Manifest& manifest) {
  std::string out(kManifestMagic);
  PutLe(&out, kManifestVersion);
  PutLe(&out, static_cast<uint32_t>(manifest.runs.size()));
  PutLe(&out, manifest.next_run);
  PutLe(&out, static_cast<uint64_t>(manifest.dropped.size()));
  PutLe(&out, static_cast<uint64_t>(manifest.meta.size()));
  for (const RunInfo& run : manifest.runs) {
    for (uint64_t field : {run.number, run.pages, run.entries, run.erased}) PutLe(&out, field);
  }
  for (uint64_t pack : manifest.dropped) PutLe(&out, pack);
  out.append(manifest.meta);
  PutLe(&out, Crc32c(out));
  return out;
}

absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes) {
  if (bytes.size() < sizeof(uint32_t)) return ManifestDamage("cut short");
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  if (!body.starts_with(kManifestMagic)) return ManifestDamage("wrong magic");
  if (GetLe<uint32_t>(bytes.data() + body.size()) != Crc32c(body))
    return ManifestDamage("wrong checksum");
  ByteReader in(body.substr(kManifestMagic.size()));
  if (const auto version = in.Le<uint32_t>(); version != kManifestVersion) {
    return ManifestDamage(fmt::format("unknown version {}", version));
  }
  Manifest manifest;
  const auto runs = in.Le<uint32_t>();
  manifest.next_run = in.Le<uint64_t>();
  const auto dropped = in.Le<uint64_t>();
  const auto meta = in.Le<uint64_t>();
  for (uint32_t i = 0; i < runs && in.ok(); ++i) {
    RunInfo run;
    for (uint64_t* field : {&run.number, &run.pages, &run.entries, &run.erased}) {
      *field = in.Le<uint64_t>();
    }
    if (run.number >= manifest.next_run || run.pages == 0 || run.entries < run.pages ||
        run.erased > run.entries || run.pages > UINT64_MAX / kPageBytes / 4) {
      return ManifestDamage("malformed run");
    }
    manifest.runs.push_back(run);
  }
  for (uint64_t i = 0; i < dropped && in.ok(); ++i) {
    const auto pack = in.Le<uint64_t>();
    if (!manifest.dropped.empty() && pack <= manifest.dropped.back()) {
      return ManifestDamage("malformed list of packs");
    }
    manifest.dropped.push_back(pack);
  }
  manifest.meta = in.Take(meta);
  if (!in.ok() || !in.empty()) return ManifestDamage("wrong lengths");
  return manifest;
}

}  // namespace oca::index
