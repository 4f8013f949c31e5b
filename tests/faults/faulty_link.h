#pragma once

// A TCP proxy in front of a PostgreSQL server that does on command what networks do by chance:
// delays bytes, cuts connections, loses answers, and delivers what was sent long after its sender
// has given up.
//
// Any thread may call it.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "shared/os/file_descriptor.h"

namespace orders::test {

// What befalls the next bytes that a client sends.
struct LinkFault {
    enum class Kind {
        cut,      // the rest of them is lost, and the connection
        swallow,  // they arrive, but the rest of the answer is lost, and the connection
        hold,     // the connection is lost for the client; the server gets the rest of them later
    };
    // For `after`: what belongs to the last statement is the rest.
    static constexpr std::size_t last_statement = static_cast<std::size_t>(-1);

    Kind kind = Kind::cut;
    std::size_t after = 0;              // so many bytes still pass
    std::string only_with = {};         // only bytes that contain this
    std::chrono::milliseconds held{0};  // 0: until release()
};

class FaultyLink {
   public:
    // The server listens on this Unix socket.
    explicit FaultyLink(std::string server);
    // Cuts all connections.
    ~FaultyLink();
    FaultyLink(const FaultyLink&) = delete;
    FaultyLink& operator=(const FaultyLink&) = delete;

    // For a URL: of this database, on 127.0.0.1.
    [[nodiscard]] std::string url_of(const std::string& database) const;

    // From now on all that is sent takes so long, either way.
    void set_delay(std::chrono::milliseconds delay);
    // They happen in this order, each once.
    void arm(LinkFault fault);
    // All connections, idle ones, too.
    void cut_all();
    // Delivers what is held, and returns once the server has done with all of it.
    void release();

    // Faults that have happened.
    [[nodiscard]] int happened(LinkFault::Kind kind) const;
    // Of what is held, nothing else has been delivered.
    [[nodiscard]] int held() const;

   private:
    struct Pair;  // of connections

    void accept_connections();
    void carry_requests(Pair& pair);
    void carry_answers(Pair& pair);
    void deliver_late(Pair& pair, std::string_view rest, std::chrono::milliseconds held);
    void delay() const;
    [[nodiscard]] std::optional<LinkFault> take_fault(std::string_view bytes);

    // Constant after construction.
    const std::string server_;
    int port_ = 0;
    FileDescriptor listener_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_ending_ = false;
    bool is_released_ = false;
    int held_ = 0;
    std::chrono::milliseconds delay_{0};
    std::list<LinkFault> armed_;
    int cuts_ = 0, swallowed_ = 0, late_ = 0;
    std::list<Pair> pairs_;

    std::jthread acceptor_;  // last: it uses the above
};

}  // namespace orders::test
