#include "services/config/ssh_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"

namespace oca::config {
namespace {

constexpr std::array<std::string_view, 7> kKeyTypes = {"ssh-ed25519",
                                                       "sk-ssh-ed25519@openssh.com",
                                                       "ecdsa-sha2-nistp256",
                                                       "ecdsa-sha2-nistp384",
                                                       "sk-ecdsa-sha2-nistp256@openssh.com",
                                                       "ecdsa-sha2-nistp521",
                                                       "ssh-rsa"};
constexpr size_t kMinRsaBits = 2048;
constexpr size_t kMaxLineBytes = 16384;
constexpr size_t kMaxCommentBytes = 256;

// The next string of an ssh wire format (RFC 4251: length as 4 bytes, most significant first).
std::optional<std::string_view> TakeString(std::string_view* rest) {
  if (rest->size() < 4) return std::nullopt;
  size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>((*rest)[i]);
  if (rest->size() - 4 < size) return std::nullopt;
  std::string_view taken = rest->substr(4, size);
  rest->remove_prefix(4 + size);
  return taken;
}

size_t BitsOf(std::string_view number) {
  while (!number.empty() && number[0] == 0) number.remove_prefix(1);
  if (number.empty()) return 0;
  size_t bits = (number.size() - 1) * 8;
  for (unsigned first = static_cast<unsigned char>(number[0]); first != 0; first >>= 1) ++bits;
  return bits;
}

// The blob is of `type`, and as strong as it has to be. Empty = nothing is wrong.
std::string FaultOfBlob(std::string_view type, std::string_view bytes) {
  std::optional<std::string_view> named = TakeString(&bytes);
  if (!named.has_value() || *named != type) return "its data is not of its type";
  std::vector<std::string_view> parts;
  while (std::optional<std::string_view> part = TakeString(&bytes)) parts.push_back(*part);
  if (!bytes.empty() || parts.empty()) return "its data is cut off";
  if (type != "ssh-rsa") return "";
  if (parts.size() != 2) return "its data is not of its type";
  const size_t bits = BitsOf(parts[1]);
  return bits >= kMinRsaBits ? "" : fmt::format("RSA of {} bits is too weak: at least 2048", bits);
}

absl::Status Bad(std::string_view fault) {
  return absl::InvalidArgumentError(
      fmt::format("this is no public key for ssh: {}; give one line, as in id_ed25519.pub", fault));
}

// One word for a POSIX shell.
std::string ShellWord(std::string_view text) {
  std::string word = "'";
  for (char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// Inside of the double quotes of an option in authorized_keys.
std::string InOption(std::string_view text) {
  std::string option;
  for (char c : text) option += c == '"' ? std::string("\\\"") : std::string(1, c);
  return option;
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
}

}  // namespace

absl::StatusOr<SshKey> ParseSshKey(std::string_view line) {
  const absl::string_view trimmed =
      absl::StripAsciiWhitespace(absl::string_view(line.data(), line.size()));
  if (trimmed.size() > kMaxLineBytes) return Bad("it is too long");
  if (!IsPlain({trimmed.data(), trimmed.size()})) return Bad("it has more than one line");
  std::vector<std::string> words = absl::StrSplit(trimmed, ' ', absl::SkipEmpty());
  if (words.size() < 2) return Bad("it is no type and data");
  SshKey key;
  key.type = words[0];
  key.blob = words[1];
  key.comment =
      std::string(absl::StrJoin(words.begin() + 2, words.end(), " ")).substr(0, kMaxCommentBytes);
  if (std::find(kKeyTypes.begin(), kKeyTypes.end(), key.type) == kKeyTypes.end()) {
    return Bad(
        fmt::format("'{}' is none of {}", key.type.substr(0, 40), fmt::join(kKeyTypes, ", ")));
  }
  std::string bytes;
  if (!absl::Base64Unescape(key.blob, &bytes) || absl::Base64Escape(bytes) != key.blob) {
    return Bad("its data is no base64");
  }
  if (std::string fault = FaultOfBlob(key.type, bytes); !fault.empty()) return Bad(fault);
  OCA_ASSIGN_OR_RETURN(std::string digest, crypto::Sha256(bytes));
  std::string text = absl::Base64Escape(digest);
  while (text.back() == '=') text.pop_back();
  key.fingerprint = "SHA256:" + text;
  return key;
}

absl::StatusOr<std::string> AuthorizedKeys(std::span<const KeyOfUser> keys, std::string_view shell,
                                           std::string_view home) {
  if (!IsPlain(shell) || !IsPlain(home)) {
    return absl::InvalidArgumentError(
        "the path of the home or of oca-shell holds control characters");
  }
  std::string text = "# Made by ocaconfigsvc, which replaces it; oca user --addkey adds keys.\n";
  for (const KeyOfUser& one : keys) {
    const std::string command =
        fmt::format("{} --home {} --user {}", ShellWord(shell), ShellWord(home), one.user);
    text += fmt::format("restrict,pty,command=\"{}\" {} {}\n", InOption(command), one.key.type,
                        one.key.blob);
  }
  return text;
}

}  // namespace oca::config
