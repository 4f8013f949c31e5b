#include "shared/program/housekeeping_settings.h"

#include <chrono>
#include <string>

namespace orders {
namespace {

constexpr std::int64_t ten_years = 3'650 * 86'400LL;
constexpr std::int64_t bytes_per_megabyte = 1'048'576;
constexpr std::int64_t most_megabytes = 100'000'000;

}  // namespace

HousekeepingSettingsReader::HousekeepingSettingsReader(SettingsReader& reader,
                                                       std::string_view prefix)
    : keep_processed_(reader.integer(
          {"keep-processed-seconds", std::string(prefix) + "_KEEP_PROCESSED_SECONDS",
           "how long after its end a Processed order is deleted; 0 keeps it for ever"},
          0, {0, ten_years, "seconds"})),
      keep_failed_(
          reader.integer({"keep-failed-seconds", std::string(prefix) + "_KEEP_FAILED_SECONDS",
                          "the same for a Failed or Cancelled order"},
                         0, {0, ten_years, "seconds"})),
      max_megabytes_(reader.integer(
          {"retention-max-mb", std::string(prefix) + "_RETENTION_MAX_MB",
           "the oldest orders that have ended are deleted while all take up more; 0 is no bound"},
          0, {0, most_megabytes, "MiB"})) {}

RetentionOptions HousekeepingSettingsReader::values() const {
    return {.keep_processed = std::chrono::seconds(keep_processed_.value()),
            .keep_failed = std::chrono::seconds(keep_failed_.value()),
            .max_bytes = max_megabytes_.value() * bytes_per_megabyte};
}

}  // namespace orders
