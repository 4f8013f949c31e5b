// What a service manager is told, read from a socket of the test's own as systemd would read it.

#include "shared/os/service_manager.h"

#include <doctest/doctest.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/managers_socket.h"
#include "tests/support/temp_dir.h"

namespace orders {
namespace {

using test::abstract_name;
using test::ManagersSocket;
using Messages = std::vector<std::string>;

// The manager of whoever reads the socket, as a program finds it in its environment.
ServiceManager manager_behind(const ManagersSocket& socket) {
    ::setenv("NOTIFY_SOCKET", socket.name().c_str(), 1);
    return ServiceManager::from_environment();
}

TEST_CASE("service_manager: it is told on the socket that the environment names") {
    const test::TempDir directory;
    std::string name;
    SUBCASE("by its path") {
        name = directory.file("notify");
    }
    SUBCASE("by an abstract name") {
        name = abstract_name();
    }
    // As long as it may be: there is no room for a zero behind it.
    SUBCASE("by the longest abstract name") {
        name = abstract_name();
        name.resize(sizeof(sockaddr_un::sun_path) - 1, 'x');
    }
    const ManagersSocket socket(name);
    const ServiceManager manager = manager_behind(socket);
    CHECK(socket.told().empty());
    manager.tell_ready();
    CHECK_EQ(socket.told(), Messages{"READY=1"});
    manager.tell_stopping();
    CHECK_EQ(socket.told(), Messages{"STOPPING=1"});
}

TEST_CASE("service_manager: programs that this one starts are not asked to tell anything") {
    ::setenv("NOTIFY_SOCKET", abstract_name().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "1000", 1);
    ::setenv("WATCHDOG_PID", "1", 1);
    (void)ServiceManager::from_environment();
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
        CHECK_MESSAGE(std::getenv(name) == nullptr, name);
    }
}

TEST_CASE(
    "service_manager: the watchdog is fed once in a quarter of its time, however often asked") {
    const ManagersSocket socket(abstract_name());
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    SUBCASE("of which there is plenty") {
        ::setenv("WATCHDOG_USEC", "3600000000", 1);
        ServiceManager manager = manager_behind(socket);
        for (int i = 0; i < 1'000; ++i) manager.feed_watchdog();
        CHECK_EQ(socket.told(), Messages{"WATCHDOG=1"});
    }
    SUBCASE("of which there is next to none") {
        ::setenv("WATCHDOG_USEC", "4", 1);
        ServiceManager manager = manager_behind(socket);
        Messages told;
        while (told.size() < 3) {
            manager.feed_watchdog();
            for (std::string& message : socket.told()) told.push_back(std::move(message));
        }
        CHECK_EQ(told, Messages{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"});
    }
}

TEST_CASE("service_manager: without a watchdog of this process there are no signs of life") {
    const ManagersSocket socket(abstract_name());
    struct Case {
        const char* pid;
        const char* limit;
    };
    for (const Case& none : {Case{"", ""},
                             {"1", "1"},
                             {"", "0"},
                             {"", "-5"},
                             {"", "soon"},
                             {"x", "1"},
                             {"", "99999999999999999999"}}) {
        CAPTURE(none.pid);
        CAPTURE(none.limit);
        ::setenv("WATCHDOG_PID", none.pid, 1);
        ::setenv("WATCHDOG_USEC", none.limit, 1);
        ServiceManager manager = manager_behind(socket);
        manager.feed_watchdog();
        CHECK(socket.told().empty());
        manager.tell_ready();
        CHECK_EQ(socket.told(), Messages{"READY=1"});
    }
}

TEST_CASE("service_manager: a manager that is not there, or does not read, holds nobody up") {
    ::setenv("WATCHDOG_USEC", "1", 1);
    SUBCASE("not asked for") {
        ::unsetenv("NOTIFY_SOCKET");
    }
    SUBCASE("gone") {
        ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    }
    SUBCASE("of a kind that is not known") {
        ::setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
    }
    SUBCASE("of no name") {
        ::setenv("NOTIFY_SOCKET", "@", 1);
    }
    SUBCASE("of too long a name") {
        ::setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
    }
    ServiceManager manager = ServiceManager::from_environment();
    manager.tell_ready();
    manager.feed_watchdog();
    manager.tell_stopping();

    const ManagersSocket socket(abstract_name());
    ::setenv("WATCHDOG_USEC", "1", 1);
    ServiceManager unread = manager_behind(socket);
    // Far more than the kernel keeps for it.
    for (int i = 0; i < 100'000; ++i) unread.feed_watchdog();
    CHECK_GT(socket.told().size(), 1);
}

}  // namespace
}  // namespace orders
