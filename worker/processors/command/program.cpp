#include "worker/processors/command/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "shared/text/ascii.h"

namespace orders {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view separators) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t begin = text.find_first_not_of(separators);
        if (begin == std::string_view::npos) return parts;
        text.remove_prefix(begin);
        parts.emplace_back(text.substr(0, text.find_first_of(separators)));
        text.remove_prefix(parts.back().size());
    }
}

std::string fault_in_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return "is not a file";
    if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0) return {};
    return "cannot be run: " + std::generic_category().message(errno);
}

// As it is if it is nowhere in PATH.
std::string found_in_path(const std::string& name) {
    const char* const path = std::getenv("PATH");
    for (const std::string& directory : split(path == nullptr ? "" : path, ":")) {
        std::string file = directory + "/" + name;
        if (fault_in_file(file).empty()) return file;
    }
    return name;
}

}  // namespace

Program program_of(std::string_view text) {
    Program program{.path = {}, .arguments = split(text, ascii::blanks)};
    if (program.arguments.empty()) return program;
    const std::string& name = program.arguments.front();
    program.path = name.find('/') == std::string::npos ? found_in_path(name) : name;
    return program;
}

std::string fault_in_program(const Program& program) {
    if (program.path.find('/') == std::string::npos) return "is not in any directory of PATH";
    return fault_in_file(program.path);
}

}  // namespace orders
