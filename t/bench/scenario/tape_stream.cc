// A host that writes and reads tapes over iSCSI as the Linux driver does, one command at a time,
// for measurements:
//
//   tape_stream write LUN BLOCK FILE     the file from the beginning of the tape on, a durable mark
//   tape_stream read LUN BLOCK           up to the first mark
//   tape_stream disk LUN BLOCK FILE      the file to a disk: what the way costs
//   tape_stream move LUN FROM TO
//   tape_stream moves LUN FROM TO N      N times to TO and back; prints the median in milliseconds
//
// Where and as whom: $PORTAL, $TARGET, $INITIATOR, $CHAP_USER, $CHAP_PASSWORD.
#include <fcntl.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"

namespace {

constexpr int kTimeoutSeconds = 60;
constexpr int kSectorBytes = 512;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "tape_stream: %s\n", what.c_str());
  std::exit(1);
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) Fail(std::string("no $") + name);
  return value;
}

int Number(const char* word) {
  int number = 0;
  if (!absl::SimpleAtoi(word, &number)) Fail(std::string(word) + " is no number");
  return number;
}

class Host {
 public:
  explicit Host(int lun)
      : context_(iscsi_create_context(Variable("INITIATOR").c_str())), lun_(lun) {
    iscsi_set_targetname(context_, Variable("TARGET").c_str());
    iscsi_set_session_type(context_, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(context_, ISCSI_HEADER_DIGEST_NONE);
    iscsi_set_noautoreconnect(context_, 1);
    iscsi_set_timeout(context_, kTimeoutSeconds);
    const std::string user = Variable("CHAP_USER");
    if (!user.empty()) {
      iscsi_set_initiator_username_pwd(context_, user.c_str(), Variable("CHAP_PASSWORD").c_str());
    }
    if (iscsi_connect_sync(context_, Variable("PORTAL").c_str()) != 0 ||
        iscsi_login_sync(context_) != 0) {
      Fail(iscsi_get_error(context_));
    }
  }
  ~Host() {
    iscsi_logout_sync(context_);
    iscsi_destroy_context(context_);
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Bytes transferred; -1 on a check condition. Ends the program when nobody answers.
  template <size_t kBytes>
  int Send(std::array<unsigned char, kBytes> cdb, int direction, char* data, int bytes) {
    scsi_task* task = scsi_create_task(kBytes, cdb.data(), direction, bytes);
    iscsi_data out{static_cast<size_t>(bytes), reinterpret_cast<unsigned char*>(data)};
    scsi_iovec in{data, static_cast<size_t>(bytes)};
    if (direction == SCSI_XFER_READ) scsi_task_set_iov_in(task, &in, 1);
    const bool sends = direction == SCSI_XFER_WRITE;
    if (iscsi_scsi_command_sync(context_, lun_, task, sends ? &out : nullptr) == nullptr) {
      Fail(iscsi_get_error(context_));
    }
    int done = bytes;
    if (task->residual_status == SCSI_RESIDUAL_UNDERFLOW) done -= static_cast<int>(task->residual);
    if (task->status != SCSI_STATUS_GOOD) done = -1;
    scsi_free_scsi_task(task);
    return done;
  }
  bool Do(std::array<unsigned char, 6> cdb) { return Send(cdb, SCSI_XFER_NONE, nullptr, 0) == 0; }

  // Past the unit attentions of a new session and a new tape, to the beginning.
  void Settle() {
    for (int i = 0; i < 8; ++i) {
      if (Do({0x00})) return;
    }
    Fail("the unit does not become ready");
  }
  void Rewind() {
    Settle();
    if (!Do({0x01})) Fail("REWIND");
  }

 private:
  iscsi_context* context_;
  int lun_;
};

// Calls take(data, bytes) with each block of the file.
template <typename Take>
void EachBlock(const char* path, size_t block, Take take) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) Fail(std::string(path) + ": " + std::strerror(errno));
  std::vector<char> data(block);
  for (;;) {
    const ssize_t n = ::read(fd, data.data(), block);
    if (n < 0) Fail(std::string(path) + ": " + std::strerror(errno));
    if (n == 0) break;
    take(data.data(), static_cast<int>(n));
  }
  ::close(fd);
}

unsigned char Byte(uint64_t value, int place) {
  return static_cast<unsigned char>(value >> (8 * place));
}

void Write(Host& host, size_t block, const char* path) {
  host.Rewind();
  EachBlock(path, block, [&](char* data, int n) {
    const std::array<unsigned char, 6> cdb = {0x0a, 0, Byte(n, 2), Byte(n, 1), Byte(n, 0), 0};
    if (host.Send(cdb, SCSI_XFER_WRITE, data, n) != n) Fail("WRITE");
  });
  if (!host.Do({0x10, 0, 0, 0, 1, 0})) Fail("WRITE FILEMARKS");
}

void Read(Host& host, size_t block) {
  host.Rewind();
  std::vector<char> data(block);
  const std::array<unsigned char, 6> cdb = {0x08,           0, Byte(block, 2), Byte(block, 1),
                                            Byte(block, 0), 0};
  uint64_t total = 0;
  for (;;) {
    const int n = host.Send(cdb, SCSI_XFER_READ, data.data(), static_cast<int>(block));
    if (n < 0) break;  // the mark, or a block that is shorter: the last
    total += static_cast<uint64_t>(n);
  }
  std::printf("%llu\n", static_cast<unsigned long long>(total));
}

void WriteDisk(Host& host, size_t block, const char* path) {
  host.Settle();
  uint64_t sector = 0;
  EachBlock(path, block, [&](char* data, int n) {
    const int sectors = n / kSectorBytes;
    if (sectors == 0) return;
    const std::array<unsigned char, 10> cdb = {0x2a,
                                               0,
                                               Byte(sector, 3),
                                               Byte(sector, 2),
                                               Byte(sector, 1),
                                               Byte(sector, 0),
                                               0,
                                               Byte(sectors, 1),
                                               Byte(sectors, 0),
                                               0};
    if (host.Send(cdb, SCSI_XFER_WRITE, data, sectors * kSectorBytes) < 0) Fail("WRITE(10)");
    sector += static_cast<uint64_t>(sectors);
  });
}

void Move(Host& host, int from, int to) {
  const std::array<unsigned char, 12> cdb = {
      0xa5, 0, 0, 0, Byte(from, 1), Byte(from, 0), Byte(to, 1), Byte(to, 0)};
  if (host.Send(cdb, SCSI_XFER_NONE, nullptr, 0) != 0) Fail("MOVE MEDIUM");
}

void Moves(Host& host, int from, int to, int count) {
  std::vector<double> times;
  for (int i = 0; i < 2 * count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    i % 2 == 0 ? Move(host, from, to) : Move(host, to, from);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%.3f\n", times[times.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) Fail("see its head for how to call it");
  const std::string verb = argv[1];
  Host host(Number(argv[2]));
  const auto block = static_cast<size_t>(Number(argv[3]));
  if (verb == "write" && argc == 5) {
    Write(host, block, argv[4]);
  } else if (verb == "read" && argc == 4) {
    Read(host, block);
  } else if (verb == "disk" && argc == 5) {
    WriteDisk(host, block, argv[4]);
  } else if (verb == "move" && argc == 5) {
    host.Settle();
    Move(host, Number(argv[3]), Number(argv[4]));
  } else if (verb == "moves" && argc == 6) {
    host.Settle();
    Moves(host, Number(argv[3]), Number(argv[4]), Number(argv[5]));
  } else {
    Fail("no such words; see its head");
  }
  return 0;
}
