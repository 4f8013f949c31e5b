#include "tests/e2e/documented_commands.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>

#include "tests/support/file_contents.h"
#include "tests/support/program_run.h"

namespace orders::test {
namespace {

const std::filesystem::path source_directory = ORDERS_SOURCE_DIR;
// Where the documents say that the API listens.
const std::string documented_api = "http://127.0.0.1:8099";
const std::string documented_database = ".data/orders.db";
const std::string token = "0123456789abcdef0123456789abcdef";

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Reads a block from its beginning to its end.
class ShellReader {
   public:
    ShellReader(std::string_view text, const std::map<std::string, std::string>& variables)
        : text_(text), variables_(variables) {}

    [[nodiscard]] std::vector<ShellCommand> read() {
        for (; at_ < text_.size(); ++at_) take(text_[at_]);
        end_command();
        return std::move(commands_);
    }

   private:
    void take(char c) {
        if (quote_ != '\0' && c == quote_) {
            quote_ = '\0';
        } else if (c == '$' && quote_ != '\'') {
            take_expansion();
        } else if (quote_ != '\0') {
            word_ += c;
        } else if (c == '\'' || c == '"') {
            quote_ = c;
            is_in_word_ = true;
        } else if (c == '\\') {
            ++at_;  // only ever before a line's end
        } else if (c == '\n') {
            end_command();
        } else if (c == ' ') {
            end_word();
        } else if (c == '#' && !is_in_word_) {
            at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
        } else {
            word_ += c;
            is_in_word_ = true;
        }
    }

    void take_expansion() {
        is_in_word_ = true;
        if (text_.substr(at_, 2) == "$(") {
            const std::size_t end = text_.find(')', at_);
            word_ += text_.substr(at_, end + 1 - at_);
            at_ = end;
            return;
        }
        std::string name;
        while (at_ + 1 < text_.size() && is_name_character(text_[at_ + 1])) name += text_[++at_];
        const auto variable = variables_.find(name);
        if (variable == variables_.end()) throw std::runtime_error("no variable $" + name);
        word_ += variable->second;
    }

    void end_word() {
        if (!is_in_word_) return;
        static const std::regex assignment("([A-Z_]+)=([^]*)");
        std::smatch parts;
        if (command_.words.empty() && std::regex_match(word_, parts, assignment)) {
            command_.environment[parts[1]] = parts[2];
        } else {
            command_.words.push_back(word_);
        }
        word_.clear();
        is_in_word_ = false;
    }

    void end_command() {
        end_word();
        if (!command_.words.empty() || !command_.environment.empty()) commands_.push_back(command_);
        command_ = {};
    }

    std::string_view text_;
    const std::map<std::string, std::string>& variables_;
    std::size_t at_ = 0;
    char quote_ = '\0';
    bool is_in_word_ = false;
    std::string word_;
    ShellCommand command_;
    std::vector<ShellCommand> commands_;
};

// Throws if curl is used in a way that this does not know.
HttpCall call_of(const std::vector<std::string>& words) {
    HttpCall call;
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with(documented_api)) {
            call.target = words[i].substr(documented_api.size());
            continue;
        }
        const std::string value = i + 1 < words.size() ? words[i + 1] : "";
        if (words[i] == "-X") {
            call.method = value;
        } else if (words[i] == "-d") {
            call.body = value;
        } else if (words[i] == "-H") {
            const std::size_t colon = value.find(": ");
            call.headers.emplace_back(value.substr(0, colon), value.substr(colon + 2));
        } else {
            throw std::runtime_error("unknown to this test: " + words[i]);
        }
        ++i;
    }
    return call;
}

}  // namespace

std::string ShellCommand::text() const {
    std::string text;
    for (const auto& [name, value] : environment) text += name + "=" + value + " ";
    for (const std::string& word : words) text += word + " ";
    return text;
}

std::vector<ShellCommand> commands_in(std::string_view block,
                                      const std::map<std::string, std::string>& variables) {
    return ShellReader(block, variables).read();
}

CommandChecker::CommandChecker(OrderProcesses& processes)
    : processes_(processes),
      open_port_(processes.port()),
      dev_help_(run((source_directory / "dev").string(), {"help"}).output),
      compose_file_(contents_of(source_directory / "docker-compose.yml")) {}

std::vector<ShellCommand> CommandChecker::commands_of(const Document& document) {
    std::vector<ShellCommand> commands;
    for (const std::string& block : document.blocks("sh")) {
        std::ranges::move(commands_in(block, {{"TOKEN", token}}), std::back_inserter(commands));
    }
    return commands;
}

std::string CommandChecker::complaint_about(const ShellCommand& command) {
    const auto& words = command.words;
    if (words.empty()) {
        const bool is_token =
            command.environment.size() == 1 && command.environment.begin()->first == "TOKEN";
        return is_token ? "" : "only TOKEN may be assigned";
    }
    for (const auto& [variable, value] : command.environment) {
        if (!is_passed_on(variable)) return "docker-compose.yml does not pass on " + variable;
    }
    if (words[0] == "curl") return complaint_about_curl(command);
    if (words[0] == "./dev") return complaint_about_dev(command);
    if (words[0] == "docker" && words.size() > 1 && words[1] == "cp") {
        return complaint_about_docker_cp(command);
    }
    if (words[0] == "docker") return complaint_about_compose(command);
    const std::filesystem::path program(words[0]);
    if (program.parent_path() == "build/release") {
        // The text before it says that they must be stopped.
        if (words.size() > 1 && words[1] == "restore") stop();
        return complaint_about_program(program.filename(), {words.begin() + 1, words.end()});
    }
    return "a kind of command that this test does not know";
}

bool CommandChecker::is_passed_on(const std::string& variable) const {
    return std::regex_search(compose_file_,
                             std::regex("\n +- " + variable + "\n|\\$\\{" + variable + "[}:?-]"));
}

void CommandChecker::stop() {
    processes_.stop_all();
    is_running_ = false;
}

void CommandChecker::start() {
    if (is_running_) return;
    processes_.start_api();
    open_port_ = processes_.port();
    processes_.start_worker();
    is_running_ = true;
}

std::string CommandChecker::complaint_about_curl(const ShellCommand& command) {
    start();
    HttpCall call;
    try {
        call = call_of(command.words);
    } catch (const std::exception& error) {
        return error.what();
    }
    int port = open_port_;
    if (!call.headers.empty() && call.headers[0].first == "Authorization") {
        processes_.start_api({}, {{"API_TOKENS", token}});
        port = processes_.port();
        const int status = HttpClient(port).get(call.target).status;
        if (status != 401) return "without a token: status " + std::to_string(status);
    }
    const HttpAnswer answer = HttpClient(port).send(call);
    return answer.status == 200 ? "" : std::to_string(answer.status) + " " + answer.body;
}

bool CommandChecker::is_dev_command(const std::string& name) const {
    return std::regex_search(dev_help_, std::regex("(^|\n)  " + name + "[ \n]"));
}

std::string CommandChecker::complaint_about_dev(const ShellCommand& command) const {
    if (command.words.size() < 2 || !is_dev_command(command.words[1])) return "no such command";
    for (std::size_t i = 2; i < command.words.size(); ++i) {
        if (dev_help_.find(command.words[i]) == std::string::npos) {
            return "./dev help does not know " + command.words[i];
        }
    }
    return "";
}

bool CommandChecker::is_service(const std::string& name) const {
    const std::size_t services = compose_file_.find("\nservices:\n");
    const std::size_t end = compose_file_.find("\nvolumes:\n");
    const std::string part = compose_file_.substr(services, end - services);
    return part.find("\n  " + name + ":\n") != std::string::npos;
}

std::string CommandChecker::complaint_about_compose(const ShellCommand& command) {
    auto words = command.words;
    if (words.size() < 3 || words[1] != "compose") return "not docker compose";
    while (words.size() > 4 && words[2] == "-f") {
        if (!std::filesystem::exists(source_directory / words[3])) return "there is no " + words[3];
        words.erase(words.begin() + 2, words.begin() + 4);
    }
    static const std::map<std::string, std::set<std::string>> known{
        {"up", {"--build", "--detach", "--scale"}},
        {"down", {"--volumes"}},
        {"stop", {}},
        {"run", {"--rm"}},
        {"logs", {"--follow"}},
        {"exec", {}}};
    const auto flags = known.find(words[2]);
    if (flags == known.end()) return "docker compose " + words[2] + " is unknown to this test";
    if (words[2] == "stop") stop();
    if (words[2] == "up" || words[2] == "exec") start();
    for (std::size_t i = 3; i < words.size(); ++i) {
        if (words[i].starts_with("--")) {
            if (!flags->second.contains(words[i])) return words[i] + " is unknown to this test";
            continue;
        }
        const std::string service = words[i].substr(0, words[i].find('='));  // worker, worker=3
        if (!is_service(service)) return "there is no service " + service;
        if (words[2] == "run") {
            return complaint_about_program("order-" + service,
                                           {words.begin() + static_cast<int>(i) + 1, words.end()});
        }
        if (words[2] == "exec") {
            if (i + 1 == words.size()) return "nothing to execute";
            if (words[i + 1] != "order-" + service) return service + " has no " + words[i + 1];
            return complaint_about_program(words[i + 1], {words.begin() + 5, words.end()});
        }
    }
    return "";
}

// `docker compose cp` is not used: Compose v1 does not have it.
std::string CommandChecker::complaint_about_docker_cp(const ShellCommand& command) const {
    if (command.words.size() != 4) return "docker cp takes two paths";
    static const std::regex container_path(R"(\$\(docker compose ps -a?q ([a-z]+)\):/.+)");
    std::smatch parts;
    if (!std::regex_match(command.words[2], parts, container_path) &&
        !std::regex_match(command.words[3], parts, container_path)) {
        return "docker cp neither from nor to a container of compose";
    }
    return is_service(parts[1]) ? "" : "there is no service " + parts[1].str();
}

// A file that a document names, in the test's directory.
std::string CommandChecker::own_file(const std::string& file) const {
    if (file == documented_database) return processes_.database();
    std::string name = file;
    std::ranges::replace(name, '/', '_');
    return processes_.directory().file(name);
}

std::string CommandChecker::complaint_about_program(const std::string& program,
                                                    std::vector<std::string> arguments) const {
    const std::map<std::string, std::string> paths{{"order-api", api_program()},
                                                   {"order-worker", worker_program()}};
    if (!paths.contains(program)) return "there is no program " + program;
    if (arguments.empty()) return "it would not end";
    const bool takes_file =
        (arguments[0] == "backup" || arguments[0] == "restore") && arguments.size() > 1;
    if (!takes_file && arguments[0] != "verify") return arguments[0] + " is unknown to this test";
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const bool is_file = (takes_file && i == 1) || arguments[i - 1] == "--db";
        if (is_file) arguments[i] = own_file(arguments[i]);
    }
    const Run ended = run(paths.at(program), arguments, {{"DB_PATH", processes_.database()}});
    if (ended.ending == exited(0)) return "";
    return ended.output + (ended.error_lines.empty() ? "" : ended.error_lines.back());
}

}  // namespace orders::test
