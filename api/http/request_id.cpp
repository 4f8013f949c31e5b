#include "api/http/request_id.h"

#include <algorithm>
#include <random>

#include "api/http/grammar.h"

namespace orders::http {
namespace {

constexpr CharacterSet id_characters = letters_digits_and("._-");

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators), from a start of
// its own on each thread: names have to differ, not to be hard to guess.
std::uint64_t next_number() noexcept {
    thread_local std::uint64_t state = [] {
        std::random_device device;
        return (std::uint64_t{device()} << 32U) | device();
    }();
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t number = state;
    number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27U)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31U);
}

}  // namespace

RequestId RequestId::make() noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    RequestId id;
    for (std::uint64_t number = next_number(); id.length_ < 16; number >>= 4U) {
        id.text_[id.length_++] = digits[number & 0xfU];
    }
    return id;
}

RequestId RequestId::of(const Headers& headers) noexcept {
    const std::string_view given = headers.value("x-request-id");
    if (given.empty() || given.size() > max_length || !id_characters.contains_all_of(given)) {
        return make();
    }
    RequestId id;
    std::copy(given.begin(), given.end(), id.text_.begin());
    id.length_ = static_cast<std::uint8_t>(given.size());
    return id;
}

}  // namespace orders::http
