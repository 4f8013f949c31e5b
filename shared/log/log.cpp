#include "shared/log/log.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include "shared/log/line_writer.h"
#include "shared/log/log_line.h"

namespace orders::log {

namespace {

std::atomic<Level> smallest_level{Level::info};
std::atomic<Format> line_format{Format::text};

std::string line_of(Level level, std::string_view event, std::span<const Field> fields) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return format_line(line_format.load(), now, level, event, fields);
}

LineWriter& standard_error() {
    static LineWriter writer(STDERR_FILENO, [](std::int64_t lost) {
        const Field count("count", lost);
        return line_of(Level::warn, "log lines lost", {&count, 1});
    });
    return writer;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) noexcept {
    if (!is_enabled(level)) return;
    try {
        standard_error().write(line_of(level, event, {fields.begin(), fields.size()}));
    } catch (...) {
        // Out of memory, at worst: there is nobody to tell, and no work should fail for its log.
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

void print(std::string_view line) noexcept {
    try {
        standard_error().write(std::string(line));
    } catch (...) {
        // As above.
    }
}

}  // namespace orders::log
