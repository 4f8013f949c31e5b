// One client's stream, whose connection is the test.

#include "api/events/event_client.h"

#include <doctest/doctest.h>

#include "tests/support/order_builder.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

const EventTexts texts("e");
constexpr std::size_t most_unsent = 20'000;

class NoKeeper final : public http::ConnectionKeeper {
   public:
    void count_awaited(bool) noexcept override {}
    void send_answer(http::Connection&) noexcept override {}
    void wake(std::uint64_t) noexcept override {}
    [[nodiscard]] std::size_t max_stream_bytes() const noexcept override { return most_unsent; }
};

}  // namespace

TEST_CASE("event_client: who has read all is not stuck, even if nothing more is for it") {
    NoKeeper keeper;
    WaitingPlaces places(2);
    const auto buffer = std::make_shared<http::StreamBuffer>(most_unsent);
    const SteadyTime began{1h};
    EventRequest request;
    request.filter.order_ids = {order_id("a")};
    EventClient client(std::move(request), http::Stream(keeper, 1, buffer),
                       {places.take().value(), places.take().value()}, began);
    client.begin({.newest = 1}, 1, texts, began);
    (void)buffer->take();
    (void)buffer->take();  // the first has been sent

    REQUIRE(buffer->push(std::string(most_unsent - 1, 'x')) != http::StreamBuffer::Push::closed);
    CHECK_FALSE(client.has_room(began + 1s));
    CHECK(client.stuck_since() == began + 1s);

    (void)buffer->take();
    (void)buffer->take();
    CHECK(client.has_room(began + 2s));
    CHECK_FALSE(client.stuck_since());
}

}  // namespace orders::test
