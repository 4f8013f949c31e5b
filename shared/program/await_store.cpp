#include "shared/program/await_store.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "shared/storage/store_error.h"

namespace orders {
namespace {

constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{3'000};

}  // namespace

void await_store(const std::function<void()>& open, const std::function<void()>& on_wait) {
    std::minstd_rand random(std::random_device{}());
    for (std::chrono::milliseconds pause{0};;
         pause = std::clamp(pause * 2, first_pause, longest_pause)) {
        if (pause > pause.zero()) {
            // Not all that wait come at once.
            std::uniform_int_distribution<std::int64_t> spread(pause.count() / 2, pause.count());
            std::this_thread::sleep_for(std::chrono::milliseconds(spread(random)));
        }
        try {
            return open();
        } catch (const StoreError& error) {
            if (error.kind() != StoreError::Kind::unreachable) throw;
        }
        if (pause == pause.zero()) on_wait();
    }
}

}  // namespace orders
