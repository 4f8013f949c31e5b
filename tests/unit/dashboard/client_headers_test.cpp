// What a client says of the forms that it takes and has.

#include "api/dashboard/client_headers.h"

#include <doctest/doctest.h>

namespace orders::test {

TEST_CASE("client_headers: gzip is taken by who names it, or anything, with a weight above 0") {
    for (const char* taken : {"gzip", "GZip", "deflate, gzip, br", "gzip;q=0.5", "gzip; Q=1",
                              "identity;q=0, *", "br;q=1.0,\tgzip ;q=0.001"}) {
        CHECK_MESSAGE(accepts_gzip(taken), taken);
    }
    for (const char* refused : {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "xgzip",
                                "gzipped", "gzip;q=0, *", ",,"}) {
        CHECK_MESSAGE(!accepts_gzip(refused), refused);
    }
}

TEST_CASE("client_headers: a tag is found in a list, weak or not, and in a star") {
    for (const char* named : {R"("a1")", R"(W/"a1")", R"("b", "a1")", R"("b",W/"a1" , "c")", "*"}) {
        CHECK_MESSAGE(names_etag(named, R"("a1")"), named);
    }
    for (const char* other : {"", R"("a")", "a1", R"("a1-gzip")", R"(w/"a1")"}) {
        CHECK_MESSAGE(!names_etag(other, R"("a1")"), other);
    }
}

}  // namespace orders::test
