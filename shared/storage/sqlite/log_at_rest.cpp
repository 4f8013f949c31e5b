#include "shared/storage/sqlite/log_at_rest.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace orders::sqlite {
namespace {

// 0 if it is not there.
std::int64_t size_of(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

}  // namespace

LogAtRest::LogAtRest(Connection& connection, WalBound& bound, const LogAtRestPace& pace)
    : connection_(connection),
      bound_(bound),
      pace_(pace),
      page_size_(Statement(connection, "PRAGMA page_size").number()),
      pages_of_database_(connection, "PRAGMA page_count"),
      others_version_(connection, "PRAGMA data_version"),
      unchanged_since_(std::chrono::steady_clock::now()),
      slow_since_(unchanged_since_) {}

void LogAtRest::cut_short_if_quiet(Turnstile& turnstile, const std::function<void()>& begin_log) {
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_look_) return;
    next_look_ = now + pace_.between_looks;
    if (!is_quiet(now) || !is_worth_it()) return;
    // Whatever comes of it, not again for a while.
    unchanged_since_ = now;
    slow_since_ = now;
    bound_.cut_log_short(turnstile, begin_log);
}

bool LogAtRest::is_quiet(SteadyTime now) {
    const std::int64_t others = others_version_.number();
    const bool has_committed = bound_.pages() != pages_;
    if (has_committed || others != others_) unchanged_since_ = now;
    others_ = others;
    pages_ = bound_.pages();
    if (!has_committed) return now - unchanged_since_ >= pace_.quiet;
    if (std::abs(pages_ - slow_from_) > quiet_pages) {
        slow_from_ = pages_;
        slow_since_ = now;
    }
    return now - slow_since_ >= pace_.quiet;
}

bool LogAtRest::is_worth_it() {
    const std::string path = connection_.path();
    return size_of(path + "-wal") > short_log_bytes ||
           size_of(path) > pages_of_database_.number() * page_size_;
}

}  // namespace orders::sqlite
