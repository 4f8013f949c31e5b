#pragma once

// A disk that remembers every write and every sync of a database and its write-ahead log, so that a
// test can look at what a power cut would have left behind at any moment: the crash image. It holds
// all that was synced by then; of what was not, each write is there, or not, or in part (sectors of
// 512 bytes, as disks write them), each independent of the others, because nothing orders writes
// between two syncs.
//
// It works as SQLite's default VFS, for connections that this process opens while it lives, and
// passes everything on to the real one. There is one at a time; everything is recorded in the order
// in which it happened, from whatever thread.
//
// After the crash tests of SQLite (https://sqlite.org/testing.html, "Crash Testing").

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace orders::test {

class RecordedDisk {
   public:
    // Records what happens to the database and to its log, from now on: what they hold now counts
    // as synced.
    explicit RecordedDisk(const std::string& database);
    ~RecordedDisk();
    RecordedDisk(const RecordedDisk&) = delete;
    RecordedDisk& operator=(const RecordedDisk&) = delete;

    // How much has happened so far: a moment for write_crash_image().
    [[nodiscard]] std::size_t now() const;

    // Writes database and log as they might be after a crash at that moment.
    void write_crash_image(std::size_t moment, std::mt19937& random,
                           const std::string& database) const;

    // What the VFS reports. `size` is the length to truncate to.
    void note_write(const std::string& path, std::int64_t offset, std::string_view bytes);
    void note_truncation(const std::string& path, std::int64_t size);
    void note_sync(const std::string& path);

   private:
    enum class What { write, truncation, sync };
    struct Step {
        What what;
        std::string path;
        std::int64_t offset = 0;  // or the size, of a truncation
        std::string bytes;
    };
    [[nodiscard]] bool is_recorded(const std::string& path) const;
    [[nodiscard]] std::string image_of(const std::string& path, std::size_t moment,
                                       std::mt19937& random) const;

    const std::string database_;
    const std::string log_;
    std::map<std::string, std::string> initially_;  // content by path

    mutable std::mutex mutex_;
    std::vector<Step> steps_;
};

}  // namespace orders::test
