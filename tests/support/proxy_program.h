#pragma once

// What other people's proxies need that tests put in front of our programs or of their server.

#include <optional>
#include <string>
#include <string_view>

namespace orders::test {

// The path of the program, as installed or as ./dev unpacks it; empty if there is none.
[[nodiscard]] std::optional<std::string> proxy_program(std::string_view name);

// A port that nobody listens on, and that the kernel gives to nobody who asks for any: so it stays
// free while its server is restarted.
[[nodiscard]] int port_to_keep();

}  // namespace orders::test
