// What ocavtl is told and keeps, with libraries that cannot be served: no tgtd is started.
#include "gateways/vtl/ocavtl/manager.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::vtl {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ManagerTest : public testing::Test {
 protected:
  ManagerTest() { std::filesystem::create_directory(dir_.Path("run")); }

  std::unique_ptr<Manager> Start() {
    auto manager = Manager::Start({dir_.Path("copy"), dir_.Path("run"), "none"});
    EXPECT_OK(manager.status());
    return *std::move(manager);
  }
  // A library whose container is not there.
  v1::Library Lost(uint32_t id) const {
    v1::Library library;
    library.set_id(id);
    library.set_name("lib" + std::to_string(id));
    library.set_folder(dir_.Path("nowhere/library"));
    library.set_serial("ABCDEF");
    library.mutable_spec()->set_drives(1);
    library.mutable_spec()->set_slots(1);
    library.mutable_spec()->set_generation(4);
    library.set_make(true);
    library.set_target("iqn.2026-11.local.oca:lib");
    library.set_portal("127.0.0.1:" + std::to_string(1000 + id));
    return library;
  }
  static size_t Count(Manager& manager) {
    auto list = manager.List({});
    EXPECT_OK(list.status());
    return static_cast<size_t>(list->libraries_size());
  }

  support::TempDir dir_;
};

TEST_F(ManagerTest, WhatCannotBeServedSaysWhyAndIsKept) {
  v1::ApplyRequest wish;
  *wish.add_libraries() = Lost(1);
  {
    std::unique_ptr<Manager> manager = Start();
    EXPECT_EQ(Count(*manager), 0u);
    ASSERT_OK_AND_ASSIGN(v1::ApplyResponse answer, manager->Apply(wish));
    ASSERT_THAT(answer.libraries(), SizeIs(1));
    EXPECT_EQ(answer.libraries(0).state(), v1::SERVICE_STATE_FAILED);
    EXPECT_THAT(answer.libraries(0).error(), HasSubstr("nowhere"));
    EXPECT_THAT(manager->ListServed().libraries(), IsEmpty());
    v1::AddCartridgesRequest add;
    add.set_name("lib1");
    add.set_generation(4);
    EXPECT_THAT(manager->AddCartridges(add).status(), StatusIs(StatusCode::kNotFound));
  }
  std::unique_ptr<Manager> manager = Start();
  EXPECT_EQ(Count(*manager), 1u);
  EXPECT_OK(manager->Apply({}).status());
  EXPECT_EQ(Count(*manager), 0u);
  v1::ListLibrariesRequest one;
  one.set_name("lib1");
  EXPECT_THAT(manager->List(one).status(), StatusIs(StatusCode::kNotFound));
}

TEST_F(ManagerTest, WishesThatContradictThemselvesChangeNothing) {
  std::unique_ptr<Manager> manager = Start();
  v1::ApplyRequest wish;
  *wish.add_libraries() = Lost(1);
  ASSERT_OK(manager->Apply(wish).status());
  v1::ApplyRequest twice = wish;
  *twice.add_libraries() = Lost(1);
  EXPECT_THAT(manager->Apply(twice).status(), StatusIs(StatusCode::kInvalidArgument));
  v1::ApplyRequest one_portal = wish;
  *one_portal.add_libraries() = Lost(2);
  one_portal.mutable_libraries(1)->set_portal(one_portal.libraries(0).portal());
  EXPECT_THAT(manager->Apply(one_portal).status(), StatusIs(StatusCode::kInvalidArgument));
  v1::ApplyRequest no_portal = wish;
  no_portal.mutable_libraries(0)->set_portal("3260");
  EXPECT_THAT(manager->Apply(no_portal).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Count(*manager), 1u);
}

TEST_F(ManagerTest, ACopyThatCannotBeReadIsNoCopy) {
  std::ofstream(dir_.Path("copy")) << "{ \"libraries\": [";
  std::unique_ptr<Manager> manager = Start();
  EXPECT_EQ(Count(*manager), 0u);
  v1::ApplyRequest wish;
  *wish.add_libraries() = Lost(1);
  EXPECT_OK(manager->Apply(wish).status());
  manager.reset();
  manager = Start();
  EXPECT_EQ(Count(*manager), 1u);
}

TEST_F(ManagerTest, ManyMayAskWhileWishesChange) {
  std::unique_ptr<Manager> manager = Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (uint32_t round = 0; round < 10; ++round) {
        v1::ApplyRequest wish;
        for (uint32_t id = 1; id <= 1 + (round + static_cast<uint32_t>(i)) % 3; ++id) {
          *wish.add_libraries() = Lost(id);
        }
        EXPECT_OK(manager->Apply(wish).status());
      }
    });
    threads.emplace_back([&] {
      for (int round = 0; round < 10; ++round) EXPECT_LE(Count(*manager), 3u);
    });
  }
  for (std::thread& each : threads) each.join();
}

}  // namespace
}  // namespace oca::vtl
