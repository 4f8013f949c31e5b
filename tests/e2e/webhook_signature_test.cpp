// Signatures, verified by what nobody here wrote: npm's package standardwebhooks, or without npm
// the hmac of Python's standard library.

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"
#include "tests/support/skipped.h"
#include "tests/support/temp_dir.h"

namespace orders::test {
namespace {

constexpr const char* package = "standardwebhooks@1.1.1";
constexpr const char* secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
constexpr const char* other_secret = "whsec_GBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIB";

// Whether a program of the system ends well in time.
bool succeeds(const std::vector<std::string>& command) {
    std::vector<std::string> arguments{"timeout", "60"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    ChildProcess child("/usr/bin/env", arguments);
    return child.wait_exit(std::chrono::seconds(90)) == exited(0);
}

// The command that runs a verifying receiver on this machine, for env; empty if nothing does. What
// npm installs stays for the next time.
std::vector<std::string> verifier() {
    const std::string scripts = std::string(ORDERS_SOURCE_DIR) + "/tests/e2e/webhooks/";
    const std::string home = ORDERS_BINARY_DIR "/npm";
    std::filesystem::create_directories(home);
    const bool is_installed = std::filesystem::exists(home + "/node_modules/standardwebhooks");
    if (is_installed ||
        // npm asks for the system's authorities only if it is told to.
        succeeds({"env", "HOME=" + home, "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
                  "npm", "install", "--prefix", home, "--no-save", "--no-audit", "--no-fund",
                  "--no-update-notifier", "--fetch-retries=1", package})) {
        return {"--chdir=" + home, "node", scripts + "verifying_receiver.js"};
    }
    MESSAGE("npm cannot install " << package << " here; Python verifies instead");
    if (succeeds({"python3", "--version"})) return {"python3", scripts + "verifying_receiver.py"};
    return {};
}

}  // namespace

TEST_CASE("webhook_signature: a library for receivers finds it right, and a changed secret too") {
    const TempDir directory;
    std::vector<std::string> command = verifier();
    if (command.empty()) return skipped("there is neither npm nor python3");
    OrderProcesses processes;
    processes.start_api();
    command.emplace_back(secret);
    ChildProcess receiver("/usr/bin/env", command);
    const std::string port = log_field(receiver.wait_for_line("listening ", patience), "port");
    const std::string url = "=http://127.0.0.1:" + port + "/";
    std::ofstream(directory.file("secrets")) << "# newest first\n"
                                             << other_secret << "\n"
                                             << secret << "\n";
    std::filesystem::permissions(directory.file("secrets"), std::filesystem::perms(0600));
    processes.start_worker(
        {"--webhook", "signed" + url, "--webhook", "wrong" + url, "--webhook", "unsigned" + url,
         "--webhook", "rotated" + url, "--webhook-secret-file",
         "rotated=" + directory.file("secrets")},
        {{"SERVICE_WEBHOOK_SECRETS", std::string("signed=") + secret + ",wrong=" + other_secret}});

    for (const std::string kind : {"signed", "rotated", "wrong", "unsigned"}) {
        nlohmann::json order = order_json("A." + kind);
        order["kind"] = kind;
        order["payload"] = {{"text", "\u00e4\u20ac \" \\ \n"}, {"number", 1e300}};
        processes.submit(order);
    }
    for (const std::string kind : {"signed", "rotated"}) {
        const auto order = processes.finished_order("A." + kind);
        CHECK_EQ(order["status"], "Processed");
        CHECK_EQ(order["result"]["verified"], "A." + kind);
    }
    for (const std::string kind : {"wrong", "unsigned"}) {
        const auto order = processes.finished_order("A." + kind);
        CHECK_EQ(order["failure"], "http_422");
    }
    CHECK(processes.lines_with("whsec").empty());
}

}  // namespace orders::test
