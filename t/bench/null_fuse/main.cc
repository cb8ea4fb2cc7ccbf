// null_fuse sink <mountpoint> | null_fuse pass <dir> <mountpoint>
// Serves until it is unmounted or told to end (SIGTERM). Two threads and 1 MiB requests, as ocafsd
// has.
#include <cstdio>
#include <cstring>
#include <string>

#include "t/bench/null_fuse/operations.h"

namespace {

int Serve(const fuse_lowlevel_ops& operations, const char* mountpoint) {
  char program[] = "null_fuse";
  char option[] = "-o";
  char values[] = "allow_other,default_permissions,fsname=null_fuse,subtype=null";
  char* argv[] = {program, option, values, nullptr};
  fuse_args args = FUSE_ARGS_INIT(3, argv);
  fuse_session* session = fuse_session_new(&args, &operations, sizeof(operations), nullptr);
  if (session == nullptr) return 1;
  int result = 1;
  if (fuse_set_signal_handlers(session) == 0) {
    if (fuse_session_mount(session, mountpoint) == 0) {
      fuse_loop_config* config = fuse_loop_cfg_create();
      fuse_loop_cfg_set_max_threads(config, 2);
      result = fuse_session_loop_mt(session, config) == 0 ? 0 : 1;
      fuse_loop_cfg_destroy(config);
      fuse_session_unmount(session);
    }
    fuse_remove_signal_handlers(session);
  }
  fuse_session_destroy(session);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "sink" && argc == 3) return Serve(oca::bench::SinkOperations(), argv[2]);
  if (mode == "pass" && argc == 4) {
    if (int error = oca::bench::OpenPassthroughRoot(argv[2]); error != 0) {
      std::fprintf(stderr, "null_fuse: %s: %s\n", argv[2], std::strerror(error));
      return 1;
    }
    return Serve(oca::bench::PassthroughOperations(), argv[3]);
  }
  std::fprintf(stderr, "usage: null_fuse sink <mountpoint> | null_fuse pass <dir> <mountpoint>\n");
  return 2;
}
