#pragma once

// The socket that a server listens on, made from the text that says where: an address
// ("127.0.0.1", "::1"); a name, of whose addresses the first that works is taken; or "*",
// which means every address of this machine, as "::" does.
//
// For any thread. A name may take as long as the machine's resolver does.

#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::http {

// Where a server listens, as the kernel says.
struct Endpoint {
    std::string addresses;  // a number, such as "127.0.0.1"; "0.0.0.0,::" if it is every address
    int port = 0;
};

struct ListeningSocket {
    FileDescriptor socket;
    Endpoint endpoint;
};

// Listens on TCP port `port`, or on any free one if that is 0. A port that another socket listens
// on is never shared. Throws std::system_error with the kernel's reason, and std::runtime_error for
// a name that does not resolve and for an address that no client could connect to.
[[nodiscard]] ListeningSocket listen_on(const std::string& host, int port);

// What a client on this machine connects to in order to reach a server that listens on `host`.
[[nodiscard]] std::string local_address_of(const std::string& host);

}  // namespace orders::http
