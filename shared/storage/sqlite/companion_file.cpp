#include "shared/storage/sqlite/companion_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

std::optional<struct stat> status_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return status;
}

void take_owner_and_mode_of(const std::string& database, const FileDescriptor& file) {
    const auto status = status_of(database);
    if (!status) return;  // this user is about to make it
    // A file system may know neither. Then the file is this user's, as the database is.
    if (::geteuid() == 0 && ::fchown(file.get(), status->st_uid, status->st_gid) != 0) return;
    (void)::fchmod(file.get(), status->st_mode & 0777U);
}

std::string hint_for(const std::string& path, int error) {
    if (error != EACCES && error != EPERM) return companion_hint();
    const std::string directory = std::filesystem::path(path).parent_path().string();
    const auto of_file = status_of(path);
    const auto status = of_file ? of_file : status_of(directory);
    if (!status) return companion_hint();
    return (of_file ? path : "the directory " + directory) + " belongs to the user " +
           std::to_string(status->st_uid) + " and is not writable for the user " +
           std::to_string(::geteuid()) + ": all processes must run as the same user";
}

}  // namespace

std::string companion_hint() {
    return must_be_writable("the directory of the database");
}

FileDescriptor open_companion_file(const std::string& path) {
    // Exclusively, so that what this process gives away is a file that it made, whatever somebody
    // may have put under the name.
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.is_open()) {
        take_owner_and_mode_of(std::filesystem::path(path).replace_extension().string(), file);
        return file;
    }
    int error = errno;
    if (error == EEXIST) {
        file = FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        error = errno;
    }
    if (!file.is_open()) throw file_error("open " + path, error, hint_for(path, error));
    return file;
}

}  // namespace orders::sqlite
