#pragma once

// A program under test: started with its own arguments and environment, its standard output and
// error read as they come, and gone when the object dies, however the test ends. A test waits for
// what the program says or for its end; it never sleeps and hopes.
//
// Start children from a thread that outlives them (a test's main thread): the kernel kills a child
// when the thread that started it ends, so that a crashed test leaves nothing behind. Everything
// but the destructor may be called from any thread.

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "shared/os/file_descriptor.h"

namespace orders::test {

// How a process ended: by itself with a status, or by a signal.
struct Ending {
    bool by_signal = false;
    int number = 0;
    friend bool operator==(const Ending&, const Ending&) = default;
};
[[nodiscard]] constexpr Ending exited(int status) {
    return {false, status};
}
[[nodiscard]] constexpr Ending killed_by(int signal) {
    return {true, signal};
}
std::ostream& operator<<(std::ostream& out, const Ending& ending);

class ChildProcess {
   public:
    // Of the test's own environment the child sees only what programs need anywhere (PATH, TMPDIR,
    // sanitizer options), so a developer's settings do not leak into tests.
    ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment = {});
    // Kills the child if it still runs.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    // Does nothing once the child has been reaped.
    void signal(int number);

    // The first line on standard error that contains `part`, as soon as there is one. Throws if
    // there is none in time, or if the child ends without it.
    std::string wait_for_line(std::string_view part, std::chrono::milliseconds within);

    // How the child ended, as soon as it has; its output is complete then. Throws if it does not
    // end in time.
    Ending wait_exit(std::chrono::milliseconds within);
    // Empty while it runs.
    std::optional<Ending> ending();
    // SIGKILL, and the end awaited.
    void kill();

    [[nodiscard]] std::vector<std::string> error_lines() const;
    [[nodiscard]] std::size_t count_lines(std::string_view part) const;
    [[nodiscard]] std::string output() const;
    // The last lines on standard error, for a failure message.
    [[nodiscard]] std::string tail(std::size_t lines = 15) const;

   private:
    void read_output();
    void take_error_bytes(std::string_view bytes);
    [[nodiscard]] const std::string* find_line(std::string_view part) const;

    // Constant after construction.
    std::string program_;
    FileDescriptor output_pipe_;
    FileDescriptor error_pipe_;
    pid_t pid_ = -1;

    // Guarded by process_mutex_, which makes sure that no signal goes to a reaped pid.
    std::mutex process_mutex_;
    std::optional<Ending> ending_;

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> error_lines_;
    std::string unfinished_line_;
    std::string output_;
    bool is_all_read_ = false;

    std::jthread reader_;  // last: it uses the above; ends when the child has closed both pipes
};

}  // namespace orders::test
