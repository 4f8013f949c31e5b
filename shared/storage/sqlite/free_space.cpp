#include "shared/storage/sqlite/free_space.h"

#include <sys/statvfs.h>

namespace orders::sqlite {

std::optional<std::int64_t> free_bytes(const std::string& path) {
    struct statvfs file_system {};
    if (::statvfs(path.c_str(), &file_system) != 0) return std::nullopt;
    return static_cast<std::int64_t>(file_system.f_bavail) *
           static_cast<std::int64_t>(file_system.f_frsize);
}

}  // namespace orders::sqlite
