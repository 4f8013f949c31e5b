#include "shared/storage/sqlite/sync_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>

#include "shared/log/log.h"
#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

std::error_code warn_of_unsynced(const std::string& directory, const std::error_code& why) {
    static std::once_flag warned;
    std::call_once(warned, [&] {
        log::warn("directory cannot be synced: a power cut may lose its newest files",
                  {{"directory", directory}, {"detail", why.message()}});
    });
    return {};
}

}  // namespace

std::error_code sync_directory_of(const std::string& path) {
    std::error_code error;
    const std::string directory = std::filesystem::absolute(path, error).parent_path().string();
    if (error) return error;
    const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file.is_open()) {
        error.assign(errno, std::generic_category());
        return error.value() == EACCES ? warn_of_unsynced(directory, error) : error;
    }
    if (::fsync(file.get()) == 0) return {};
    error.assign(errno, std::generic_category());
    // Anything else, EIO above all, says that the sync was tried and failed.
    const bool is_impossible =
        error.value() == EINVAL || error.value() == ENOTSUP || error.value() == ENOSYS;
    return is_impossible ? warn_of_unsynced(directory, error) : error;
}

void sync_names(const std::string& path) {
    const std::error_code error = sync_directory_of(path);
    if (!error) return;
    throw unusable("sync the directory of " + path, error.message(),
                   "check the disk and the kernel's log");
}

}  // namespace orders::sqlite
