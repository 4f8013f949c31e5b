#pragma once

// Commands for tests: shell scripts in a directory of the test's own, which is also where they and
// the test leave each other files. $dir is that directory.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"
#include "worker/processors/command/program.h"

namespace orders::test {

class Scripts {
   public:
    // Replaces one of the same name.
    Program script(const std::string& name, const std::string& body) const {
        const std::string path = file(name);
        {
            std::ofstream out(path + ".new");
            out << "#!/bin/sh\ndir='" << directory_.path().string() << "'\n" << body << "\n";
            if (!out.flush()) throw std::runtime_error("cannot write " + path);
        }
        ::chmod((path + ".new").c_str(), 0700);
        std::filesystem::rename(path + ".new", path);
        return {.path = path, .arguments = {name}};
    }
    void remove(const std::string& name) const { std::filesystem::remove(file(name)); }
    void leave(const std::string& name) const { std::ofstream(file(name)) << "\n"; }

    [[nodiscard]] bool has(const std::string& name) const {
        return std::filesystem::exists(file(name));
    }
    [[nodiscard]] std::string contents(const std::string& name) const {
        std::ifstream in(file(name));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // The id of a process that a script has left in the file, once it has.
    [[nodiscard]] pid_t process_in(const std::string& name) const {
        eventually(patience, [&] { return contents(name).ends_with('\n'); });
        return static_cast<pid_t>(std::stoi(contents(name)));
    }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }

   private:
    TempDir directory_;
};

// Ended; one that nobody has reaped yet is.
[[nodiscard]] inline bool is_gone(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string status;
    if (!std::getline(in, status)) return true;
    const std::size_t end_of_name = status.rfind(')');
    return status.at(end_of_name + 2) == 'Z' || status.at(end_of_name + 2) == 'X';
}

}  // namespace orders::test
