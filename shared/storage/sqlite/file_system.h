#pragma once

// What the store needs from the file system that it lies on: locks that all processes see, and
// memory that they share. Network file systems promise both and break the promise sooner or later,
// with a damaged database; so they are refused by their type, before a store on one is opened for
// work or for reading.
//
// Copying and verifying (maintenance.h) accept a store anywhere: a backup has no write-ahead
// log, and may well be kept, and checked, on a file server.

#include <cstdint>
#include <optional>
#include <string>

namespace orders::sqlite {

enum class FileSystemFitness {
    fit,
    doubtful,  // FUSE: anything may be behind it, such as a host's directory (virtiofs)
    unfit,     // shared over a network, or with another kernel
};

struct FileSystemKind {
    FileSystemFitness fitness = FileSystemFitness::fit;
    std::string name;  // empty if it is fit
};

// `type` is the number that statfs() gives.
[[nodiscard]] FileSystemKind file_system_kind(long type);

// Checks the directory that the file is in, or is to be in. Throws StoreError (unusable) if it is
// unfit; warns in the log, once per process, if it is doubtful.
void require_fit_file_system(const std::string& path);

// What the file has; empty if it is not there.
[[nodiscard]] std::optional<std::int64_t> file_bytes(const std::string& path);

// Bytes that this user may still write on the file system of that file; empty if it does not say.
[[nodiscard]] std::optional<std::int64_t> free_bytes(const std::string& path);

}  // namespace orders::sqlite
