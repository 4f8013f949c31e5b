#pragma once

// The commands in the `sh` blocks of a document, each of which is run, or compared with what it
// names: curl and the commands of both programs are run, with the test's own port and files in
// place of the document's; what `./dev` and `docker compose` are asked for must be there.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/document.h"
#include "tests/support/order_processes.h"

namespace orders::test {

struct ShellCommand {
    std::map<std::string, std::string> environment;  // the assignments in front
    std::vector<std::string> words;                  // empty if it only assigns

    // On one line, for messages.
    [[nodiscard]] std::string text() const;
};

// What `block` has a shell do: of its syntax only words, quotes, `$NAME`, `$(...)` (which stays as
// it is), comments and lines that go on after a backslash. Throws std::runtime_error at an unknown
// variable.
[[nodiscard]] std::vector<ShellCommand> commands_in(
    std::string_view block, const std::map<std::string, std::string>& variables = {});

// Uses the processes' API and store, stops and starts them as the document says, and may start a
// further API, which asks for a token. Belongs to one thread.
class CommandChecker {
   public:
    // Both programs must run.
    explicit CommandChecker(OrderProcesses& processes);

    // All commands of the document, in order.
    [[nodiscard]] static std::vector<ShellCommand> commands_of(const Document& document);

    // What is wrong with it; empty if it works. A command of a kind that this does not know is
    // wrong.
    [[nodiscard]] std::string complaint_about(const ShellCommand& command);

    // Whether `./dev help` lists a command of this name.
    [[nodiscard]] bool is_dev_command(const std::string& name) const;
    // Whether docker-compose.yml uses the variable of the environment that it is started in.
    [[nodiscard]] bool is_passed_on(const std::string& variable) const;

   private:
    [[nodiscard]] std::string complaint_about_curl(const ShellCommand& command);
    [[nodiscard]] std::string complaint_about_dev(const ShellCommand& command) const;
    [[nodiscard]] std::string complaint_about_compose(const ShellCommand& command);
    [[nodiscard]] std::string complaint_about_docker_cp(const ShellCommand& command) const;
    [[nodiscard]] std::string complaint_about_program(const std::string& program,
                                                      std::vector<std::string> arguments) const;
    [[nodiscard]] std::string own_file(const std::string& file) const;
    [[nodiscard]] bool is_service(const std::string& name) const;
    void stop();
    void start();  // unless they run

    OrderProcesses& processes_;
    bool is_running_ = true;
    int open_port_;
    const std::string dev_help_;
    const std::string compose_file_;
};

}  // namespace orders::test
