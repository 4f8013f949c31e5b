#pragma once

// Two hosts with a cable between them, as network namespaces: the near one, on which the thread
// that makes this is until it destroys it, with all threads and programs that it starts meanwhile;
// and a far one. Nothing of it is left behind. It takes root, ip and iptables.
//
// Belongs to one thread, and needs that no other one of the process uses the network then.

#include <string>

#include "shared/os/file_descriptor.h"

namespace orders::test {

class TwoHosts {
   public:
    // What a machine must have, if it has not; else empty.
    [[nodiscard]] static std::string missing();

    TwoHosts();
    ~TwoHosts();
    TwoHosts(const TwoHosts&) = delete;
    TwoHosts& operator=(const TwoHosts&) = delete;

    static constexpr char far_address[] = "10.99.0.2";

    // Calls it on the far host; a program that it starts stays there.
    template <typename Do>
    void on_far_host(Do what) {
        enter(far_);
        what();
        enter(near_);
    }

    // Pulls the cable out at that host's end, and puts it in again.
    enum class End { near, far };
    void unplug(End end);
    void plug_in(End end);

    // Packets of this way are lost without a trace, until pass_all(): what the near host sends,
    // what it should receive, or both.
    enum class Way { there, back, both };
    void lose(Way way);
    void pass_all();

   private:
    void enter(const FileDescriptor& space);
    void set_cable(End end, const char* state);

    const FileDescriptor before_;
    FileDescriptor far_;
    FileDescriptor near_;
};

}  // namespace orders::test
