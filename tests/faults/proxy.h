#pragma once

// haproxy or nginx in front of two APIs, configured as shared/packaging/OPERATING.md says: the test
// takes the configuration from there and puts in its own ports, and what a test run needs besides.
// Everything is on 127.0.0.1, and gone with the object.

#include <memory>
#include <string>
#include <string_view>

#include "tests/support/child_process.h"
#include "tests/support/proxy_program.h"
#include "tests/support/temp_dir.h"

namespace orders::test {

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
