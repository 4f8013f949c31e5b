// journaling-receiver PORT JOURNAL: a receiver of webhooks that writes down what it is about to say
// of an order before it answers. It is a process of its own, so that it can be killed. See
// work_journal.h for the journal.
//
// Some orders it refuses; of some it takes only the second attempt, or loses its first answer; some
// it answers slowly.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

#include "shared/os/file_descriptor.h"
#include "tests/support/webhook_receiver.h"

namespace orders::test {
namespace {

using namespace std::chrono_literals;

class JournalingReceiver {
   public:
    explicit JournalingReceiver(const char* journal)
        : journal_(FileDescriptor::opened(
              ::open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "open")) {}

    Reaction react(const ReceivedRequest& request) {
        const std::string id = order_id(request);
        const bool is_first = request.header("order-attempt") == "1";
        const char last = id.empty() ? '0' : id.back();
        if (last == '1') {
            write_down(id, request, "refused");
            return answer_with(422, "no such address");
        }
        if (last == '3' && is_first) {
            write_down(id, request, "again");
            return answer_with(409);
        }
        write_down(id, request, "done");
        if (last == '5' && is_first) return {.closes = true};
        Reaction reaction = answer_with(200, R"({"token": )" + request.header("order-token") + "}");
        if (last == '7') reaction.pause = 3ms;  // for each of some sixty bytes
        return reaction;
    }

   private:
    static std::string order_id(const ReceivedRequest& request) {
        constexpr std::string_view before = R"({"order_id":")";
        if (!request.body.starts_with(before)) return {};
        return request.body.substr(before.size(),
                                   request.body.find('"', before.size()) - before.size());
    }

    void write_down(const std::string& id, const ReceivedRequest& request,
                    std::string_view outcome) {
        const std::string line = id + " " + request.header("order-attempt") + " " +
                                 request.header("order-token") + " " + std::string(outcome) + "\n";
        if (::write(journal_.get(), line.data(), line.size()) !=
            static_cast<ssize_t>(line.size())) {
            std::cerr << "cannot write the journal" << std::endl;
            ::_exit(1);  // rather than say what is not written down
        }
    }

    FileDescriptor journal_;
};

}  // namespace
}  // namespace orders::test

int main(int /*count*/, char** arguments) {
    sigset_t end;
    ::sigemptyset(&end);
    ::sigaddset(&end, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &end, nullptr);  // before there are threads
    orders::test::JournalingReceiver journaling(arguments[2]);
    const orders::test::WebhookReceiver receiver(
        [&](const orders::test::ReceivedRequest& request) { return journaling.react(request); },
        nullptr, std::stoi(arguments[1]));
    std::cerr << " listening " << std::endl;
    int signal = 0;
    ::sigwait(&end, &signal);
    return 0;
}
