#pragma once

// What a client's token lets it do, and what of that a route asks for. Values, for any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace orders::http {

enum class Scope : std::uint8_t {
    read = 1,
    submit = 2,
    work = 4,
    operate = 8,
};

struct NamedScope {
    Scope scope;
    std::string_view name;
};
inline constexpr std::array named_scopes{
    NamedScope{Scope::read, "read"},
    NamedScope{Scope::submit, "submit"},
    NamedScope{Scope::work, "work"},
    NamedScope{Scope::operate, "operate"},
};

[[nodiscard]] constexpr std::optional<Scope> scope_named(std::string_view name) noexcept {
    for (const NamedScope& known : named_scopes) {
        if (known.name == name) return known.scope;
    }
    return std::nullopt;
}

// A set of them.
class Scopes {
   public:
    constexpr Scopes() noexcept = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a scope is a set of one
    constexpr Scopes(Scope scope) noexcept : bits_(static_cast<std::uint8_t>(scope)) {}

    [[nodiscard]] static constexpr Scopes all() noexcept {
        Scopes scopes;
        for (const NamedScope& known : named_scopes) scopes |= known.scope;
        return scopes;
    }

    constexpr Scopes& operator|=(Scopes other) noexcept {
        bits_ = static_cast<std::uint8_t>(bits_ | other.bits_);
        return *this;
    }
    [[nodiscard]] constexpr bool has_any_of(Scopes others) const noexcept {
        return (bits_ & others.bits_) != 0;
    }
    friend constexpr bool operator==(Scopes, Scopes) noexcept = default;

   private:
    std::uint8_t bits_ = 0;
};

[[nodiscard]] constexpr Scopes operator|(Scopes one, Scopes other) noexcept {
    return one |= other;
}
[[nodiscard]] constexpr Scopes operator|(Scope one, Scope other) noexcept {
    return Scopes(one) | other;
}

// Who may use a route. There is no default, so a route that does not say it does not compile.
class Access {
   public:
    // Clients that have one of these scopes.
    // NOLINTBEGIN(google-explicit-constructor): so that tables of routes read as sentences
    constexpr Access(Scopes one_of) noexcept : one_of_(one_of) {}
    constexpr Access(Scope scope) noexcept : one_of_(scope) {}
    // NOLINTEND(google-explicit-constructor)
    // Everybody, without a token too.
    [[nodiscard]] static constexpr Access open() noexcept { return Access(Scopes()); }

    [[nodiscard]] constexpr bool is_open() const noexcept { return one_of_ == Scopes(); }
    [[nodiscard]] constexpr bool allows(Scopes scopes) const noexcept {
        return is_open() || scopes.has_any_of(one_of_);
    }
    // The scope to ask for: the first of those that will do. Empty if it is open.
    [[nodiscard]] constexpr std::string_view needed_scope() const noexcept {
        for (const NamedScope& known : named_scopes) {
            if (one_of_.has_any_of(known.scope)) return known.name;
        }
        return {};
    }

   private:
    Scopes one_of_;
};

// Who sends a request.
struct Caller {
    Scopes scopes = Scopes::all();
    // What the operator calls the client; empty if that is not said. It lives as long as whoever
    // told it.
    std::string_view name = {};
};

}  // namespace orders::http
