// What of tgtd's memory the module touches: the layout of Debian's tgt 1.0.85 (the same up to
// 1.0.97) on 64-bit machines, found out from its behaviour and its binary, since tgt ships no
// headers. CheckTgtd and CheckUnit (tgtd.h) refuse a tgtd that is built otherwise.
#ifndef OCA_GATEWAYS_VTL_TGT_MODULE_TGT_ABI_H_
#define OCA_GATEWAYS_VTL_TGT_MODULE_TGT_ABI_H_

#include <cstddef>
#include <cstdint>

namespace oca::tgt {

struct ScsiUnit;
struct ScsiCommand;

struct ListNode {
  ListNode* next;
  ListNode* previous;
};

// One direction of a command's data.
struct DataBuffer {
  uint64_t address;
  uint32_t length;           // that the initiator expects
  uint32_t transfer_length;  // that is sent
  int32_t residual;
};

struct Target {
  const char* name;
  int id;
};

struct ScsiCommand {
  Target* target;
  ListNode in_nexus;
  ListNode in_queue;
  uint64_t lun_number;
  ScsiUnit* unit;
  unsigned long state;
  int direction;
  DataBuffer in;
  DataBuffer out;
  uint64_t nexus_id;
  uint64_t offset;
  uint32_t length;
  uint8_t* cdb;
  int cdb_bytes;
  uint8_t lun[8];
  int attribute;
  uint64_t tag;
  int result;
  void* management_request;
  unsigned char sense[252];
  int sense_bytes;
  ListNode in_backing_store;
  void* nexus;
  void* nexus_unit;
};
static_assert(sizeof(ScsiCommand) == 480 && offsetof(ScsiCommand, cdb) == 144 &&
              offsetof(ScsiCommand, sense) == 192 && offsetof(ScsiCommand, sense_bytes) == 444);

using CommandHandler = int (*)(int host, ScsiCommand* command);

struct Operation {
  CommandHandler perform;
  void* service_actions;
  uint8_t conflict_bits;
};

struct DeviceType {
  unsigned char type;
  int (*init)(ScsiUnit*);
  void (*exit)(ScsiUnit*);
  int (*configure)(ScsiUnit*, char* parameters);
  int (*online)(ScsiUnit*);
  int (*offline)(ScsiUnit*);
  CommandHandler passthrough;
  Operation operations[256];
  ListNode in_list;
};
static_assert(sizeof(DeviceType) == 6216);

struct UnitAttributes {
  char scsi_id[37];
  char serial[37];
  uint64_t numeric_id;
  char vendor[9];
  char product[17];
  char revision[5];
  uint16_t version_descriptors[8];
  unsigned char device_type;
  char qualifier;
  char removable;
  char read_only;
  char software_write_protect;
  char thin_provisioning;
  char online;
  char descriptor_sense;
  unsigned char physical_block_exponent;
  char fixed_physical_block_exponent;
  uint16_t lowest_aligned_block;
  void* product_data[128];
};
static_assert(sizeof(UnitAttributes) == 1176 && offsetof(UnitAttributes, device_type) == 136);

struct BackingStore {
  const char* name;
  int data_bytes;  // that tgtd allocates behind each ScsiUnit
  int (*open)(ScsiUnit*, char* path, int* fd, uint64_t* size);
  void (*close)(ScsiUnit*);
  int (*init)(ScsiUnit*, char* options);
  void (*exit)(ScsiUnit*);
  int (*submit)(ScsiCommand*);
  int supported_open_flags;
  unsigned long supported_opcodes[4];  // none: all
  ListNode in_list;
};
static_assert(sizeof(BackingStore) == 112);

struct ScsiUnit {
  int fd;
  uint64_t address;
  uint64_t size;
  uint64_t lun;
  char* path;
  int open_flags;
  unsigned block_shift;
  ListNode in_target;
  ListNode nexuses;
  int active_commands;
  unsigned long queue_state;
  ListNode queue;
  uint64_t reserve_id;
  DeviceType type;
  BackingStore* backing_store;
  Target* target;
  uint8_t block_descriptor[8];
  ListNode mode_pages;
  UnitAttributes attributes;
  ListNode registrations;
  uint32_t registration_generation;
  void* reservation_holder;
  void* type_data;
  CommandHandler perform;
  void (*done)(Target*, ScsiCommand*);
};
static_assert(sizeof(ScsiUnit) == 7608 && offsetof(ScsiUnit, backing_store) == 6336 &&
              offsetof(ScsiUnit, attributes) == 6376);

// tgtd's own state of a unit's worker threads; it stands first in the data behind a ScsiUnit.
constexpr size_t kThreadInfoBytes = 128;

constexpr int kWrites = 1;  // ScsiCommand::direction
constexpr int kReads = 2;
constexpr int kSuccess = 0;
constexpr int kUnknownError = 1;  // as tgtadm tells it

}  // namespace oca::tgt

#endif  // OCA_GATEWAYS_VTL_TGT_MODULE_TGT_ABI_H_
