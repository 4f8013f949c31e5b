#pragma once

// A recording of what tests asked of the API and were answered, for tests/contract to hold against
// the description of the API. If ORDERS_RECORD names a file, each exchange is a line of JSON at its
// end, and so is the beginning of each test case, so that a recording can be told to be complete.
// Any number of processes may record into one file.

#include "tests/support/http_client.h"

namespace orders::test {

// That a test case begins; the program's name tells cases apart that several programs have.
void record_case(const char* name);
// Nothing, if there is no answer.
void record_exchange(const HttpCall& call, const HttpOutcome& outcome);
// An answer to bytes that a test wrote by hand: to which request is not known.
void record_answer(const HttpOutcome& outcome);

}  // namespace orders::test
