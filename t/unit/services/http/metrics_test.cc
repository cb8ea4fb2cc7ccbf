#include "services/http/metrics.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace oca::httpd {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Text(const Figures& figures) {
  return prometheus::TextSerializer().Serialize(Families(figures));
}

TEST(Metrics, NamesUnitsAndLabels) {
  Figures figures;
  figures.system.set_ready(true);
  auto* part = figures.system.add_parts();
  part->set_name("ocafsd");
  part->set_up(true);
  figures.system.set_capacity_total_bytes(1000);
  figures.system.set_capacity_free_bytes(400);
  figures.has_stats = true;
  auto* group = figures.groups.add_groups();
  group->set_name("g\"1");
  group->set_current_bytes(5000);
  group->set_total_savings_percent(87.5);
  group->set_write_mib_per_s(2);
  auto* container = figures.containers.add_containers();
  container->set_name("c");
  container->set_current_files(7);
  figures.cleaner.set_state(fs::v1::JOB_STATE_RUNNING);
  figures.cleaner.set_debt_bytes(12);
  figures.cleaner.mutable_ended()->set_seconds(1769860800);
  const std::string text = Text(figures);
  for (const char* line :
       {"# TYPE oca_storage_group_logical_bytes gauge\n", "\noca_ready 1\n",
        "oca_part_up{part=\"ocafsd\"} 1\n", "oca_capacity_free_bytes 400\n",
        "oca_storage_group_logical_bytes{storage_group=\"g\\\"1\"} 5000\n",
        "oca_storage_group_savings_ratio{storage_group=\"g\\\"1\"} 0.875\n",
        "oca_storage_group_write_bytes_per_second{storage_group=\"g\\\"1\"} 2097152\n",
        "oca_container_files{container=\"c\"} 7\n", "oca_cleaner_running 1\n",
        "oca_cleaner_debt_bytes 12\n", "oca_cleaner_last_end_timestamp_seconds 1769860800\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, WhatIsNotKnownIsLeftOut) {
  Figures figures;
  const std::string text = Text(figures);
  EXPECT_THAT(text, HasSubstr("oca_ready 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("capacity")));
  EXPECT_THAT(text, Not(HasSubstr("cleaner")));
}

}  // namespace
}  // namespace oca::httpd
