// Which file systems may hold a store, by the number that the kernel gives them.

#include "shared/storage/sqlite/file_system.h"

#include <doctest/doctest.h>
#include <linux/magic.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace orders::test {

using sqlite::file_system_kind;
using sqlite::FileSystemFitness;

TEST_CASE("file_system: local ones are fit for a store") {
    constexpr long btrfs = 0x9123683E;
    constexpr long f2fs = 0xF2F52010;
    constexpr long zfs = 0x2fc12fc1;
    constexpr long nothing_known = 0x12345;
    for (const long type : std::vector<long>{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, btrfs, f2fs, zfs,
                                             OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC, nothing_known}) {
        CAPTURE(type);
        CHECK(file_system_kind(type).fitness == FileSystemFitness::fit);
        CHECK(file_system_kind(type).name.empty());
    }
}

TEST_CASE("file_system: those that several machines share are not, and are named") {
    for (const auto& [type, name] : {std::pair<long, std::string>{NFS_SUPER_MAGIC, "NFS"},
                                     {SMB_SUPER_MAGIC, "SMB"},
                                     {SMB2_SUPER_MAGIC, "SMB"},
                                     {CIFS_SUPER_MAGIC, "SMB"},
                                     {V9FS_MAGIC, "9p"},
                                     {AFS_SUPER_MAGIC, "AFS"},
                                     {CODA_SUPER_MAGIC, "Coda"},
                                     {CEPH_SUPER_MAGIC, "Ceph"},
                                     {OCFS2_SUPER_MAGIC, "OCFS2"},
                                     {0x01161970, "GFS2"},
                                     {0x786f4256, "vboxsf"}}) {
        CHECK_EQ(file_system_kind(type).name, name);
        CHECK(file_system_kind(type).fitness == FileSystemFitness::unfit);
    }
}

TEST_CASE("file_system: a number whose sign is spread over 64 bits is the same file system") {
    CHECK_EQ(file_system_kind(static_cast<std::int32_t>(CIFS_SUPER_MAGIC)).name, "SMB");
    CHECK_EQ(file_system_kind(static_cast<std::int32_t>(SMB2_SUPER_MAGIC)).name, "SMB");
}

TEST_CASE("file_system: FUSE is doubtful: anything may be behind it") {
    CHECK(file_system_kind(FUSE_SUPER_MAGIC).fitness == FileSystemFitness::doubtful);
}

}  // namespace orders::test
