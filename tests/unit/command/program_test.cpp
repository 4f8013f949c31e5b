#include "worker/processors/command/program.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tests/support/scripts.h"

namespace orders::test {

TEST_CASE("program: it is split at blanks, and nothing quotes them") {
    const Program program = program_of("/opt/mail  --from 'a b'\t$HOME ");
    CHECK(program.path == "/opt/mail");
    CHECK(program.arguments ==
          std::vector<std::string>{"/opt/mail", "--from", "'a", "b'", "$HOME"});
}

TEST_CASE("program: a name without a slash is looked for in PATH") {
    const Program program = program_of("sh -c true");
    CHECK(program.path.ends_with("/sh"));
    CHECK(program.arguments == std::vector<std::string>{"sh", "-c", "true"});
    CHECK(fault_in_program(program).empty());
    CHECK(fault_in_program(program_of("no-such-program-anywhere")) ==
          "is not in any directory of PATH");
}

TEST_CASE("program: what cannot be run is known at once") {
    const Scripts scripts;
    const Program program = scripts.script("mail", "");
    CHECK(fault_in_program(program).empty());
    CHECK(fault_in_program(program_of("/")) == "is not a file");
    CHECK(fault_in_program(program_of(scripts.file("missing"))) ==
          "cannot be run: No such file or directory");
    ::chmod(program.path.c_str(), 0600);
    CHECK(fault_in_program(program) == "cannot be run: Permission denied");
}

}  // namespace orders::test
