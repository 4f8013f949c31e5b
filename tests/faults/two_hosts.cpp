#include "tests/faults/two_hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace orders::test {
namespace {

void run(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
}

FileDescriptor this_space() {
    return FileDescriptor::opened(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
                                  "open the network namespace");
}

FileDescriptor new_space() {
    if (::unshare(CLONE_NEWNET) != 0) {
        throw std::system_error(errno, std::generic_category(), "unshare");
    }
    run("ip link set lo up");
    return this_space();
}

}  // namespace

std::string TwoHosts::missing() {
    if (::geteuid() != 0) return "needs root";
    const char* const commands =
        "unshare --net sh -c 'ip link add near0 type veth peer name far0 &&"
        " iptables -w -A INPUT -i near0 -j DROP' >/dev/null 2>&1";
    if (std::system(commands) != 0) return "there are no network namespaces, or no ip, or iptables";
    return {};
}

TwoHosts::TwoHosts() : before_(this_space()), far_(new_space()), near_(new_space()) {
    run("ip link add near0 type veth peer name far0");
    run("ip link set far0 netns /proc/" + std::to_string(::getpid()) + "/fd/" +
        std::to_string(far_.get()));
    run("ip address add 10.99.0.1/24 dev near0");
    run("ip link set near0 up");
    on_far_host([] {
        run(std::string("ip address add ") + far_address + "/24 dev far0");
        run("ip link set far0 up");
    });
}

TwoHosts::~TwoHosts() {
    ::setns(before_.get(), CLONE_NEWNET);
}

void TwoHosts::enter(const FileDescriptor& space) {
    if (::setns(space.get(), CLONE_NEWNET) != 0) {
        throw std::system_error(errno, std::generic_category(), "setns");
    }
}

void TwoHosts::unplug(End end) {
    set_cable(end, "down");
}

void TwoHosts::plug_in(End end) {
    set_cable(end, "up");
}

void TwoHosts::set_cable(End end, const char* state) {
    if (end == End::near) return run(std::string("ip link set near0 ") + state);
    on_far_host([&] { run(std::string("ip link set far0 ") + state); });
}

void TwoHosts::lose(Way way) {
    if (way != Way::back) run("iptables -w -A OUTPUT -o near0 -j DROP");
    if (way != Way::there) run("iptables -w -A INPUT -i near0 -j DROP");
}

void TwoHosts::pass_all() {
    run("iptables -w -F");
}

}  // namespace orders::test
