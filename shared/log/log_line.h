#pragma once

// How an event looks as a line of the log, and how text from outside is made safe to show: whatever
// it holds, the result is one line of valid UTF-8 without control characters, so nobody can forge a
// line or steer the reader's terminal. Pure functions, for any thread; they throw nothing but
// std::bad_alloc.

#include <span>
#include <string>
#include <string_view>

#include "shared/domain/utc_time.h"
#include "shared/log/log.h"

namespace orders::log {

// Without the line's end. In JSON a field is left out if its name is one of the line's own (time,
// level, event) or that of an earlier field: a line must not say two things under one name.
[[nodiscard]] std::string format_line(Format format, UtcTime time, Level level,
                                      std::string_view event, std::span<const Field> fields);

// The text as it is if it is safe; otherwise with \u00xx for control characters and U+FFFD for
// bytes that are not UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace orders::log
