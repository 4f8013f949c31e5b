#pragma once

// Who is there: a file beside the database whose bytes are locked by those that live. Byte 0 is
// held by every program that has the store open, byte N by the worker with the id N. The kernel
// drops a lock with the process that holds it, however that ends, so a free byte is proof of a
// death: whatever boot ids, containers or clocks say.
//
// The locks are Linux's open file description locks (fcntl(2), F_OFD_SETLK): they belong to one
// PresenceFile, not to the process, and closing other descriptors of the file does not drop them.
// Nothing is ever written to the file.
//
// One thread at a time uses a PresenceFile. All functions throw StoreError (unusable) if the file
// system cannot lock.

#include <cstdint>
#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::sqlite {

class PresenceFile {
   public:
    enum class Hold { shared, exclusive };

    // Held by every program that has the store open; exclusively by one that has it to itself.
    static constexpr std::int64_t store_byte = 0;

    // Creates the file if it is missing. Throws StoreError (unusable).
    explicit PresenceFile(const std::string& database_path);

    // Takes the byte's lock, or changes the one that this PresenceFile has into the other kind.
    // False, with nothing changed, if another's is in the way.
    [[nodiscard]] bool try_lock(std::int64_t byte, Hold hold);
    void unlock(std::int64_t byte);

    // Whether another PresenceFile, in this process or in any other, has a lock on the byte.
    [[nodiscard]] bool is_locked_by_another(std::int64_t byte) const;

    // Whether anybody has a lock on the byte, without creating the file: also for a user that may
    // only read it. One that may not even do that is told that somebody is there.
    [[nodiscard]] static bool is_locked(const std::string& database_path, std::int64_t byte);
    // The same of an exclusive lock; but one that may not read the file is told that there is none.
    [[nodiscard]] static bool is_locked_exclusively(const std::string& database_path,
                                                    std::int64_t byte);

   private:
    FileDescriptor file_;
};

}  // namespace orders::sqlite
