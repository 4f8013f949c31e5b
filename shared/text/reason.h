#pragma once

// What went wrong, in the words of people. A pure function, for any thread.

#include <exception>
#include <new>

namespace orders {

// what(), but for the library's own name for memory that has run out. Allocates nothing.
[[nodiscard]] inline const char* reason_of(const std::exception& error) noexcept {
    const bool is_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
    return is_memory ? "out of memory" : error.what();
}

}  // namespace orders
