#include "shared/program/line_file.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "shared/program/settings_error.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

Lines lines_of(const std::string& contents) {
    const TempDir directory;
    std::ofstream(directory.file("list")) << contents;
    Lines lines;
    for (const FileLine& line : read_line_file("--list", directory.file("list"))) {
        lines.emplace_back(line.source, line.text);
    }
    return lines;
}

std::string error_for(const std::string& path) {
    try {
        static_cast<void>(read_line_file("--list", path));
    } catch (const SettingsError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("line_file: every line that is neither blank nor a comment is an entry") {
    CHECK(lines_of("one\n\n  # two\r\n\t two words \r\n#\nlast") ==
          Lines{{"--list: line 1", "one"},
                {"--list: line 4", "two words"},
                {"--list: line 6", "last"}});
    CHECK(lines_of("\xef\xbb\xbfone\n") == Lines{{"--list: line 1", "one"}});
    for (const char* empty : {"", "\n\n", "# nothing\n", " \t\r\n", "\xef\xbb\xbf"}) {
        CHECK(lines_of(empty).empty());
    }
}

TEST_CASE(
    "line_file: a file that cannot be read is an error that names the setting, not the path") {
    const TempDir directory;
    CHECK(error_for(directory.file("missing")) ==
          "--list: the file cannot be read: No such file or directory");
    CHECK(error_for(directory.path()) == "--list: the file cannot be read: Is a directory");
    CHECK(error_for("/dev/zero") == "--list: the file is larger than 65536 bytes");
}

}  // namespace orders::test
