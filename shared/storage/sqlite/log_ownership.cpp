#include "shared/storage/sqlite/log_ownership.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>

#include "shared/log/log.h"
#include "shared/os/file_descriptor.h"
#include "shared/storage/sqlite/connection.h"
#include "shared/storage/sqlite/errors.h"
#include "shared/storage/sqlite/sync_directory.h"

namespace orders::sqlite {
namespace {

struct Closer {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

// What is read of a store that may be a mixture of two, so that being damaged is an answer.
struct Reading {
    bool is_damaged = false;
    bool has_identity = false;    // else it is new, or of 0.1.0
    std::string generation = {};  // empty if it has none yet
};

// "file:" names, in which these characters have a meaning.
std::string as_uri(const std::string& path) {
    std::string uri = "file://";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            constexpr std::string_view digits = "0123456789abcdef";
            const auto byte = static_cast<unsigned char>(c);
            uri.append({'%', digits[byte / 16], digits[byte % 16]});
        } else {
            uri.push_back(c);
        }
    }
    return uri;
}

Reading read_generation(const std::string& name, int access) {
    sqlite3* opened = nullptr;
    const int open_code = sqlite3_open_v2(
        name.c_str(), &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    const std::unique_ptr<sqlite3, Closer> handle(opened);
    if (open_code != SQLITE_OK) throw store_error(opened, open_code, "open " + name);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(opened, static_cast<int>(Connection::default_busy_timeout.count()));

    sqlite3_stmt* prepared = nullptr;
    int code = sqlite3_prepare_v2(opened, "SELECT generation FROM store WHERE id = 1", -1,
                                  &prepared, nullptr);
    const std::unique_ptr<sqlite3_stmt, Closer> statement(prepared);
    if (code == SQLITE_OK) code = sqlite3_step(prepared);
    switch (code & 0xff) {
        case SQLITE_ROW: {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
            return {.has_identity = true, .generation = text == nullptr ? "" : text};
        }
        case SQLITE_DONE:
        case SQLITE_ERROR:  // there is no such table
            return {};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {.is_damaged = true};
        default:
            throw store_error(opened, code, "read whose log lies beside " + name);
    }
}

std::int64_t size_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::int64_t>(status.st_size) : 0;
}

template <std::size_t Size>
std::optional<std::array<unsigned char, Size>> bytes_at(const std::string& path, off_t offset) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<unsigned char, Size> bytes{};
    if (::pread(file.get(), bytes.data(), Size, offset) != static_cast<ssize_t>(Size)) return {};
    return bytes;
}

// Of this program, but with a rollback journal: bytes 18 and 19 of the header (sqlite.org,
// fileformat2.html) say so before the first page gets into a log, and for as long as there is one.
bool is_without_log(const std::string& path) {
    const auto header = bytes_at<100>(path, 0);
    return header && std::memcmp(header->data() + 68, "ORDR", 4) == 0 && (*header)[18] == 1 &&
           (*header)[19] == 1;
}

constexpr off_t page_at = 32 + 24;  // behind the headers of the log and of the page
constexpr std::size_t page_size = 4'096;

// Whether the log begins with the page of an identity that has a generation: a leaf of a table with
// one row, which ends with three values. Read like this because the schema that the page belongs to
// is not in the log.
bool begins_with_generation(const std::string& log) {
    constexpr std::size_t values_size = 3 * 32;
    constexpr unsigned char table_leaf = 13;
    const auto page = bytes_at<page_size>(log, page_at);
    if (!page || (*page)[0] != table_leaf || (*page)[3] != 0 || (*page)[4] != 1) return false;
    return std::all_of(page->end() - values_size, page->end(),
                       [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// As of a program that was killed between giving its store a new generation and putting that into
// the file (store_identity.cpp).
bool holds_only_a_generation(const std::string& log) {
    constexpr auto size = page_at + static_cast<std::int64_t>(page_size);
    return size_of(log) == size && begins_with_generation(log);
}

std::string now_as_name() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc)};
}

// `name`, or the next that nothing has yet. (The caller has the store to itself.)
std::string free_name(const std::string& name) {
    std::string free = name;
    struct stat there {};
    for (int number = 2; ::lstat(free.c_str(), &there) == 0; ++number) {
        free = name + "-" + std::to_string(number);
    }
    return free;
}

}  // namespace

bool has_foreign_log(const std::string& path) {
    const std::string log = path + "-wal";
    if (size_of(log) == 0) return false;
    // The first page gets into the file, and is synced, before there is a log. (SQLite would delete
    // the log.)
    if (size_of(path) == 0) return true;
    if (is_without_log(path)) return true;
    const Reading alone =
        read_generation(as_uri(path) + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    // A checkpoint that was cut off leaves such a file: its log is needed.
    if (alone.is_damaged) return false;
    // The file was never told who it is. If the log begins with a generation, though, it was begun
    // when its own file had that; the log of a store that is new, or comes from an older version,
    // begins with the schema's first page, or with orders.
    if (!alone.has_identity) return begins_with_generation(log);
    // A store that was never alone has no generation: then its log has none either.
    const Reading through = read_generation(path, SQLITE_OPEN_READWRITE);
    return through.is_damaged || through.generation != alone.generation;
}

void set_aside_foreign_log(const std::string& path) {
    if (!has_foreign_log(path)) return;
    const std::string log = path + "-wal";
    if (holds_only_a_generation(log)) {
        ::unlink(log.c_str());
        ::unlink((path + "-shm").c_str());
        sync_names(path);
        return;
    }
    const std::string name = free_name(log + ".stale-" + now_as_name());
    if (::rename(log.c_str(), name.c_str()) != 0) {
        throw unusable("set aside " + log, std::strerror(errno),
                       must_be_writable("the directory of the database"));
    }
    ::unlink((path + "-shm").c_str());
    sync_names(path);
    log::warn("write-ahead log of another file set aside: remove it if nobody needs it",
              {{"db", path}, {"log", name}});
}

}  // namespace orders::sqlite
