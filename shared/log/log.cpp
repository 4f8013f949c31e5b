#include "shared/log/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "shared/log/log_line.h"
#include "shared/os/mutex.h"

namespace orders::log {

namespace {

std::atomic<Level> smallest_level{Level::info};
std::atomic<Format> line_format{Format::text};

Mutex line_mutex;

// Writes each line whole and never mixed with another: a pipe may take a long one in pieces.
void write_line(std::string line) {
    line += '\n';
    const MutexLock lock(line_mutex);
    for (std::string_view rest = line; !rest.empty();) {
        const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (written < 0 && errno != EINTR) return;  // there is nobody to tell
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) noexcept {
    if (!is_enabled(level)) return;
    try {
        const auto now =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        write_line(
            format_line(line_format.load(), now, level, event, {fields.begin(), fields.size()}));
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

}  // namespace orders::log
