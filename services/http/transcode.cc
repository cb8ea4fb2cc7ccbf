#include "services/http/transcode.h"

#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"
#include "lib/base/status.h"
#include "lib/http/url.h"
#include "services/http/fields.h"

namespace oca::httpd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;

absl::Status ReadBody(const http::Request& request, Message* message) {
  if (request.body.empty()) return absl::OkStatus();
  if (!http::IsUtf8(request.body)) return absl::InvalidArgumentError("the body is no UTF-8");
  auto status = google::protobuf::util::JsonStringToMessage(request.body, message);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "the body is no {}: {}", message->GetDescriptor()->name(), std::string(status.message())));
}

absl::Status ReadQuery(const std::vector<std::pair<std::string, std::string>>& parameters,
                       Message* message) {
  for (const auto& [name, value] : parameters) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || !FitsInUrl(*field)) {
      return absl::InvalidArgumentError(
          fmt::format("{} has no parameter '{}'", message->GetDescriptor()->name(), name));
    }
    const auto* reflection = message->GetReflection();
    if (!field->is_repeated() && reflection->HasField(*message, field)) {
      return absl::InvalidArgumentError(fmt::format("the parameter '{}' is given twice", name));
    }
    OCA_RETURN_IF_ERROR(SetField(message, *field, value));
  }
  return absl::OkStatus();
}

absl::Status ReadPath(const std::vector<std::pair<std::string, std::string>>& fields,
                      Message* message) {
  const auto* reflection = message->GetReflection();
  for (const auto& [name, value] : fields) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      return absl::InternalError(fmt::format("{} has no text '{}', which its path names",
                                             message->GetDescriptor()->name(), name));
    }
    const std::string given = reflection->GetString(*message, field);
    if (!given.empty() && given != value) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is '{}' in the path and '{}' besides", name, value, given));
    }
    reflection->SetString(message, field, value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Message>> ToMessage(
    const Routes::Found& found, const std::vector<std::pair<std::string, std::string>>& parameters,
    const http::Request& request) {
  std::unique_ptr<Message> message(
      MessageFactory::generated_factory()->GetPrototype(found.method->input_type())->New());
  if (request.verb == "POST" || request.verb == "PATCH") {
    if (!parameters.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{} takes its fields in the body, and no parameter '{}'", request.verb,
                      parameters.front().first));
    }
    OCA_RETURN_IF_ERROR(ReadBody(request, message.get()));
  } else {
    if (!request.body.empty()) {
      return absl::InvalidArgumentError(fmt::format("{} takes no body", request.verb));
    }
    OCA_RETURN_IF_ERROR(ReadQuery(parameters, message.get()));
  }
  OCA_RETURN_IF_ERROR(ReadPath(found.fields, message.get()));
  return message;
}

absl::StatusOr<std::string> ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) {
    return absl::InternalError(
        fmt::format("the answer cannot be written as JSON: {}", std::string(status.message())));
  }
  return text + "\n";
}

}  // namespace oca::httpd
