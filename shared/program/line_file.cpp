#include "shared/program/line_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "shared/log/log.h"
#include "shared/program/settings_error.h"
#include "shared/text/ascii.h"

namespace orders {
namespace {

[[noreturn]] void fail(std::string_view setting, const std::string& why) {
    throw SettingsError(std::string(setting) + ": " + why);
}

std::string contents_of(std::string_view setting, const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string contents(max_line_file_bytes + 1, '\0');
    if (file) file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
    if (!file.is_open() || file.bad()) {
        fail(setting, "the file cannot be read: " + std::generic_category().message(errno));
    }
    contents.resize(static_cast<std::size_t>(file.gcount()));
    if (contents.size() > max_line_file_bytes) {
        fail(setting, "the file is larger than " + std::to_string(max_line_file_bytes) + " bytes");
    }
    return contents;
}

}  // namespace

std::vector<FileLine> read_line_file(std::string_view setting, const std::string& path) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // editors on Windows leave one
    const std::string contents = contents_of(setting, path);
    std::string_view rest = contents;
    if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());

    std::vector<FileLine> lines;
    for (int number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view text = ascii::trimmed(rest.substr(0, end), ascii::white_space);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (text.empty() || text.starts_with('#')) continue;
        lines.push_back(
            {std::string(setting) + ": line " + std::to_string(number), std::string(text)});
    }
    return lines;
}

void warn_if_open_to_others(std::string_view setting, const std::string& path,
                            std::string_view what) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return;
    const bool is_readable = (status.st_mode & S_IROTH) != 0;
    const bool is_writable = (status.st_mode & S_IWOTH) != 0;
    if (!is_readable && !is_writable) return;
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 07777U);
    const std::string every_user = "every user of this machine can ";
    log::warn(std::string(what) + " file is open to other users",
              {{"setting", setting},
               {"mode", mode.data()},
               {"consequence",
                every_user + (is_writable ? "change the " : "read the ") + std::string(what)},
               {"hint", "chmod o-rw"}});
}

}  // namespace orders
