#include "gateways/ndmp/device/iscsi_unit.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::ndmp {
namespace {

constexpr int kLoginSeconds = 20;

struct FreeTask {
  void operator()(scsi_task* task) const { scsi_free_scsi_task(task); }
};

absl::Status Lost(iscsi_context* context, std::string_view what) {
  const char* why = iscsi_get_error(context);
  return absl::UnavailableError(fmt::format("{}: {}", what, why != nullptr ? why : "no answer"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<IscsiUnit>> IscsiUnit::Login(const LibraryAddress& library,
                                                            uint32_t lun) {
  iscsi_context* context = iscsi_create_context(library.initiator.c_str());
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for an iSCSI session");
  std::unique_ptr<IscsiUnit> unit(new IscsiUnit(context, lun));
  unit->lost_ = true;  // until we are in
  iscsi_set_targetname(context, library.target.c_str());
  iscsi_set_session_type(context, ISCSI_SESSION_NORMAL);
  iscsi_set_header_digest(context, ISCSI_HEADER_DIGEST_NONE);
  iscsi_set_noautoreconnect(context, 1);
  iscsi_set_timeout(context, kLoginSeconds);
  // A port of its own: two sessions of one port would push each other out.
  OCA_ASSIGN_OR_RETURN(std::string port, crypto::RandomBytes(8));
  iscsi_set_isid_random(context, GetLe<uint32_t>(port.data()),
                        GetLe<uint32_t>(port.data() + 4) & 0xffff);
  if (!library.chap_user.empty()) {
    // libiscsi wants it with a NUL behind, and keeps a copy.
    std::string password(library.chap_password.view());
    iscsi_set_initiator_username_pwd(context, library.chap_user.c_str(), password.c_str());
    crypto::Wipe(password.data(), password.size());
  }
  std::string where = fmt::format("library {} at {}", library.name, library.portal);
  if (iscsi_connect_sync(context, library.portal.c_str()) != 0 || iscsi_login_sync(context) != 0) {
    return Lost(context, where);
  }
  unit->lost_ = false;
  return unit;
}

IscsiUnit::~IscsiUnit() {
  if (!lost_) iscsi_logout_sync(context_);
  iscsi_destroy_context(context_);
}

absl::StatusOr<ScsiAnswer> IscsiUnit::Execute(const ScsiCommand& command) {
  if (lost_) return absl::UnavailableError("the session with the library is lost");
  std::string cdb = command.cdb;
  const bool reads = command.in_bytes > 0;
  const int direction = reads                 ? SCSI_XFER_READ
                        : command.out.empty() ? SCSI_XFER_NONE
                                              : SCSI_XFER_WRITE;
  const size_t expected = reads ? command.in_bytes : command.out.size();
  std::unique_ptr<scsi_task, FreeTask> task(
      scsi_create_task(static_cast<int>(cdb.size()), reinterpret_cast<unsigned char*>(cdb.data()),
                       direction, static_cast<int>(expected)));
  if (task == nullptr) return absl::InvalidArgumentError("no such command descriptor block");
  ScsiAnswer answer;
  answer.in.resize(command.in_bytes);
  scsi_iovec in{answer.in.data(), answer.in.size()};
  if (reads) scsi_task_set_iov_in(task.get(), &in, 1);
  // libiscsi only reads it.
  iscsi_data out{command.out.size(),
                 reinterpret_cast<unsigned char*>(const_cast<char*>(command.out.data()))};
  iscsi_set_timeout(
      context_, static_cast<int>(absl::ToInt64Seconds(
                    std::max(absl::Seconds(1), absl::Ceil(command.timeout, absl::Seconds(1))))));
  if (iscsi_scsi_command_sync(context_, static_cast<int>(lun_), task.get(),
                              command.out.empty() ? nullptr : &out) == nullptr) {
    lost_ = true;
    return Lost(context_, "a command was not answered");
  }
  // libiscsi's own codes, of commands that were not answered, are beyond a byte.
  if (task->status == SCSI_STATUS_TIMEOUT) {
    lost_ = true;
    return absl::DeadlineExceededError("a command was not answered in time");
  }
  if (task->status < 0 || task->status > 0xff) {
    lost_ = true;
    return Lost(context_, "a command was not answered");
  }
  answer.status = static_cast<uint8_t>(task->status);
  size_t residual = task->residual_status == SCSI_RESIDUAL_UNDERFLOW ? task->residual : 0;
  size_t moved = expected - std::min(expected, residual);
  if (reads) {
    answer.in.resize(moved);
  } else {
    answer.out_bytes = static_cast<uint32_t>(moved);
  }
  // Two bytes of length, then the sense data.
  if (answer.status == kScsiCheckCondition && task->datain.size > 2) {
    answer.sense.assign(reinterpret_cast<char*>(task->datain.data) + 2, task->datain.size - 2);
  }
  return answer;
}

}  // namespace oca::ndmp
