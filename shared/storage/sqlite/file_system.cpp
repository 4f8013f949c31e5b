#include "shared/storage/sqlite/file_system.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <mutex>

#include "shared/log/log.h"
#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

struct Unfit {
    std::uint32_t type;
    const char* name;
};

// From <linux/magic.h>, or from the file system's own source if that has no name for it.
constexpr std::array unfit_file_systems{
    Unfit{NFS_SUPER_MAGIC, "NFS"},
    Unfit{SMB_SUPER_MAGIC, "SMB"},
    Unfit{SMB2_SUPER_MAGIC, "SMB"},
    Unfit{CIFS_SUPER_MAGIC, "SMB"},
    Unfit{V9FS_MAGIC, "9p"},
    Unfit{AFS_SUPER_MAGIC, "AFS"},
    Unfit{AFS_FS_MAGIC, "AFS"},
    Unfit{CODA_SUPER_MAGIC, "Coda"},
    Unfit{CEPH_SUPER_MAGIC, "Ceph"},
    Unfit{NCP_SUPER_MAGIC, "NCP"},
    Unfit{OCFS2_SUPER_MAGIC, "OCFS2"},
    Unfit{0x01161970, "GFS2"},                  // fs/gfs2: GFS2_MAGIC in <linux/gfs2_ondisk.h>
    Unfit{0x786f4256, "vboxsf"},                // fs/vboxsf: VBOXSF_SUPER_MAGIC
    Unfit{0xbacbacbc, "VMware shared folder"},  // open-vm-tools' hgfs module: HGFS_SUPER_MAGIC
    Unfit{0x0bd00bd0, "Lustre"},                // Lustre: LL_SUPER_MAGIC in lustre_user.h
    Unfit{0x47504653, "GPFS"},                  // IBM Storage Scale; the letters "GPFS"
};

std::string directory_of(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

}  // namespace

FileSystemKind file_system_kind(long type) {
    // The kernel's number has 32 bits; some come back with their sign spread over 64.
    const auto number = static_cast<std::uint32_t>(type);
    if (number == FUSE_SUPER_MAGIC) return {FileSystemFitness::doubtful, "FUSE"};
    for (const Unfit& unfit : unfit_file_systems) {
        if (unfit.type == number) return {FileSystemFitness::unfit, unfit.name};
    }
    return {};
}

void require_fit_file_system(const std::string& path) {
    const std::string directory = directory_of(path);
    struct statfs status {};
    // A file system that does not tell is tried; SQLite says what is wrong with it.
    if (::statfs(directory.c_str(), &status) != 0) return;
    const FileSystemKind kind = file_system_kind(static_cast<long>(status.f_type));
    if (kind.fitness == FileSystemFitness::unfit) {
        throw unusable(
            "use " + path,
            "its directory is on " + kind.name + ", where write-ahead logging would damage it",
            "keep the database on a local disk");
    }
    if (kind.fitness == FileSystemFitness::doubtful) {
        static std::once_flag warned;
        std::call_once(warned, [&] {
            log::warn("file system may not be safe for a database: keep it on a local disk",
                      {{"directory", directory}, {"type", kind.name}});
        });
    }
}

std::optional<std::int64_t> file_bytes(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return status.st_size;
}

std::optional<std::int64_t> free_bytes(const std::string& path) {
    struct statvfs status {};
    if (::statvfs(path.c_str(), &status) != 0) return std::nullopt;
    return static_cast<std::int64_t>(status.f_bavail) * static_cast<std::int64_t>(status.f_frsize);
}

}  // namespace orders::sqlite
