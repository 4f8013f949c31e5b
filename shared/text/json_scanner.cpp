#include "shared/text/json_scanner.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <utility>

#include "shared/text/ascii.h"
#include "shared/text/utf8.h"

namespace orders {
namespace {

// What a byte means in a string.
enum class StringByte : std::uint8_t { plain, quote, backslash, control, beyond_ascii };

constexpr std::array<StringByte, 256> string_bytes = [] {
    std::array<StringByte, 256> classes{};
    for (std::size_t byte = 0; byte < classes.size(); ++byte) {
        classes[byte] = byte < 0x20   ? StringByte::control
                        : byte < 0x80 ? StringByte::plain
                                      : StringByte::beyond_ascii;
    }
    classes['"'] = StringByte::quote;
    classes['\\'] = StringByte::backslash;
    return classes;
}();

StringByte class_at(std::string_view text, std::size_t at) {
    return string_bytes[static_cast<unsigned char>(text[at])];
}

std::size_t plain_end(std::string_view text, std::size_t at) {
    while (at < text.size() && class_at(text, at) == StringByte::plain) ++at;
    return at;
}

bool is_hex_digit(char c) {
    const char lower = ascii::to_lower(c);
    return ascii::is_digit(c) || (lower >= 'a' && lower <= 'f');
}

unsigned hex_value(char c) {
    const int value = ascii::is_digit(c) ? c - '0' : ascii::to_lower(c) - 'a' + 10;
    return static_cast<unsigned>(value);
}

constexpr std::size_t unicode_escape_length = 6;  // \uXXXX

// The code unit of the escape \uXXXX at `at`, if there is one.
std::optional<unsigned> unicode_escape(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) != "\\u" || text.size() - at < unicode_escape_length)
        return std::nullopt;
    unsigned unit = 0;
    for (const char c : text.substr(at + 2, 4)) {
        if (!is_hex_digit(c)) return std::nullopt;
        unit = unit * 16 + hex_value(c);
    }
    return unit;
}

// Behind the object or list that begins at `begin`, going by brackets alone; npos if it has no end.
std::size_t skip_brackets(std::string_view text, std::size_t begin) {
    std::size_t open = 0;
    for (std::size_t at = begin; at < text.size();) {
        switch (text[at]) {
            case '"':
                at = skip_json_string(text, at);
                continue;
            case '{':
            case '[':
                ++open;
                break;
            case '}':
            case ']':
                if (--open == 0) return at + 1;
                break;
            default:
                break;
        }
        ++at;
    }
    return std::string_view::npos;
}

class ValueScanner {
   public:
    ValueScanner(std::string_view text, std::size_t begin) : text_(text), at_(begin) {}

    JsonScan scan() {
        bool is_sound = scan_value();
        while (is_sound && levels_ > 0) {
            is_sound = std::exchange(is_first_next_, false) ? scan_first() : scan_next();
        }
        return {is_sound ? std::optional(at_) : std::nullopt, fault_};
    }

   private:
    [[nodiscard]] bool has(char c) const { return at_ < text_.size() && text_[at_] == c; }
    [[nodiscard]] bool has_digit() const {
        return at_ < text_.size() && ascii::is_digit(text_[at_]);
    }
    bool take(char c) {
        const bool is_there = has(c);
        if (is_there) ++at_;
        return is_there;
    }
    void skip_white_space() { at_ = skip_json_white_space(text_, at_); }

    // A fault within the syntax: scanning goes on, to find the end. The first one counts.
    void note(const char* reason) {
        if (!fault_) fault_ = JsonFault{at_, reason};
    }

    // A fault of the syntax: nobody can tell what the rest would mean.
    bool broken(const char* reason) {
        fault_ = JsonFault{at_, at_ < text_.size() ? reason : "ends in the middle"};
        return false;
    }
    bool out_of_place() { return broken("has a character out of place"); }

    // Of an object or list, only the bracket that opens it.
    bool scan_value() {
        if (at_ >= text_.size()) return out_of_place();
        switch (text_[at_]) {
            case '{':
            case '[':
                return open();
            case '"':
                return scan_string();
            case 't':
                return scan_word("true");
            case 'f':
                return scan_word("false");
            case 'n':
                return scan_word("null");
            default:
                return has('-') || has_digit() ? scan_number() : out_of_place();
        }
    }

    bool open() {
        if (levels_ == max_json_levels) {
            static_assert(max_json_levels == 128);
            note("is nested deeper than 128 levels");
            const std::size_t end = skip_brackets(text_, at_);
            at_ = std::min(end, text_.size());
            return end != text_.npos || out_of_place();
        }
        is_object_[levels_++] = text_[at_] == '{';
        ++at_;
        is_first_next_ = true;
        return true;
    }

    // Behind the opening bracket: the object or list ends, or has a value.
    bool scan_first() {
        skip_white_space();
        return take_end() || scan_element();
    }

    // Behind a value in an object or list: that ends, or has another value.
    bool scan_next() {
        skip_white_space();
        if (take_end()) return true;
        if (!take(',')) return out_of_place();
        skip_white_space();
        return scan_element();
    }

    bool take_end() {
        const bool is_end = take(is_object_[levels_ - 1] ? '}' : ']');
        if (is_end) --levels_;
        return is_end;
    }

    bool scan_element() { return is_object_[levels_ - 1] ? scan_member() : scan_value(); }

    bool scan_member() {
        if (!has('"')) return out_of_place();
        if (!scan_string()) return false;
        skip_white_space();
        if (!take(':')) return out_of_place();
        skip_white_space();
        return scan_value();
    }

    bool scan_word(std::string_view word) {
        const std::string_view rest = text_.substr(at_, word.size());
        if (rest != word) {
            at_ += static_cast<std::size_t>(
                std::mismatch(rest.begin(), rest.end(), word.begin()).first - rest.begin());
            return out_of_place();
        }
        at_ += word.size();
        return true;
    }

    bool scan_digits() {
        if (!has_digit()) return broken("has a number that is not complete");
        while (has_digit()) ++at_;
        return true;
    }

    bool scan_number() {
        take('-');
        if (!take('0') && !scan_digits()) return false;
        if (take('.') && !scan_digits()) return false;
        if (!take('e') && !take('E')) return true;
        if (!take('+')) take('-');
        return scan_digits();
    }

    bool scan_string() {
        ++at_;
        while (at_ < text_.size()) {
            switch (class_at(text_, at_)) {
                case StringByte::plain:
                    at_ = plain_end(text_, at_);
                    break;
                case StringByte::quote:
                    ++at_;
                    return true;
                case StringByte::backslash:
                    scan_escape();
                    break;
                case StringByte::control:
                    note("has a control character in a text");
                    ++at_;
                    break;
                case StringByte::beyond_ascii:
                    scan_utf8();
                    break;
            }
        }
        return out_of_place();
    }

    void scan_utf8() {
        const std::size_t length = utf8::length_of_first(text_.substr(at_));
        if (length == 0) note("is not valid UTF-8");
        at_ += std::max<std::size_t>(1, length);
    }

    void scan_escape() {
        constexpr std::string_view short_escapes = "\"\\/bfnrt";
        if (at_ + 1 < text_.size() && short_escapes.find(text_[at_ + 1]) != text_.npos) {
            at_ += 2;
            return;
        }
        const auto unit = unicode_escape(text_, at_);
        if (!unit) {
            // What follows the backslash is no quote, and may be looked at by itself.
            note("has an unknown escape in a text");
            ++at_;
            return;
        }
        const bool is_high = *unit >= 0xd800 && *unit < 0xdc00;
        const bool is_low = *unit >= 0xdc00 && *unit < 0xe000;
        if (is_high) {
            const auto next = unicode_escape(text_, at_ + unicode_escape_length);
            if (next && *next >= 0xdc00 && *next < 0xe000) {
                at_ += 2 * unicode_escape_length;
                return;
            }
        }
        if (is_high || is_low) note("has a lone surrogate");
        at_ += unicode_escape_length;
    }

    const std::string_view text_;
    std::size_t at_;
    std::size_t levels_ = 0;                  // how many objects and lists are open
    std::bitset<max_json_levels> is_object_;  // which of them are objects
    bool is_first_next_ = false;              // the last one has just been opened
    std::optional<JsonFault> fault_;
};

}  // namespace

JsonScan scan_json_value(std::string_view text, std::size_t begin) noexcept {
    return ValueScanner(text, begin).scan();
}

bool is_json(std::string_view text) noexcept {
    const JsonScan scan = scan_json_value(text, skip_json_white_space(text, 0));
    return !scan.fault && skip_json_white_space(text, *scan.end) == text.size();
}

std::size_t skip_json_white_space(std::string_view text, std::size_t at) noexcept {
    const auto is_white_space = [](char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    };
    while (at < text.size() && is_white_space(text[at])) ++at;
    return at;
}

std::size_t skip_json_string(std::string_view text, std::size_t begin) noexcept {
    for (std::size_t at = begin + 1; at < text.size(); ++at) {
        if (text[at] == '"') return at + 1;
        if (text[at] == '\\') ++at;
    }
    return text.size();
}

}  // namespace orders
