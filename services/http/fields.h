// Fields of a message from the text that stands for them in paths and queries.
#ifndef OCA_SERVICES_HTTP_FIELDS_H_
#define OCA_SERVICES_HTTP_FIELDS_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace oca::httpd {

// Whether `field` can be given as text at all: a scalar, an enum or a time that is no secret.
bool FitsInUrl(const google::protobuf::FieldDescriptor& field);

// Sets `field` (a repeated one: adds to it). Enums go by name, with or without the type's prefix
// and in either case ("ROLE_MONITOR", "monitor"); times are of RFC 3339; truth is true or false.
// kInvalidArgument, naming the field.
absl::Status SetField(google::protobuf::Message* message,
                      const google::protobuf::FieldDescriptor& field, std::string_view text);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_FIELDS_H_
