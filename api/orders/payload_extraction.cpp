#include "api/orders/payload_extraction.h"

#include <cstring>
#include <utility>

#include "shared/text/ascii.h"
#include "shared/text/json_scanner.h"

namespace orders {
namespace {

bool may_name(std::string_view body, std::string_view field) {
    // Much quicker than find: quotes are frequent. A backslash is rare.
    const std::string key = '"' + std::string(field) + '"';
    if (body.empty()) return false;  // perhaps without an address
    return memmem(body.data(), body.size(), key.data(), key.size()) != nullptr ||
           body.find("\\u00") != body.npos;
}

// Whether a string with its quotes spells this name of ASCII letters, with escapes or without.
bool spells(std::string_view string, std::string_view name) {
    constexpr std::string_view hex_digits = "0123456789abcdef";
    if (string.size() < name.size() + 2) return false;
    string = string.substr(1, string.size() - 2);
    for (const char letter : name) {
        if (string.starts_with(letter)) {
            string.remove_prefix(1);
            continue;
        }
        const auto code = static_cast<unsigned char>(letter);
        const char digits[] = {'0', '0', hex_digits[code / 16], hex_digits[code % 16]};
        if (!string.starts_with("\\u") ||
            !ascii::equals_ignoring_case(string.substr(2, 4), {digits, 4})) {
            return false;
        }
        string.remove_prefix(2 + 4);
    }
    return string.empty();
}

// Goes through a body by its strings and brackets. In JSON these are what they seem. In what is not
// JSON they may not be, but then the reader refuses the body whatever is taken out of it.
class PayloadWalk {
   public:
    PayloadWalk(std::string_view body, const BodyShape& shape, std::size_t max_bytes)
        : body_(body),
          shape_(shape),
          is_list_(shape.is_list()),
          object_depth_(is_list_ ? 3 : 1),
          max_bytes_(max_bytes) {}

    std::variant<ExtractedPayloads, MalformedBody> walk() {
        // The reader refuses the first object that is too many.
        while (at_ < body_.size() && objects_begun_ <= max_list_size) {
            const char c = body_[at_];
            if (c == '"') {
                pass_string();
                if (malformed_) return std::move(*malformed_);
                continue;
            }
            ++at_;
            if (c == '{' || c == '[') {
                open(c);
            } else if (c == '}' || c == ']') {
                close();
                if (depth_ <= 0) break;
            }
        }
        return std::move(found_);
    }

   private:
    void open(char bracket) {
        ++depth_;
        if (bracket == '{' && depth_ == object_depth_ && (!is_list_ || is_in_list_)) {
            is_in_object_ = true;
            ++objects_begun_;
        } else if (bracket == '[' && depth_ == 2 && is_list_next_) {
            is_in_list_ = true;
        }
    }

    void close() {
        if (depth_ == object_depth_) is_in_object_ = false;
        if (depth_ == 2) is_in_list_ = false;
        --depth_;
    }

    // A string with a colon behind it is a key; that of a payload is passed together with its
    // value.
    void pass_string() {
        const std::size_t begin = at_;
        at_ = skip_json_string(body_, begin);
        const bool is_of_object = is_in_object_ && depth_ == object_depth_;
        const bool is_beside_list = is_list_ && depth_ == 1;
        if (!is_of_object && !is_beside_list) return;
        const std::size_t colon = skip_json_white_space(body_, at_);
        if (colon == body_.size() || body_[colon] != ':') return;
        const std::string_view key = body_.substr(begin, at_ - begin);
        if (is_beside_list) {
            is_list_next_ = spells(key, shape_.list);
        } else if (spells(key, shape_.verbatim)) {
            take_payload(skip_json_white_space(body_, colon + 1));
        }
    }

    void take_payload(std::size_t begin) {
        const JsonScan scan = scan_json_value(body_, begin);
        if (!scan.end) {
            const std::string place = std::to_string(scan.fault->position + 1);
            malformed_ = MalformedBody{"The body is not valid JSON, at byte " + place + ".",
                                       {{std::string(shape_.verbatim), scan.fault->reason}}};
            return;
        }
        const std::size_t size = *scan.end - begin;
        at_ = *scan.end;
        if (!found_.neutral_body) found_.neutral_body = body_;
        found_.neutral_body->replace(begin, size, size, ' ');
        found_.neutral_body->at(begin) = '0';

        found_.payloads.resize(objects_begun_);
        FoundPayload& payload = found_.payloads.back();
        if (!std::holds_alternative<std::monostate>(payload)) {
            payload = PayloadFault{"is given twice"};
        } else if (size > max_bytes_) {
            payload =
                PayloadFault{"must be at most " + std::to_string(max_bytes_) + " bytes of JSON"};
        } else if (scan.fault) {
            payload = PayloadFault{scan.fault->reason};
        } else {
            payload = body_.substr(begin, size);
        }
    }

    const std::string_view body_;
    const BodyShape& shape_;
    const bool is_list_;
    const int object_depth_;
    const std::size_t max_bytes_;
    std::size_t at_ = 0;
    int depth_ = 0;              // how many objects and lists are open
    bool is_list_next_ = false;  // the value that comes next is that of the list
    bool is_in_list_ = false;    // in the list, at whatever depth
    bool is_in_object_ = false;  // in one of the objects, at whatever depth
    std::size_t objects_begun_ = 0;
    ExtractedPayloads found_;
    std::optional<MalformedBody> malformed_;
};

}  // namespace

std::variant<ExtractedPayloads, MalformedBody> extract_payloads(std::string_view body,
                                                                const BodyShape& shape,
                                                                std::size_t max_bytes) {
    if (!may_name(body, shape.verbatim)) return ExtractedPayloads{};
    return PayloadWalk(body, shape, max_bytes).walk();
}

}  // namespace orders
