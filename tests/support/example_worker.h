#pragma once

// The workers under tests/examples/, run as their readers run them.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/program_run.h"

namespace orders::test {

inline const std::string examples_directory = std::string(ORDERS_SOURCE_DIR) + "/tests/examples/";

struct ExampleWorker {
    std::string language;
    std::vector<std::string> probe;  // a command that succeeds where the language is there
    std::vector<std::string> command;
};

inline const ExampleWorker sh_worker{
    "curl", {"curl", "--version"}, {"sh", examples_directory + "worker.sh"}};
inline const ExampleWorker python_worker{
    "Python 3", {"python3", "--version"}, {"python3", examples_directory + "worker.py"}};
inline const ExampleWorker javascript_worker{
    "Node 18",
    {"node", "-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"},
    {"node", examples_directory + "worker.mjs"}};
inline const ExampleWorker java_worker{
    "a JDK", {"javac", "--version"}, {"java", examples_directory + "Worker.java"}};

inline const std::string program_finder = "/usr/bin/env";

[[nodiscard]] inline bool can_run(const ExampleWorker& worker) {
    return run(program_finder, worker.probe).ending == exited(0);
}

// It may take seconds until it claims. `environment`: besides where the API is, and its name.
[[nodiscard]] inline std::unique_ptr<ChildProcess> start_example(
    const ExampleWorker& worker, int port, const std::string& name,
    std::map<std::string, std::string> environment = {}) {
    environment["ORDERS_URL"] = "http://127.0.0.1:" + std::to_string(port);
    environment["WORKER"] = name;
    return std::make_unique<ChildProcess>(program_finder, worker.command, environment);
}

}  // namespace orders::test
