// Which hosts only this machine can reach.

#include "shared/os/loopback.h"

#include <doctest/doctest.h>

namespace orders {

TEST_CASE("loopback: addresses and the name of the loopback interface are recognised") {
    for (const char* const host : {"127.0.0.1", "127.1.2.3", "127.1", "::1", "localhost",
                                   "LocalHost", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"}) {
        CAPTURE(host);
        CHECK(is_loopback(host));
    }
}

TEST_CASE("loopback: all other hosts count as open to others, unknown names too") {
    for (const char* const host :
         {"0.0.0.0", "::", "*", "", "10.0.0.5", "128.0.0.1", "fe80::1", "::ffff:10.0.0.5", "[::1]",
          "[", "example.com", "localhost.example.com", "127.0.0.1.example.com", "::127.0.0.1"}) {
        CAPTURE(host);
        CHECK_FALSE(is_loopback(host));
    }
}

}  // namespace orders
