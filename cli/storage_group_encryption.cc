// oca storage_group --encryption, --setpassphrase, --unlock
#include <memory>
#include <string>

#include "cli/session.h"
#include "cli/values.h"
#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"

namespace oca::cli {
namespace {

using management::v1::Management;

namespace mgmt = management::v1;

struct EncryptionFlags {
  std::string name;
  std::string set;
  std::string mode;
  std::string interval;
};

std::string EncryptionRecord(const mgmt::StorageGroup& group) {
  const fs::v1::Encryption& encryption = group.encryption();
  Record record;
  record.Add("Name", group.name())
      .Add("Encryption", encryption.on() ? "on" : "off")
      .Add("Keys", EnumWord(encryption.keys()));
  if (!encryption.problem().empty()) record.Add("Problem", encryption.problem());
  record.Add("Mode", EnumWord(encryption.mode()))
      .Add("Rotation Interval", RotationText(encryption.rotation_seconds()))
      .Add("Content Keys", std::to_string(encryption.content_keys()))
      .Add("Newest Key", TimeText(encryption.newest_key()))
      .Add("Encryption Status", EnumWord(encryption.state()))
      .Add("Progress", PercentText(encryption.progress_percent()))
      .Add("Plain", BytesText(encryption.plain_bytes()))
      .Add("Encrypted", BytesText(encryption.encrypted_bytes()));
  return record.Text();
}

void PrintEncryption(Session& session, std::string_view done, const mgmt::StorageGroup& group) {
  if (session.json()) {
    session.PrintJson(ToJson(group));
  } else {
    session.Print(fmt::format("{}{}", done, EncryptionRecord(group)));
  }
}

absl::StatusOr<mgmt::StorageGroup> FindEncrypted(Session& session, const std::string& name) {
  mgmt::ListStorageGroupsRequest request;
  request.set_name(name);
  mgmt::ListStorageGroupsResponse list;
  OCA_RETURN_IF_ERROR(session.Call(&Management::Stub::ListStorageGroups, request, &list));
  if (!list.groups(0).has_encryption()) return absl::UnavailableError(list.notice());
  return list.groups(0);
}

// kInvalidArgument for words that contradict each other; what the group has where nothing is said.
absl::StatusOr<mgmt::EncryptStorageGroupRequest> WantedEncryption(const EncryptionFlags& flags,
                                                                  const fs::v1::Encryption& now) {
  mgmt::EncryptStorageGroupRequest request;
  request.set_name(flags.name);
  request.set_mode(now.on() ? now.mode() : fs::v1::ENCRYPTION_MODE_STATIC);
  if (!flags.mode.empty()) {
    OCA_ASSIGN_OR_RETURN(auto mode, ParseEncryptionMode(flags.mode));
    request.set_mode(mode);
  }
  const bool internal = request.mode() == fs::v1::ENCRYPTION_MODE_INTERNAL;
  if (!internal && !flags.interval.empty()) {
    return absl::InvalidArgumentError("--interval goes with --mode internal only");
  }
  if (internal) request.set_rotation_seconds(now.rotation_seconds());
  if (!flags.interval.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t seconds, ParseRotation(flags.interval));
    request.set_rotation_seconds(seconds);
  }
  if (internal && request.rotation_seconds() == 0) {
    return absl::InvalidArgumentError("--mode internal needs --interval, 7days to 70years");
  }
  return request;
}

absl::Status Encryption(Session& session, EncryptionFlags& flags) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the storage group"));
  OCA_ASSIGN_OR_RETURN(mgmt::StorageGroup group, FindEncrypted(session, flags.name));
  const bool on = group.encryption().on();
  if (flags.set.empty() && flags.mode.empty() && flags.interval.empty()) {
    PrintEncryption(session, "", group);
    return absl::OkStatus();
  }
  if (flags.set == "OFF" || flags.set == "off") {
    if (on) {
      return absl::FailedPreconditionError(
          "encryption cannot be turned off again: copy the files to a container of another group");
    }
    PrintEncryption(session, "", group);
    return absl::OkStatus();
  }
  if (!flags.set.empty() && flags.set != "ON" && flags.set != "on") {
    return absl::InvalidArgumentError(fmt::format("'{}' is neither ON nor OFF", flags.set));
  }
  if (!on && flags.set.empty()) {
    return absl::InvalidArgumentError("encryption is off: --set ON turns it on");
  }
  OCA_ASSIGN_OR_RETURN(mgmt::EncryptStorageGroupRequest request,
                       WantedEncryption(flags, group.encryption()));
  if (!on) {
    OCA_RETURN_IF_ERROR(session.Confirm(
        fmt::format("Encryption of storage group '{}' cannot be turned off again, and without its "
                    "passphrase its data is lost. Go on?",
                    flags.name)));
  }
  mgmt::StorageGroup changed;
  OCA_RETURN_IF_ERROR(
      session.Call(&Management::Stub::EncryptStorageGroup, request, &changed, Patience::kChange));
  PrintEncryption(session, on ? "Encryption updated.\n" : "Encryption is on.\n", changed);
  return absl::OkStatus();
}

// Asks for the passphrase and hands it over by `method`.
template <typename Request>
absl::Status GivePassphrase(Session& session, EncryptionFlags& flags, bool twice,
                            std::string_view done, Patience patience,
                            grpc::Status (Management::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&,
                                                                     mgmt::StorageGroup*)) {
  OCA_RETURN_IF_ERROR(session.Require(&flags.name, "--name", "Name of the storage group"));
  OCA_ASSIGN_OR_RETURN(
      std::string passphrase,
      session.AskSecret("passphrase", fmt::format("Passphrase of storage group '{}'", flags.name),
                        twice));
  Request request;
  request.set_name(flags.name);
  request.set_passphrase(passphrase);
  mgmt::StorageGroup group;
  absl::Status status = session.Call(method, request, &group, patience);
  crypto::Wipe(passphrase.data(), passphrase.size());
  crypto::Wipe(request.mutable_passphrase()->data(), request.passphrase().size());
  OCA_RETURN_IF_ERROR(status);
  PrintEncryption(session, done, group);
  return absl::OkStatus();
}

}  // namespace

void AddStorageGroupEncryption(CLI::App* group, Session& session, const std::string& only) {
  auto flags = std::make_shared<EncryptionFlags>();
  flags->name = only;
  const auto add_name = [&](CLI::App* verb) {
    if (only.empty()) verb->add_option("--name", flags->name, "Which one");
  };
  const auto example = [&only](std::string_view verb, std::string_view rest) {
    return only.empty() ? fmt::format("Example:\n  oca storage_group --{} --name vms{}", verb, rest)
                        : fmt::format("Example:\n  oca performance_tier --{}{}", verb, rest);
  };
  CLI::App* encryption =
      group->add_subcommand("encryption", "Show encryption at rest, turn it on, change its mode");
  add_name(encryption);
  encryption->add_option("--set", flags->set, "ON; there is no way back to OFF");
  encryption->add_option("--mode", flags->mode,
                         "static (one key, the default) or internal (a new key at each interval)");
  encryption->add_option("--interval", flags->interval,
                         "Between two keys in internal mode: 7days to 70years");
  session.AddYes(encryption);
  session.Bind(encryption, [&session, flags] { return Encryption(session, *flags); });
  encryption->footer(example("encryption", " --set ON --mode internal --interval 90days"));

  CLI::App* set = group->add_subcommand(
      "setpassphrase", "Set or change the passphrase; asked for, or read from standard input");
  add_name(set);
  session.Bind(set, [&session, flags] {
    return GivePassphrase(session, *flags, /*twice=*/true, "Passphrase set.\n", Patience::kChange,
                          &Management::Stub::SetStorageGroupPassphrase);
  });
  set->footer(example("setpassphrase", " < /root/vms.passphrase"));

  CLI::App* unlock = group->add_subcommand(
      "unlock", "Unlock after a start; the passphrase is asked for, or read from standard input");
  add_name(unlock);
  session.Bind(unlock, [&session, flags] {
    return GivePassphrase(session, *flags, /*twice=*/false, "Storage group unlocked.\n",
                          Patience::kWork, &Management::Stub::UnlockStorageGroup);
  });
  unlock->footer(example("unlock", ""));
}

}  // namespace oca::cli
