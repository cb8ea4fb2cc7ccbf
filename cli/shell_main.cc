#include <stdlib.h>

#include <string>
#include <vector>

#include "cli/shell.h"
#include "cli/terminal.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  oca::cli::Visitor visitor;
  visitor.command = Variable("SSH_ORIGINAL_COMMAND");
  // "client-address client-port server-address server-port"
  const std::string connection = Variable("SSH_CONNECTION");
  visitor.address = connection.substr(0, connection.find(' '));
  // Whatever else came with the connection means nothing here.
  if (clearenv() != 0) return 1;
  oca::cli::Context context = oca::cli::StandardContext("");
  return oca::cli::RunShell(std::vector<std::string>(argv + 1, argv + argc), visitor, context);
}
