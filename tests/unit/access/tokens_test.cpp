// Which texts are tokens, which requests have one of them, and what it lets them do.

#include "api/access/tokens.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <variant>

#include "shared/program/settings_reader.h"
#include "tests/support/temp_dir.h"

namespace orders {
namespace {

using Denial = AccessTokens::Denial;
using http::Caller;
using http::Scope;
using http::Scopes;

const std::string first = "first-token-0123456789";
const std::string second = "second.token_~+/==";

AccessTokens tokens_of(const std::string& list) {
    AccessTokens tokens;
    tokens.add_list("THE_LIST", list);
    return tokens;
}

AccessTokens tokens_in_file(const std::string& contents) {
    const test::TempDir directory;
    const std::string path = directory.file("tokens");
    std::ofstream(path, std::ios::binary) << contents;
    std::filesystem::permissions(path, std::filesystem::perms(0600));  // or there is a warning
    AccessTokens tokens;
    tokens.add_file("THE_FILE", path);
    return tokens;
}

// The text of the SettingsError that `make` throws.
template <typename Make>
std::string error_of(Make make) {
    try {
        static_cast<void>(make());
    } catch (const SettingsError& error) {
        return error.what();
    }
    FAIL("was taken");
    return {};
}

bool opens(const AccessTokens& tokens, const std::string& token) {
    return std::holds_alternative<Caller>(tokens.verdict_on("Bearer " + token));
}

Caller caller_of(const AccessTokens& tokens, const std::string& token) {
    const auto verdict = tokens.verdict_on("Bearer " + token);
    REQUIRE(std::holds_alternative<Caller>(verdict));
    return std::get<Caller>(verdict);
}

bool is_denied(const AccessTokens& tokens, const std::string& authorization, Denial denial) {
    const auto verdict = tokens.verdict_on(authorization);
    const auto* const denied = std::get_if<Denial>(&verdict);
    return denied != nullptr && *denied == denial;
}

}  // namespace

TEST_CASE("tokens: without any, none are required and none is granted") {
    const AccessTokens none;
    CHECK_FALSE(none.are_required());
    CHECK_FALSE(opens(none, first));
    CHECK_FALSE(opens(none, std::string(16, '\0')));
}

TEST_CASE("tokens: a list has commas, and perhaps white space, between them") {
    for (const std::string& list : {first + "," + second, " " + first + " ,\t" + second + "\n"}) {
        const AccessTokens tokens = tokens_of(list);
        CHECK(tokens.are_required());
        CHECK(opens(tokens, first));
        CHECK(opens(tokens, second));
    }
}

TEST_CASE("tokens: a file has one per line, and may have blank lines and comments") {
    for (const std::string& contents :
         {first + "\n" + second, "# mine\r\n\r\n  " + first + "\r\n\t# his\n" + second + " \n\n"}) {
        const AccessTokens tokens = tokens_in_file(contents);
        CHECK(opens(tokens, first));
        CHECK(opens(tokens, second));
        CHECK_FALSE(opens(tokens, "mine"));
    }
}

TEST_CASE("tokens: a byte order mark in front of a file is not part of its first line") {
    const std::string mark = "\xef\xbb\xbf";
    CHECK(opens(tokens_in_file(mark + first + "\r\n"), first));
    CHECK(opens(tokens_in_file(mark + "# mine\r\n" + first), first));
    CHECK(error_of([&] { return tokens_in_file(mark); }) == "THE_FILE: the file has no token");
    CHECK(error_of([&] {
              return tokens_in_file(first + "\n" + mark + second);
          }).starts_with("THE_FILE: line 2: "));
}

TEST_CASE("tokens: the line of a file that is wrong is named, whatever stands before it") {
    CHECK(error_of([] {
              return tokens_in_file("\n# mine\r\n" + first + "\n\nshort\n" + second);
          }) == "THE_FILE: line 5: a token must have 16 to 256 characters");
    CHECK(error_of([] { return tokens_in_file(first + ":x # alice"); }) ==
          "THE_FILE: line 1: a token must be of letters, digits and - . _ ~ + /, with = at its end "
          "only");
}

TEST_CASE("tokens: a line may say which scopes its token has, and what its client is called") {
    const AccessTokens tokens = tokens_in_file(first + "\tread,operate  ann.b@example-1_x+y\n" +
                                               second + " submit\n" + "third-token-0123456789");
    const Caller ann = caller_of(tokens, first);
    CHECK(ann.scopes == (Scope::read | Scope::operate));
    CHECK(ann.name == "ann.b@example-1_x+y");
    CHECK(caller_of(tokens, second).scopes == Scopes(Scope::submit));
    CHECK(caller_of(tokens, second).name.empty());
    CHECK(caller_of(tokens, "third-token-0123456789").scopes == Scopes::all());
    CHECK(caller_of(tokens_in_file(first + " work " + std::string(64, 'n')), first).name.size() ==
          64);
}

TEST_CASE("tokens: those of a list have every scope and no name") {
    const AccessTokens tokens = tokens_of(first);
    CHECK(caller_of(tokens, first).scopes == Scopes::all());
    CHECK(caller_of(tokens, first).name.empty());
}

TEST_CASE("tokens: a scope that is not known is refused and names the line, but not the word") {
    for (const std::string bad : {"ann", "reads", "READ", "read,", ",read", "read,,work", "all",
                                  "*", "read;work", "#", "read,another-token-0123456789"}) {
        CAPTURE(bad);
        const std::string error =
            error_of([&] { return tokens_in_file(second + "\n" + first + " " + bad + " ann"); });
        CHECK(error.starts_with("THE_FILE: line 2: what follows a token must be its scopes"));
        CHECK(error.find(first) == std::string::npos);
        CHECK(error.find("another") == std::string::npos);
    }
}

TEST_CASE("tokens: a name that could be mistaken for something else is refused") {
    for (const std::string& bad : {std::string("ann b"), std::string("ann # of the shop"),
                                   std::string("\"ann\""), std::string("a=b"), std::string(65, 'n'),
                                   std::string("\xc3\xa4nn"), std::string("ann\0", 4)}) {
        CAPTURE(bad);
        CHECK(error_of([&] {
                  return tokens_in_file(first + " read " + bad);
              }).starts_with("THE_FILE: line 1: what follows the scopes must be a name"));
    }
}

TEST_CASE("tokens: one that is there twice is refused, since its scopes may differ") {
    CHECK(error_of([] { return tokens_in_file(first + " read\n" + second + "\n" + first); }) ==
          "THE_FILE: line 3: a token is there twice");
    CHECK(error_of([] { return tokens_of(first + "," + first); }) ==
          "THE_LIST: a token is there twice");
}

TEST_CASE("tokens: those of lists and of files add up") {
    const test::TempDir directory;
    std::ofstream(directory.file("tokens")) << second;
    AccessTokens tokens = tokens_of(first);
    tokens.add_file("THE_FILE", directory.file("tokens"));
    CHECK(opens(tokens, first));
    CHECK(opens(tokens, second));
}

TEST_CASE("tokens: what is not a token is refused, and not quoted") {
    for (const std::string& bad :
         {std::string(), std::string("short"), std::string(15, 'a'), std::string(257, 'a'),
          std::string("a blank in the middle"), std::string("equals=in=the=middle"),
          std::string("=equals-at-the-start"), std::string("================"),
          std::string("semicolons;are;not;known"), std::string("quotes\"are\"not\"known"),
          std::string("umlauts-are-n\xc3\xb6t-known"), std::string("nor-is-this\0-one-known", 22),
          std::string("control-\x01-characters")}) {
        CAPTURE(bad);
        for (const std::string& list : {bad, first + "," + bad, bad + "," + first}) {
            const std::string error = error_of([&] { return tokens_of(list); });
            CHECK(error.starts_with("THE_LIST: a token must "));
            CHECK(error.find(first) == std::string::npos);
            if (!bad.empty()) CHECK(error.find(bad) == std::string::npos);
        }
        if (bad.empty()) continue;
        const std::string error = error_of([&] { return tokens_in_file(first + "\n" + bad); });
        CHECK(error.starts_with("THE_FILE: line 2: a token must "));
        CHECK(error.find(bad) == std::string::npos);
    }
    CHECK(opens(tokens_of(std::string(16, 'a')), std::string(16, 'a')));
    CHECK(opens(tokens_of(std::string(256, 'a')), std::string(256, 'a')));
}

TEST_CASE("tokens: a file that cannot be used is refused, and its path not quoted") {
    const test::TempDir directory;
    const auto error_for = [](const std::string& path) {
        return error_of([&] {
            AccessTokens tokens;
            tokens.add_file("THE_FILE", path);
            return tokens;
        });
    };
    const std::string missing = error_for(directory.file("missing"));
    CHECK(missing == "THE_FILE: the file cannot be read: No such file or directory");
    const std::string folder = error_for(directory.path());
    CHECK(folder == "THE_FILE: the file cannot be read: Is a directory");
    for (const std::string empty : {"", "\n\n", "# nothing\n", " \t\r\n"}) {
        CHECK(error_of([&] { return tokens_in_file(empty); }) == "THE_FILE: the file has no token");
    }
    CHECK(error_for("/dev/zero") == "THE_FILE: the file is larger than 65536 bytes");
}

TEST_CASE("tokens: there may be a hundred") {
    std::string list = first;
    for (int i = 1; i < 100; ++i) list += ",further-token-" + std::to_string(1000 + i);
    CHECK(opens(tokens_of(list), first));
    CHECK(opens(tokens_of(list), "further-token-1099"));
    CHECK(error_of([&] { return tokens_of(list + "," + second); }) ==
          "THE_LIST: there may be 100 tokens at most");
}

TEST_CASE("tokens: the scheme's case does not matter, the token's does") {
    const AccessTokens tokens = tokens_of(first);
    for (const std::string scheme : {"Bearer ", "bearer ", "BEARER ", "bEaReR   "}) {
        CHECK(std::holds_alternative<Caller>(tokens.verdict_on(scheme + first)));
    }
    CHECK(is_denied(tokens, "Bearer First-token-0123456789", Denial::invalid));
}

TEST_CASE("tokens: what is not a bearer token is missing, one that is not ours is invalid") {
    const AccessTokens tokens = tokens_of(first + "," + second);
    for (const std::string& missing :
         {std::string(), std::string("Bearer"), std::string("Bearer "), std::string(" "),
          "Basic " + first, "Bearerx " + first, "Beare " + first, "Bearer\t" + first, first,
          " Bearer " + first, "Bearer:" + first, "[earer " + first}) {
        CAPTURE(missing);
        CHECK(is_denied(tokens, missing, Denial::missing));
    }
    for (const std::string& invalid :
         {first.substr(1), first.substr(0, first.size() - 1), first + "x", "x" + first,
          first + "," + second, first + " " + second, second.substr(0, second.size() - 1),
          second + "=", first + std::string(1, '\0'), std::string("\"") + first + "\"",
          std::string("x"), std::string(5'000, 'x'), std::string(256, '\0'), std::string("=")}) {
        CAPTURE(invalid);
        CHECK(is_denied(tokens, "Bearer " + invalid, Denial::invalid));
    }
}

}  // namespace orders
