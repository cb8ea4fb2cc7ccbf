// A host for tests of whole appliances: logs in to a tape library and sends raw CDBs.
//   iscsi_probe login                   exit code 0 when it may
//   iscsi_probe move FROM TO            MOVE MEDIUM
//   iscsi_probe write LUN FILES         so many files of four blocks from the beginning on; says
//   "file N" once its mark is durable iscsi_probe read LUN FILES          reads them back and
//   compares
// Where and as whom: $PORTAL, $TARGET, $INITIATOR, $CHAP_USER, $CHAP_PASSWORD, $TARGET_USER,
// $TARGET_PASSWORD.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "t/integration/60_vtl/iscsi_host.h"

namespace oca::scsi {
namespace {

constexpr int kChanger = 1;
constexpr uint32_t kBlockBytes = 64 << 10;
constexpr int kBlocks = 4;  // of each file

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Others in each file, so that nothing is mistaken for its neighbour.
std::string Block(int file, int block) {
  std::string text;
  for (uint32_t i = 0; text.size() < kBlockBytes; ++i) {
    text += std::to_string(file) + "/" + std::to_string(block) + "/" +
            std::to_string(i * 2654435761u) + "\n";
  }
  text.resize(kBlockBytes);
  return text;
}

// What `command` answers once nothing has to be told first: a unit attention stands in its place.
template <typename Command>
Answer Attended(Command command) {
  Answer answer = command();
  for (int i = 0; i < 8 && answer.key() == 6; ++i) answer = command();
  return answer;
}

bool Good(const Answer& answer, const char* what) {
  if (answer.status == Status::kGood) return true;
  std::fprintf(stderr, "%s: status 0x%02x\n", what, static_cast<int>(answer.status));
  return false;
}

// Past the unit attentions of a new session and a new tape.
bool Settle(IscsiHost& host, int lun) {
  for (int i = 0; i < 8; ++i) {
    if (host.Send(lun, std::string(6, '\0')).status == Status::kGood) return true;
  }
  std::fprintf(stderr, "LUN %d does not become ready\n", lun);
  return false;
}

bool Move(IscsiHost& host, int from, int to) {
  auto high = [](int address) { return address >> 8; };
  auto low = [](int address) { return address & 0xff; };
  return Settle(host, kChanger) &&
         Good(host.Send(kChanger,
                        Raw({0xa5, 0, 0, 0, high(from), low(from), high(to), low(to), 0, 0, 0, 0})),
              "MOVE MEDIUM");
}

bool Write(IscsiHost& host, int lun, int files) {
  if (!Settle(host, lun)) return false;
  if (!Good(host.Send(lun, Raw({0x01, 0, 0, 0, 0, 0})), "REWIND")) return false;
  for (int file = 0; file < files; ++file) {
    for (int block = 0; block < kBlocks; ++block) {
      const std::string data = Block(file, block);
      if (!Good(Attended([&] { return WriteBlock(host, lun, data); }), "WRITE")) return false;
    }
    if (!Good(Attended([&] { return WriteMarks(host, lun, 1); }), "WRITE FILEMARKS")) return false;
    std::printf("file %d\n", file);
    std::fflush(stdout);
  }
  return true;
}

bool Read(IscsiHost& host, int lun, int files) {
  if (!Settle(host, lun)) return false;
  if (!Good(host.Send(lun, Raw({0x01, 0, 0, 0, 0, 0})), "REWIND")) return false;
  for (int file = 0; file < files; ++file) {
    for (int block = 0; block < kBlocks; ++block) {
      Answer answer = ReadBlock(host, lun, kBlockBytes);
      if (!Good(answer, "READ")) return false;
      if (answer.data == Block(file, block)) continue;
      std::fprintf(stderr, "file %d, block %d: other bytes\n", file, block);
      return false;
    }
    if (ReadBlock(host, lun, kBlockBytes).status == Status::kCheckCondition) continue;
    std::fprintf(stderr, "file %d: no filemark behind it\n", file);
    return false;
  }
  return true;
}

int Run(const std::vector<std::string>& words) {
  if (words.empty()) return 2;
  IscsiHost host({.portal = Variable("PORTAL"),
                  .target = Variable("TARGET"),
                  .initiator = Variable("INITIATOR"),
                  .user = Variable("CHAP_USER"),
                  .password = Variable("CHAP_PASSWORD"),
                  .target_user = Variable("TARGET_USER"),
                  .target_password = Variable("TARGET_PASSWORD")});
  if (!host.error().empty()) {
    std::fprintf(stderr, "%s\n", host.error().c_str());
    return 1;
  }
  if (words[0] == "login") return 0;
  if (words.size() != 3) return 2;
  const int first = std::stoi(words[1]);
  const int second = std::stoi(words[2]);
  if (words[0] == "move") return Move(host, first, second) ? 0 : 1;
  if (words[0] == "write") return Write(host, first, second) ? 0 : 1;
  if (words[0] == "read") return Read(host, first, second) ? 0 : 1;
  return 2;
}

}  // namespace
}  // namespace oca::scsi

int main(int argc, char** argv) {
  return oca::scsi::Run(std::vector<std::string>(argv + 1, argv + argc));
}
