#include "shared/log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "shared/log/log_line.h"

namespace orders::log {

namespace {

std::atomic<Level> smallest_level{Level::info};
std::atomic<Format> line_format{Format::text};

// Writes whole lines to standard error, each at once. Never destroyed, because threads and
// destructors may log until the very end of the process.
spdlog::logger& line_writer() {
    static spdlog::logger* const writer = [] {
        auto made = std::make_unique<spdlog::logger>(
            "log", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::trace);
        return made.release();
    }();
    return *writer;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) noexcept {
    if (!is_enabled(level)) return;
    try {
        const auto now =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        const std::string line =
            format_line(line_format.load(), now, level, event, {fields.begin(), fields.size()});
        line_writer().log(spdlog::level::info, line);
    } catch (...) {
        // Out of memory, at worst. There is nobody to tell, and no work should fail for its log.
    }
}

}  // namespace

void configure(Level level, Format format) {
    smallest_level.store(level);
    line_format.store(format);
}

bool is_enabled(Level level) noexcept {
    return level >= smallest_level.load(std::memory_order_relaxed);
}

void debug(std::string_view event, std::initializer_list<Field> fields) noexcept {
    write(Level::debug, event, fields);
}

void info(std::string_view event, std::initializer_list<Field> fields) noexcept {
    write(Level::info, event, fields);
}

void warn(std::string_view event, std::initializer_list<Field> fields) noexcept {
    write(Level::warn, event, fields);
}

void error(std::string_view event, std::initializer_list<Field> fields) noexcept {
    write(Level::error, event, fields);
}

}  // namespace orders::log
