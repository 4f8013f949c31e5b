#pragma once

// haproxy or nginx in front of two APIs, configured as shared/packaging/OPERATING.md says: the test
// takes the configuration from there and puts in its own ports, and what a test run needs besides.
// Everything is on 127.0.0.1, and gone with the object.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

// The path of the program, as installed or as ./dev unpacks it; empty if there is none.
[[nodiscard]] std::optional<std::string> proxy_program(std::string_view name);

// A port that nobody listens on, and that the kernel gives to nobody who asks for any: so it stays
// free while its server is restarted.
[[nodiscard]] int port_to_keep();

class Proxy {
   public:
    // Accepts connections when the constructor returns.
    Proxy(std::string_view name, const std::string& program, int first_api, int second_api);

    [[nodiscard]] int port() const noexcept { return port_; }
    // haproxy only: waits until its checks have found both APIs ready.
    void wait_until_both_are_up() const;
    // Its last words, for a failure message.
    [[nodiscard]] std::string tail() const { return process_->tail(); }

   private:
    TempDir directory_;
    int port_ = port_to_keep();
    int status_port_ = port_to_keep();
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace orders::test
