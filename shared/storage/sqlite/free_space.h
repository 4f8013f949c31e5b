#pragma once

// How much room there is where the database lies.

#include <cstdint>
#include <optional>
#include <string>

namespace orders::sqlite {

// Bytes that this user may still write on the file system of the path; empty where it does not say.
[[nodiscard]] std::optional<std::int64_t> free_bytes(const std::string& path);

}  // namespace orders::sqlite
