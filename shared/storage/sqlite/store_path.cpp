#include "shared/storage/sqlite/store_path.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <string_view>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

constexpr int most_links = 40;  // as many as the kernel follows

[[noreturn]] void refuse(const std::string& path, std::string_view detail, std::string_view hint) {
    throw unusable("open " + path, detail, hint);
}

// A file that is mounted by itself has its log and its locks in another directory than the same
// file under its other name.
bool is_mounted_by_itself(const std::string& path) {
    struct statx status {};
    if (::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, 0, &status) != 0) return false;
    return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

void require_plain_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;  // SQLite creates it, or says why it cannot
    if (!S_ISREG(status.st_mode)) {
        refuse(path, "it is not a plain file", "name a file on a local disk");
    }
    if (status.st_nlink > 1) {
        refuse(path, "the file has several names (hard links), each of which would be a store",
               "remove the other names, or make the store elsewhere from a backup");
    }
    if (is_mounted_by_itself(path)) {
        refuse(path, "the file is mounted by itself, without its log and its locks",
               "mount its directory instead");
    }
}

}  // namespace

std::string usable_path(const std::string& location) {
    std::error_code error;
    const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(location), error);
    if (error || !std::filesystem::is_directory(path.parent_path(), error)) {
        refuse(location, "there is no directory " + path.parent_path().string(), "create it first");
    }
    if (std::filesystem::is_directory(path, error)) {
        refuse(location, "it is a directory", "name the file in it");
    }
    return path.string();
}

std::string store_path(const std::string& location) {
    std::filesystem::path path = usable_path(location);
    // What is left of links now points to nothing yet.
    std::error_code error;
    for (int links = 0; std::filesystem::is_symlink(path, error); ++links) {
        if (links == most_links) refuse(location, "its links lead to each other", "mend the links");
        path = usable_path(path.parent_path() / std::filesystem::read_symlink(path, error));
    }
    require_plain_file(path);
    return path.string();
}

std::string existing_store_path(const std::string& location) {
    std::string path = store_path(location);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        throw unusable("open " + location, "there is no such file");
    }
    return path;
}

}  // namespace orders::sqlite
