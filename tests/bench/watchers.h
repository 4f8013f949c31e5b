#pragma once

// Those who look on while the service works: Prometheus, which scrapes every five seconds; ten
// dashboards, each with the requests of its overview page; and a hundred event streams that wait
// for orders of a kind of which there are none.

#include <thread>
#include <vector>

#include "tests/support/http_client.h"

namespace orders::bench {

class Watchers {
   public:
    // They begin at once, and throw BenchFailure here if a stream does not begin.
    explicit Watchers(int port);
    // Throws BenchFailure if one of them was not answered. Call it before the API is stopped.
    void stop();

   private:
    void look_on(int port, const std::stop_token& stop);

    std::vector<test::RawConnection> streams_;
    int failures_ = 0;     // the thread's, until it has ended
    std::jthread thread_;  // last: it uses the above
};

}  // namespace orders::bench
