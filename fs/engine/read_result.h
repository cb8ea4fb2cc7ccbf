// Bytes on their way to a reader, where they were decoded: nothing is copied to bring them
// together.
#ifndef OCA_FS_ENGINE_READ_RESULT_H_
#define OCA_FS_ENGINE_READ_RESULT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace oca::engine {

class ReadResult {
 public:
  // `holder` keeps `bytes` where they are.
  void Add(std::shared_ptr<const void> holder, std::string_view bytes);
  void Add(std::string bytes);
  void AddZeros(uint64_t count);

  // One after the other; valid while this lives.
  const std::vector<std::string_view>& pieces() const { return pieces_; }
  uint64_t size() const { return size_; }
  // A copy in one piece.
  std::string Joined() const;

 private:
  std::vector<std::string_view> pieces_;
  std::vector<std::shared_ptr<const void>> holders_;
  uint64_t size_ = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_READ_RESULT_H_
