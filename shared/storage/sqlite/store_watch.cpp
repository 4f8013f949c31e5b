#include "shared/storage/sqlite/store_watch.h"

#include <sqlite3.h>

#include <array>
#include <utility>
#include <vector>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {
namespace {

constexpr std::chrono::seconds full_look_interval{1};

}  // namespace

StoreWatch::StoreWatch(std::shared_ptr<Occupancy> occupancy, Connection& connection)
    : occupancy_(std::move(occupancy)), connection_(connection) {
    Statement identity(connection_,
                       "SELECT generation, (SELECT rootpage FROM sqlite_schema"
                       "                    WHERE type = 'table' AND name = 'store'),"
                       " (SELECT page_size FROM pragma_page_size) FROM store WHERE id = 1");
    {
        Cursor rows = identity.query();
        if (!rows.next()) throw replaced(connection_.path(), "it does not say which store it is");
        generation_ = rows.get<std::string>(0);
        page_ = rows.get<std::int64_t>(1);
        page_size_ = rows.get<std::int64_t>(2);
    }
    require_same();
}

void StoreWatch::require_same() {
    const struct statx database = occupancy_->database().status();
    occupancy_->log().require_in_place();
    const bool is_changed = database.stx_size != size_ ||
                            database.stx_mtime.tv_sec != changed_at_.tv_sec ||
                            database.stx_mtime.tv_nsec != changed_at_.tv_nsec;
    if (is_changed) {
        if (!has_own_content()) {
            throw replaced(connection_.path(), "another file was copied over it");
        }
        size_ = database.stx_size;
        changed_at_ = database.stx_mtime;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now < next_full_look_) return;
    occupancy_->require_same_files();
    next_full_look_ = now + full_look_interval;
}

// Through SQLite's own descriptor: closing another one would drop its locks.
bool StoreWatch::has_own_content() const {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(connection_.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr) return false;
    const auto read = [&](void* to, std::size_t size, std::int64_t offset) {
        return file->pMethods->xRead(file, to, static_cast<int>(size), offset) == SQLITE_OK;
    };
    std::array<unsigned char, 2> modes{};  // 2: with a write-ahead log
    if (!read(modes.data(), modes.size(), 18) || modes != std::array<unsigned char, 2>{2, 2}) {
        return false;
    }
    // A store that came into use beside a reader that was in the way may have none yet.
    if (generation_.empty()) return true;
    std::string page(static_cast<std::size_t>(page_size_), '\0');
    return read(page.data(), page.size(), (page_ - 1) * page_size_) &&
           page.find(generation_) != std::string::npos;
}

}  // namespace orders::sqlite
