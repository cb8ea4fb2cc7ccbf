# Compiler settings, third-party packages, and the functions that every folder's CMakeLists.txt uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(OCA_WERROR "Treat warnings as errors" ON)
set(OCA_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

find_program(OCA_CCACHE ccache)
if(OCA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OCA_CCACHE}")
endif()
find_program(OCA_MOLD mold)
if(OCA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wshadow=local -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports overlaps inside std::string's own operator+ (GCC bug 105651).
  add_compile_options(-Wno-restrict)
  if(OCA_SANITIZE)
    # What a sanitizer adds to the code makes g++ see uses before a value that are none.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  # A unity build takes each .cc for a header that another one includes.
  add_compile_options(-Wno-subobject-linkage)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # -Wshadow=local is spelled differently, and gcc-only suppressions are unknown to clang.
  add_compile_options(-Wno-unknown-warning-option -Wthread-safety -Wthread-safety-beta)
endif()
if(OCA_WERROR)
  add_compile_options(-Werror)
endif()
if(OCA_SANITIZE)
  add_compile_options(-fsanitize=${OCA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OCA_SANITIZE})
endif()

include_directories("${CMAKE_SOURCE_DIR}")

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(RocksDB REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(pc_fuse3 REQUIRED IMPORTED_TARGET fuse3)
pkg_check_modules(pc_zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(pc_lz4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(pc_isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(pc_pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(pc_sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(pc_archive REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(pc_seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(pc_edit REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(pc_prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(pc_curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(pc_iscsi REQUIRED IMPORTED_TARGET libiscsi)

# oca_library(<name> SRCS a.cc ... [DEPS target ...] [SEPARATE])  A static library; its DEPS are the only modules that it may include.
# SEPARATE: its sources use the same file-local names, so builds that compile several sources at once compile these one by one.
function(oca_library name)
  cmake_parse_arguments(ARG "SEPARATE" "" "SRCS;DEPS" ${ARGN})
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS})
    if(ARG_SEPARATE)
      set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

# Puts t/support/tsan_absl.cc into the program: Debian's Abseil does not tell ThreadSanitizer about its locks.
function(oca_wrap_absl name)
  if(NOT TARGET oca_tsan_absl)
    add_library(oca_tsan_absl OBJECT "${CMAKE_SOURCE_DIR}/t/support/tsan_absl.cc")
  endif()
  target_sources(${name} PRIVATE $<TARGET_OBJECTS:oca_tsan_absl>)
endfunction()

# oca_binary(<name> SRCS a.cc ... [DEPS target ...] [SEPARATE])
function(oca_binary name)
  cmake_parse_arguments(ARG "SEPARATE" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  if(ARG_SEPARATE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(OCA_SANITIZE STREQUAL "thread")
    oca_wrap_absl(${name})
  endif()
endfunction()

# oca_starts_quickly(<name>)  For a program that is run for a moment, again and again: it is linked with its larger libraries in it. Not for
# daemons, which share them in memory.
function(oca_starts_quickly name)
  if(NOT OCA_SANITIZE)
    set_target_properties(${name} PROPERTIES RULE_LAUNCH_LINK "${CMAKE_SOURCE_DIR}/cmake/static-link")
  endif()
endfunction()

# oca_module(<name> SRCS a.cc ... [DEPS target ...])  A shared object bin/<name>.so that another program loads: of itself it shows
# only what is marked so, and it keeps the C++ library's own names to itself as well.
function(oca_module name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(${name} MODULE ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_compile_options(${name} PRIVATE -fvisibility=hidden)
  target_link_options(${name} PRIVATE -Wl,--exclude-libs,ALL)
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()

# What the sanitizers look for at run time beyond their defaults, and whom they believe.
set(oca_test_environment "")
if(OCA_SANITIZE MATCHES "address")
  list(APPEND oca_test_environment
       "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
       "UBSAN_OPTIONS=print_stacktrace=1")
elseif(OCA_SANITIZE STREQUAL "thread")
  list(APPEND oca_test_environment
       "TSAN_OPTIONS=second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/t/support/tsan.supp")
endif()

# oca_label_test(<name> <label> <timeout> [<program>])  Gives a test its labels and deadline. Target tests_<label> builds what the tests of
# one label need, the program among it.
function(oca_label_test name label timeout)
  set_tests_properties(${name} PROPERTIES LABELS "${label}" TIMEOUT ${timeout}
                                          ENVIRONMENT "${oca_test_environment}")
  foreach(l IN LISTS label)
    if(NOT TARGET tests_${l})
      add_custom_target(tests_${l})
    endif()
    if(ARGN)
      add_dependencies(tests_${l} ${ARGN})
    endif()
  endforeach()
endfunction()

# oca_test(<name> LABEL unit SRCS a_test.cc ... [DEPS target ...] [TIMEOUT s] [SHARDS n] [THREADS] [SEPARATE])  A GoogleTest program, one CTest
# entry; with SHARDS so many entries <name>_1 ..., which share its tests among them: for a program that takes long. THREADS: it has threads, so
# it also runs under ThreadSanitizer. SEPARATE: as for a library.
function(oca_test name)
  cmake_parse_arguments(ARG "THREADS;SEPARATE" "LABEL;TIMEOUT;SHARDS" "SRCS;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(ARG_THREADS)
    list(APPEND ARG_LABEL threads)
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock_main)
  if(ARG_SEPARATE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  if(OCA_SANITIZE STREQUAL "thread")
    oca_wrap_absl(${name})
  endif()
  if(NOT ARG_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    oca_label_test(${name} "${ARG_LABEL}" ${ARG_TIMEOUT} ${name})
    return()
  endif()
  foreach(number RANGE 1 ${ARG_SHARDS})
    math(EXPR index "${number} - 1")
    add_test(NAME ${name}_${number} COMMAND ${name})
    oca_label_test(${name}_${number} "${ARG_LABEL}" ${ARG_TIMEOUT} ${name})
    set_property(TEST ${name}_${number} APPEND PROPERTY ENVIRONMENT GTEST_TOTAL_SHARDS=${ARG_SHARDS} GTEST_SHARD_INDEX=${index})
  endforeach()
endfunction()

# oca_script_test(<name> LABEL e2e COMMAND program args ... [DEPS target ...] [TIMEOUT s])  A test that is a script, run from the top of the
# tree. DEPS: the programs that it needs.
function(oca_script_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "COMMAND;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${ARG_COMMAND} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  oca_label_test(${name} "${ARG_LABEL}" ${ARG_TIMEOUT})
  if(ARG_DEPS)
    add_dependencies(tests_${ARG_LABEL} ${ARG_DEPS})
  endif()
endfunction()
enable_testing()

# oca_migrations(<file.cc> FOLDER dir HEADER x.h NAMESPACE a::b)  Makes a source file in the build folder that defines x.h's
# std::vector<db::Migration> Migrations(): the files NNNN_name.sql of the folder.
function(oca_migrations source)
  cmake_parse_arguments(ARG "" "FOLDER;HEADER;NAMESPACE" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS "${ARG_FOLDER}/*.sql")
  list(SORT files)
  set(entries "")
  foreach(path IN LISTS files)
    get_filename_component(file "${path}" NAME)
    if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
      message(FATAL_ERROR "${path}: the name must be NNNN_name.sql")
    endif()
    set(name "${CMAKE_MATCH_2}")
    string(REGEX REPLACE "^0+" "" number "${CMAKE_MATCH_1}")
    file(READ "${path}" sql)
    string(APPEND entries "      {${number}, \"${name}\", R\"oca_sql(${sql})oca_sql\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${source}" CONTENT [[
#include "@ARG_HEADER@"

namespace @ARG_NAMESPACE@ {

std::vector<db::Migration> Migrations() {
  return {
@entries@  };
}

}  // namespace @ARG_NAMESPACE@
]] @ONLY)
endfunction()
