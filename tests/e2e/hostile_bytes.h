#pragma once

// The pieces of hostile requests, and what must come of them.

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "tests/support/check_problem.h"
#include "tests/support/eventually.h"
#include "tests/support/order_processes.h"

namespace orders::test {

inline const std::string end_of_head = "\r\n\r\n";
inline const std::string get_livez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";
// Further headers follow.
inline const std::string post_head =
    "POST /api/v1/orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

// The bytes are refused with one of these statuses, the connection is closed, and nobody else
// notices.
inline void check_refused(const OrderProcesses& processes, const std::string& bytes,
                          const std::set<int>& statuses) {
    const std::string begin_of_bytes = bytes.substr(0, 200);
    CAPTURE(begin_of_bytes);
    RawConnection connection(processes.port());
    connection.send(bytes);
    const HttpAnswer answer = answer_of(connection.read_answer(patience));
    CHECK_MESSAGE(statuses.contains(answer.status), answer.status, " ", answer.body);
    check_tells_no_internals(answer);
    CHECK(connection.is_closed_by_server(patience));
    CHECK_EQ(processes.client().get("/livez").status, 200);
}

}  // namespace orders::test
