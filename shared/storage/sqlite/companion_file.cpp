#include "shared/storage/sqlite/companion_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {

FileDescriptor open_companion_file(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file.is_open()) throw unusable("open " + path, std::strerror(errno), companion_hint);
    return file;
}

}  // namespace orders::sqlite
