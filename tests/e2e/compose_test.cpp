// The compose files and README.md against the settings that the programs declare: a setting that
// does not reach the containers would be ignored there without a word.

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/e2e/declared_settings.h"
#include "tests/support/file_contents.h"
#include "tests/support/order_processes.h"

namespace orders::test {
namespace {

using Names = std::set<std::string>;

std::string source_file(const std::string& name) {
    std::string contents = contents_of(std::string(ORDERS_SOURCE_DIR) + "/" + name);
    REQUIRE_MESSAGE(!contents.empty(), name);
    return contents;
}

// What the pattern's only group matches, everywhere in the text.
Names all_matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern, std::regex::multiline);
    Names names;
    for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
        names.insert((*match)[1]);
    }
    return names;
}

// The environment variables of all settings, the secret ones among them.
Names declared_variables(const std::string& program) {
    Names names;
    for (const DeclaredSetting& setting : declared_settings(program)) {
        names.insert(setting.variable);
    }
    return names;
}

// The variables that the service's container gets, from the environment of docker compose unless a
// value is given. Only their names may stand there: a variable that is not set is not passed on
// then, and one that is set to nothing is, so that API_TOKENS="" is not taken for an API that is
// meant to be open.
Names passed_on_to(const std::string& file, const std::string& service) {
    std::istringstream lines(source_file(file));
    Names names;
    bool is_service = false;
    bool is_environment = false;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t indent = line.find_first_not_of(' ');
        if (indent == std::string::npos || line[indent] == '#') continue;
        if (indent <= 2) is_service = line.starts_with("  " + service + ":");
        if (indent <= 4) is_environment = is_service && line == "    environment:";
        if (is_environment && line.starts_with("      - ")) {
            names.insert(line.substr(8, line.find('=') - 8));
        }
    }
    return names;
}

// What the images set for good, because it is part of how their containers are put together.
Names set_by_the_images() {
    Names names;
    for (const std::string& line : all_matches(source_file("Dockerfile"), "^ENV (.*)$")) {
        names.merge(all_matches(line, "([A-Z_]+)="));
    }
    return names;
}

Names without(const Names& names, const Names& others) {
    Names rest;
    std::ranges::set_difference(names, others, std::inserter(rest, rest.end()));
    return rest;
}

std::string listed(const Names& names) {
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
}

}  // namespace

TEST_CASE("compose: every setting that an image does not fix reaches its container, and no other") {
    struct Service {
        std::string file;
        std::string name;
        std::string program;
        Names besides;  // what the programs' libraries take
        Names left_out;
    };
    const std::string plain = "docker-compose.yml";
    const std::string postgres = "shared/packaging/compose/postgres.yml";
    for (const Service& service :
         {Service{plain, "api", api_program(), {}, {"DATABASE_URL"}},
          Service{plain, "worker", worker_program(), {}, {"DATABASE_URL"}},
          Service{postgres, "api-1", api_program(), {"PGPASSWORD"}, {}},
          Service{postgres, "worker", worker_program(), {"PGPASSWORD"}, {}}}) {
        CAPTURE(service.file);
        CAPTURE(service.name);
        const Names declared = declared_variables(service.program);
        REQUIRE(declared.contains("LOG_FORMAT"));
        Names expected = without(without(declared, set_by_the_images()), service.left_out);
        expected.insert(service.besides.begin(), service.besides.end());
        CHECK_EQ(listed(passed_on_to(service.file, service.name)), listed(expected));
    }
    CHECK(declared_variables(api_program()).contains("API_TOKENS"));
}

TEST_CASE("compose: the images fix where the orders are and where the API listens, nothing else") {
    CHECK_EQ(listed(set_by_the_images()), "API_HOST API_PORT DB_PATH ");
}

TEST_CASE("compose: the images' labels name the version of the programs in them") {
    std::string labelled;
    for (const auto& version : all_matches(source_file("Dockerfile"), "^ARG VERSION=(.+)$")) {
        labelled += "order-api " + version + "\n";
    }
    CHECK_EQ(labelled, run(api_program(), {"--version"}).output);
}

TEST_CASE("compose: the API is published on this machine only unless the environment says else") {
    CHECK_EQ(listed(all_matches(source_file("docker-compose.yml"), "^      - \"(.*:8080)\"$")),
             "${API_PUBLISHED_HOST:-127.0.0.1}:${API_PUBLISHED_PORT:-8099}:8080 ");
}

TEST_CASE("compose: what it takes from the environment by itself is in README.md") {
    const std::string readme = source_file("README.md");
    const Names names = all_matches(source_file("docker-compose.yml"), "\\$\\{([A-Z_]+)");
    CHECK_EQ(listed(names), "API_PUBLISHED_HOST API_PUBLISHED_PORT ");
    for (const std::string& name : names) {
        CHECK_MESSAGE(readme.find("`" + name + "`") != std::string::npos, name);
    }
}

TEST_CASE("compose: the user that owns the volume is named wherever it has to be known") {
    CHECK(source_file("Dockerfile").find("\nUSER 10001:10001\n") != std::string::npos);
    for (const char* const file : {"docker-compose.yml", "shared/packaging/OPERATING.md"}) {
        CHECK_MESSAGE(source_file(file).find("10001") != std::string::npos, file);
    }
}

TEST_CASE("settings: README.md or OPERATING.md lists every one of them, by its variable") {
    const std::string readme =
        source_file("README.md") + source_file("shared/packaging/OPERATING.md");
    for (const std::string& program : {api_program(), worker_program()}) {
        for (const std::string& variable : declared_variables(program)) {
            CHECK_MESSAGE(readme.find("`" + variable + "`") != std::string::npos, variable);
        }
    }
}

}  // namespace orders::test
