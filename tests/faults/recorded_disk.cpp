#include "tests/faults/recorded_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/seed.h"

namespace orders::test {
namespace {

constexpr std::size_t sector_bytes = 512;
constexpr char vfs_name[] = "recorded-disk";

RecordedDisk* disk = nullptr;
sqlite3_vfs* real_vfs = nullptr;

// A file as SQLite sees it; the real one lies right behind it in the memory that SQLite provides.
struct RecordedFile {
    sqlite3_file base;
    std::string* path;

    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

RecordedFile& recorded(sqlite3_file* file) {
    return *reinterpret_cast<RecordedFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
    return recorded(file).real();
}
const sqlite3_io_methods& real_methods(sqlite3_file* file) {
    return *real(file)->pMethods;
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    const int code = real_methods(file).xWrite(real(file), bytes, size, offset);
    if (code == SQLITE_OK) {
        disk->note_write(*recorded(file).path, offset,
                         {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    }
    return code;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const int code = real_methods(file).xTruncate(real(file), size);
    if (code == SQLITE_OK) disk->note_truncation(*recorded(file).path, size);
    return code;
}

int sync(sqlite3_file* file, int flags) {
    const int code = real_methods(file).xSync(real(file), flags);
    if (code == SQLITE_OK) disk->note_sync(*recorded(file).path);
    return code;
}

int close(sqlite3_file* file) {
    const int code = real_methods(file).xClose(real(file));
    delete recorded(file).path;
    return code;
}

// Everything but the four above goes to the real file as it is.
constexpr sqlite3_io_methods file_methods{
    .iVersion = 2,  // with shared memory, without mapping the database
    .xClose = close,
    .xRead = [](sqlite3_file* f, void* to, int n,
                sqlite3_int64 at) { return real_methods(f).xRead(real(f), to, n, at); },
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = [](sqlite3_file* f,
                    sqlite3_int64* n) { return real_methods(f).xFileSize(real(f), n); },
    .xLock = [](sqlite3_file* f, int level) { return real_methods(f).xLock(real(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return real_methods(f).xUnlock(real(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* is) { return real_methods(f).xCheckReservedLock(real(f), is); },
    .xFileControl = [](sqlite3_file* f, int op,
                       void* arg) { return real_methods(f).xFileControl(real(f), op, arg); },
    .xSectorSize = [](sqlite3_file* f) { return real_methods(f).xSectorSize(real(f)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* f) { return real_methods(f).xDeviceCharacteristics(real(f)); },
    .xShmMap =
        [](sqlite3_file* f, int page, int size, int extend, void volatile** to) {
            return real_methods(f).xShmMap(real(f), page, size, extend, to);
        },
    .xShmLock = [](sqlite3_file* f, int at, int n,
                   int flags) { return real_methods(f).xShmLock(real(f), at, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { real_methods(f).xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f,
                    int remove) { return real_methods(f).xShmUnmap(real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
    RecordedFile& opened = recorded(file);
    opened.base.pMethods = nullptr;  // not open
    const int code = real_vfs->xOpen(real_vfs, name, opened.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    opened.path = new std::string(name == nullptr ? "" : name);
    opened.base.pMethods = &file_methods;
    return SQLITE_OK;
}

sqlite3_vfs recording_vfs() {
    sqlite3_vfs vfs = *real_vfs;  // all else is as with the real one
    vfs.szOsFile = static_cast<int>(sizeof(RecordedFile)) + real_vfs->szOsFile;
    vfs.zName = vfs_name;
    vfs.xOpen = open;
    vfs.pNext = nullptr;
    return vfs;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

void put(std::string& content, std::size_t offset, std::string_view bytes) {
    content.resize(std::max(content.size(), offset + bytes.size()));
    bytes.copy(&content[offset], bytes.size());
}

void put_some_sectors(std::string& content, std::size_t offset, std::string_view bytes,
                      std::mt19937& random) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length =
            std::min(bytes.size() - at, sector_bytes - (offset + at) % sector_bytes);
        if (any_of(random, 0, 1) == 1) put(content, offset + at, bytes.substr(at, length));
        at += length;
    }
}

}  // namespace

RecordedDisk::RecordedDisk(const std::string& database)
    : database_(database), log_(database + "-wal") {
    assert(disk == nullptr);
    for (const std::string& path : {database_, log_}) initially_[path] = content_of(path);
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find("unix");
    vfs = recording_vfs();
    disk = this;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) throw std::runtime_error("register a VFS");
}

RecordedDisk::~RecordedDisk() {
    sqlite3_vfs_unregister(sqlite3_vfs_find(vfs_name));
    sqlite3_vfs_register(real_vfs, 1);
    disk = nullptr;
}

bool RecordedDisk::is_recorded(const std::string& path) const {
    return path == database_ || path == log_;
}

void RecordedDisk::note_write(const std::string& path, std::int64_t offset,
                              std::string_view bytes) {
    if (!is_recorded(path)) return;
    const std::lock_guard lock(mutex_);
    steps_.push_back({What::write, path, offset, std::string(bytes)});
}

void RecordedDisk::note_truncation(const std::string& path, std::int64_t size) {
    if (!is_recorded(path)) return;
    const std::lock_guard lock(mutex_);
    steps_.push_back({What::truncation, path, size, {}});
}

void RecordedDisk::note_sync(const std::string& path) {
    if (!is_recorded(path)) return;
    const std::lock_guard lock(mutex_);
    steps_.push_back({What::sync, path, 0, {}});
}

std::size_t RecordedDisk::now() const {
    const std::lock_guard lock(mutex_);
    return steps_.size();
}

std::string RecordedDisk::image_of(const std::string& path, std::size_t moment,
                                   std::mt19937& random) const {
    std::size_t synced_until = 0;
    for (std::size_t at = 0; at < moment; ++at) {
        if (steps_[at].path == path && steps_[at].what == What::sync) synced_until = at;
    }
    std::string content = initially_.at(path);
    for (std::size_t at = 0; at < moment; ++at) {
        const Step& step = steps_[at];
        if (step.path != path || step.what == What::sync) continue;
        enum Fate { kept, dropped, torn };
        const auto fate = at < synced_until ? kept : static_cast<Fate>(any_of(random, 0, 2));
        const auto offset = static_cast<std::size_t>(step.offset);
        if (step.what == What::truncation) {
            if (fate == kept) content.resize(offset);
        } else if (fate == kept) {
            put(content, offset, step.bytes);
        } else if (fate == torn) {
            put_some_sectors(content, offset, step.bytes, random);
        }
    }
    return content;
}

void RecordedDisk::write_crash_image(std::size_t moment, std::mt19937& random,
                                     const std::string& database) const {
    const std::lock_guard lock(mutex_);
    write_file(database, image_of(database_, moment, random));
    write_file(database + "-wal", image_of(log_, moment, random));
}

}  // namespace orders::test
