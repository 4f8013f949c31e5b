#include "shared/program/setting_entries.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace orders::test {

using Entries = std::vector<std::string>;

TEST_CASE("setting_entries: a list is what stands between the commas, whatever that is") {
    CHECK(split_at_commas("a") == Entries{"a"});
    CHECK(split_at_commas("a,b,c") == Entries{"a", "b", "c"});
    CHECK(split_at_commas("a, b=1") == Entries{"a", " b=1"});
    CHECK(split_at_commas("") == Entries{""});
    CHECK(split_at_commas(",a,") == Entries{"", "a", ""});
}

TEST_CASE("setting_entries: an entry for a kind ends at a comma that the next KIND= follows") {
    CHECK(split_before_kinds("mail=http://a/") == Entries{"mail=http://a/"});
    CHECK(split_before_kinds("mail=http://a/,sms=http://b/") ==
          Entries{"mail=http://a/", "sms=http://b/"});
    CHECK(split_before_kinds("mail=/bin/m --to a,b,c --x,sms=/bin/s") ==
          Entries{"mail=/bin/m --to a,b,c --x", "sms=/bin/s"});
    // What could not be a kind ends nothing: it belongs to the value before it.
    const std::string longest_kind(Kind::max_length, 'k');
    CHECK(split_before_kinds("a=1," + longest_kind + "=2") == Entries{"a=1", longest_kind + "=2"});
    for (const std::string& rest :
         {std::string("a=1,"), std::string("a=1,b"), std::string("a=1,=2"), std::string("a=1, b=2"),
          std::string("a=1,B=2"), std::string("a=1,x.y=2"), "a=1,k" + longest_kind + "=2"}) {
        CAPTURE(rest);
        CHECK(split_before_kinds(rest) == Entries{rest});
    }
    CHECK(split_before_kinds("") == Entries{""});
}

TEST_CASE("setting_entries: an entry for a kind has a kind, an equals sign and a value") {
    const auto entry = parse_kind_entry("mail-1=http://a/?x=1,y");
    REQUIRE(entry);
    CHECK(entry->kind.name() == "mail-1");
    CHECK(entry->value == "http://a/?x=1,y");
    CHECK(parse_kind_entry("default=x")->kind.is_default());
    CHECK(parse_kind_entry("a==")->value == "=");
    for (const char* const text : {"", "mail", "mail=", "=", "=x", "Mail=x", "ma il=x", "*=x"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_kind_entry(text));
    }
}

}  // namespace orders::test
