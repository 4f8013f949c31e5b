#pragma once

// The largest file that this process, and those that it starts meanwhile, may write, while the
// object lives: a write beyond it fails with EFBIG, and sends SIGXFSZ to a process that does not
// ignore it.

#include <sys/resource.h>

#include <csignal>
#include <cstdint>

namespace orders::test {

class FileSizeLimit {
   public:
    // Whether this process ignores the signal meanwhile; those that it starts then do too.
    enum class Signal { is_ignored, ends_process };

    FileSizeLimit(std::uintmax_t bytes, Signal signal) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_before_ = std::signal(SIGXFSZ, signal == Signal::is_ignored ? SIG_IGN : SIG_DFL);
        const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_before_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

   private:
    rlimit before_{};
    void (*handler_before_)(int) = SIG_DFL;
};

}  // namespace orders::test
