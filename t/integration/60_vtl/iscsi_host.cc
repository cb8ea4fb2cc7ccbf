#include "t/integration/60_vtl/iscsi_host.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include <algorithm>

namespace oca::scsi {
namespace {

constexpr int kTimeoutSeconds = 30;
constexpr uint32_t kOui = 0x0ca000;

std::string Cdb6(int opcode, uint32_t length) {
  std::string cdb = Raw({opcode, 0});
  PutBe(&cdb, length, 3);
  return cdb + '\0';
}

}  // namespace

IscsiHost::IscsiHost(const Login& login) : context_(iscsi_create_context(login.initiator.c_str())) {
  iscsi_set_targetname(context_, login.target.c_str());
  iscsi_set_session_type(context_, ISCSI_SESSION_NORMAL);
  iscsi_set_header_digest(context_, ISCSI_HEADER_DIGEST_NONE);
  iscsi_set_noautoreconnect(context_, 1);
  iscsi_set_timeout(context_, kTimeoutSeconds);
  iscsi_set_isid_oui(context_, kOui, login.port);
  if (!login.user.empty()) {
    iscsi_set_initiator_username_pwd(context_, login.user.c_str(), login.password.c_str());
  }
  if (!login.target_user.empty()) {
    iscsi_set_target_username_pwd(context_, login.target_user.c_str(),
                                  login.target_password.c_str());
  }
  if (iscsi_connect_sync(context_, login.portal.c_str()) != 0 || iscsi_login_sync(context_) != 0) {
    error_ = iscsi_get_error(context_);
    if (error_.empty()) error_ = "login failed";
  }
}

IscsiHost::~IscsiHost() {
  if (error_.empty()) iscsi_logout_sync(context_);
  iscsi_destroy_context(context_);
}

Answer IscsiHost::Send(int lun, const std::string& cdb, std::string_view out, size_t in_bytes) {
  std::string bytes = cdb;
  int direction = in_bytes > 0 ? SCSI_XFER_READ : out.empty() ? SCSI_XFER_NONE : SCSI_XFER_WRITE;
  auto expected = static_cast<int>(in_bytes > 0 ? in_bytes : out.size());
  scsi_task* task =
      scsi_create_task(static_cast<int>(bytes.size()),
                       reinterpret_cast<unsigned char*>(bytes.data()), direction, expected);
  std::string in(in_bytes, '\xee');
  scsi_iovec in_vector{in.data(), in.size()};
  std::string sent(out);
  iscsi_data data{sent.size(), reinterpret_cast<unsigned char*>(sent.data())};
  if (in_bytes > 0) scsi_task_set_iov_in(task, &in_vector, 1);
  if (iscsi_scsi_command_sync(context_, lun, task, out.empty() ? nullptr : &data) == nullptr) {
    scsi_free_scsi_task(task);
    return {static_cast<Status>(0xff), "", ""};
  }
  // libiscsi's own, of commands that were not answered, are beyond a byte.
  int status = std::min(task->status, 0xff);
  Answer answer{static_cast<Status>(status), "", ""};
  size_t residual = task->residual_status == SCSI_RESIDUAL_UNDERFLOW ? task->residual : 0;
  if (in_bytes > 0) answer.data = in.substr(0, in_bytes - std::min(in_bytes, residual));
  // Two bytes of length, then the sense data.
  if (answer.status == Status::kCheckCondition && task->datain.size > 2) {
    answer.sense.assign(reinterpret_cast<char*>(task->datain.data) + 2, task->datain.size - 2);
  }
  scsi_free_scsi_task(task);
  return answer;
}

bool IscsiHost::ResetUnit(int lun) {
  return iscsi_task_mgmt_lun_reset_sync(context_, static_cast<uint32_t>(lun)) == 0;
}

Answer ReadBlock(IscsiHost& host, int lun, uint32_t bytes) {
  return host.Send(lun, Cdb6(0x08, bytes), {}, bytes);
}

Answer WriteBlock(IscsiHost& host, int lun, const std::string& block) {
  return host.Send(lun, Cdb6(0x0a, static_cast<uint32_t>(block.size())), block);
}

Answer WriteMarks(IscsiHost& host, int lun, uint32_t count) {
  return host.Send(lun, Cdb6(0x10, count));
}

uint64_t Position(IscsiHost& host, int lun) {
  return host.Send(lun, Raw({0x34, 0x06, 0, 0, 0, 0, 0, 0, 0, 0}), {}, 32).Number(8, 8);
}

}  // namespace oca::scsi
