// Contents of files on a chunk store in memory.
#ifndef OCA_T_UNIT_FS_ENGINE_FILE_CONTENT_FIXTURE_H_
#define OCA_T_UNIT_FS_ENGINE_FILE_CONTENT_FIXTURE_H_

#include <memory>
#include <utility>

#include "fs/engine/file_content.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::engine {

class FileContentFixture : public ::testing::Test {
 protected:
  FileContentFixture() : workers_(2, 8), sealers_(1, 8), caches_(8u << 20, 8u << 20) {
    ChunkStoreOptions options;
    options.fs = &fs_;
    options.dir = "/group";
    options.group = GroupId{1};
    options.workers = &workers_;
    options.decoders = &workers_;
    options.sealers = &sealers_;
    options.caches = &caches_;
    chunks_ = *ChunkStore::Open(options);
  }
  ~FileContentFixture() override { chunks_->Flush().IgnoreError(); }

  std::shared_ptr<FileContent> Make(tree::Root root = {}) {
    return std::make_shared<FileContent>(chunks_.get(), splitter_, &workers_, ContainerId{1},
                                         std::move(root), counters_);
  }

  io::MemoryFileSystem fs_;
  std::unique_ptr<ChunkStore> chunks_;
  WorkQueue workers_, sealers_;
  Caches caches_;
  chunk::Chunker chunker_{{8192}};
  markers::Splitter splitter_{markers::Setting::kAuto, &chunker_};
  std::shared_ptr<MarkerCounters> counters_ = std::make_shared<MarkerCounters>();
};

}  // namespace oca::engine

#endif  // OCA_T_UNIT_FS_ENGINE_FILE_CONTENT_FIXTURE_H_
