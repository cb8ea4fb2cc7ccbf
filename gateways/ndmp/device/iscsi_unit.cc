#include "gateways/ndmp/device/iscsi_unit.h"

#include <iscsi/iscsi.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::ndmp {
namespace {

constexpr int kLoginSeconds = 20;

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
  iscsi_set_timeout(context, 0);
  return unit;
}

IscsiUnit::~IscsiUnit() {
  iscsi_set_timeout(context_, kLoginSeconds);
  if (!lost_) iscsi_logout_sync(context_);
  // Tells a command that is under way that it is cancelled: what that needs is there still.
  iscsi_destroy_context(context_);
}

void IscsiUnit::FreeTask::operator()(scsi_task* task) const { scsi_free_scsi_task(task); }

void IscsiUnit::Start(const ScsiCommand& command) { started_ = Send(command); }

absl::Status IscsiUnit::Send(const ScsiCommand& command) {
  if (lost_) return absl::UnavailableError("the session with the library is lost");
  std::string cdb = command.cdb;
  reads_ = command.in_bytes > 0;
  const int direction = reads_                ? SCSI_XFER_READ
                        : command.out.empty() ? SCSI_XFER_NONE
                                              : SCSI_XFER_WRITE;
  expected_ = reads_ ? command.in_bytes : command.out.size();
  task_.reset(scsi_create_task(static_cast<int>(cdb.size()),
                               reinterpret_cast<unsigned char*>(cdb.data()), direction,
                               static_cast<int>(expected_)));
  if (task_ == nullptr) return absl::InvalidArgumentError("no such command descriptor block");
  answer_ = {};
  if (command.into == nullptr) answer_.in.resize(command.in_bytes);
  room_ = {command.into != nullptr ? command.into : answer_.in.data(), command.in_bytes};
  if (reads_) scsi_task_set_iov_in(task_.get(), &room_, 1);
  // libiscsi only reads it.
  iscsi_data out{command.out.size(),
                 reinterpret_cast<unsigned char*>(const_cast<char*>(command.out.data()))};
  timeout_ = std::max(absl::Seconds(1), command.timeout);
  status_.reset();
  auto answered = [](iscsi_context*, int status, void*, void* unit) {
    static_cast<IscsiUnit*>(unit)->status_ = status;
  };
  if (iscsi_scsi_command_async(context_, static_cast<int>(lun_), task_.get(), answered,
                               command.out.empty() ? nullptr : &out, this) != 0) {
    return Lose("a command was not sent");
  }
  // It goes now, as far as the socket takes it without a wait.
  if (iscsi_service(context_, POLLOUT) < 0) return Lose("a command was not sent");
  return absl::OkStatus();
}

absl::Status IscsiUnit::Lose(std::string_view what) {
  lost_ = true;
  return Lost(context_, what);
}

// libiscsi's own deadlines would count the time in which nobody looks for the answer.
absl::Status IscsiUnit::Await() {
  const absl::Time deadline = absl::Now() + timeout_;
  while (!status_) {
    pollfd socket{iscsi_get_fd(context_), static_cast<short>(iscsi_which_events(context_)), 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    const int ready = poll(&socket, 1, static_cast<int>(std::max<int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      lost_ = true;
      return absl::DeadlineExceededError("a command was not answered in time");
    }
    if (ready < 0 || iscsi_service(context_, socket.revents) < 0) {
      return Lose("a command was not answered");
    }
  }
  // libiscsi's own codes, of commands that were not answered, are beyond a byte.
  if (*status_ < 0 || *status_ > 0xff) return Lose("a command was not answered");
  return absl::OkStatus();
}

absl::StatusOr<ScsiAnswer> IscsiUnit::Finish() {
  OCA_RETURN_IF_ERROR(started_);
  OCA_RETURN_IF_ERROR(Await());
  answer_.status = static_cast<uint8_t>(*status_);
  const size_t residual = task_->residual_status == SCSI_RESIDUAL_UNDERFLOW ? task_->residual : 0;
  const auto moved = static_cast<uint32_t>(expected_ - std::min(expected_, residual));
  (reads_ ? answer_.in_bytes : answer_.out_bytes) = moved;
  answer_.in.resize(std::min<size_t>(answer_.in.size(), answer_.in_bytes));
  // Two bytes of length, then the sense data.
  if (answer_.status == kScsiCheckCondition && task_->datain.size > 2) {
    answer_.sense.assign(reinterpret_cast<char*>(task_->datain.data) + 2, task_->datain.size - 2);
  }
  return std::move(answer_);
}

}  // namespace oca::ndmp
