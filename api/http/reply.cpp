#include "api/http/reply.h"

#include <exception>

#include "api/http/problem.h"
#include "shared/log/log.h"

namespace orders::http {

Reply::~Reply() {
    if (connection_ == nullptr) return;
    // An exception that unwinds the stack past it is logged where it is caught.
    if (std::uncaught_exceptions() == 0 && !has_client_left()) {
        log::error(
            "request not answered by its handler",
            {{"consequence", "it is answered with 500"}, {"request_id", request_id().text()}});
    }
    // Made later, because nothing may be allocated here: memory may be what ran out.
    give(ResponseMaker(internal_error));
}

void Reply::send(Response response) && {
    give(std::move(response));
}

void Reply::send_made_by(ResponseMaker make) && {
    give(std::move(make));
}

Stream Reply::stream(Response head, const StreamOptions& options) && {
    const std::size_t most = options.max_unsent_bytes.value_or(keeper_->max_stream_bytes());
    auto buffer = std::make_shared<StreamBuffer>(most);
    Stream stream(*keeper_, connection_->id(), buffer);
    give(StreamStart{std::move(head), std::move(buffer), options});
    return stream;
}

void Reply::set_aside() noexcept {
    if (std::exchange(is_set_aside_, true)) return;
    connection_->request_count().leave_out_time();
    keeper_->count_awaited(false);
}

void Reply::take_up() noexcept {
    if (std::exchange(is_set_aside_, false)) keeper_->count_awaited(true);
}

void Reply::give(Answer answer) noexcept {
    take_up();
    Connection& connection = *std::exchange(connection_, nullptr);
    if (connection.give_answer(std::move(answer))) keeper_->send_answer(connection);
}

Stream::~Stream() {
    if (buffer_) finish(false);
}

bool Stream::write(std::string_view piece) {
    if (piece.empty()) return true;  // the empty piece would be the end
    switch (buffer_->push(piece)) {
        case StreamBuffer::Push::taken:
            return true;
        case StreamBuffer::Push::is_first:
            keeper_->wake(connection_id_);
            return true;
        case StreamBuffer::Push::closed:
            break;
    }
    keeper_->wake(connection_id_);
    return false;
}

void Stream::end(std::string_view last) && {
    finish(true, last);
}

void Stream::finish(bool is_complete, std::string_view last) {
    std::exchange(buffer_, nullptr)->end(is_complete, last);
    keeper_->wake(connection_id_);
}

}  // namespace orders::http
