#include "shared/storage/sqlite/store_path.h"

#include <filesystem>
#include <string_view>

#include "shared/storage/sqlite/errors.h"

namespace orders::sqlite {

std::string usable_path(const std::string& location) {
    const auto fail = [&](std::string_view detail, std::string_view hint) {
        throw unusable("open " + location, detail, hint);
    };
    std::error_code error;
    const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(location), error);
    if (error || !std::filesystem::is_directory(path.parent_path(), error)) {
        fail("there is no directory " + path.parent_path().string(), "create it first");
    }
    if (std::filesystem::is_directory(path, error)) {
        fail("it is a directory", "name the file in it");
    }
    return path.string();
}

std::string existing_path(const std::string& location) {
    std::string path = usable_path(location);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        throw unusable("open " + location, "there is no such file");
    }
    return path;
}

}  // namespace orders::sqlite
