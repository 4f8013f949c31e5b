#pragma once

// A document of this repository, in Markdown, as far as tests compare documents with the programs
// and the code: its headings, its links, and the blocks of code in it.

#include <cctype>
#include <filesystem>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/file_contents.h"

namespace orders::test {

class Document {
   public:
    // `path` is relative to the source directory. Throws if there is no such document.
    explicit Document(const std::string& path) : path_(path) {
        std::istringstream text(contents_of(std::filesystem::path(ORDERS_SOURCE_DIR) / path));
        for (std::string line; std::getline(text, line); ++lines_) take(line);
        if (lines_ == 0) throw std::runtime_error("there is no document " + path);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int lines() const noexcept { return lines_; }
    // All that is outside of blocks.
    [[nodiscard]] const std::string& prose() const noexcept { return prose_; }

    // The text of each block that is marked with this language, in order.
    [[nodiscard]] std::vector<std::string> blocks(std::string_view language) const {
        std::vector<std::string> texts;
        for (const Block& block : blocks_) {
            if (block.language == language) texts.push_back(block.text);
        }
        return texts;
    }

    // As written, without the signs in front.
    [[nodiscard]] std::vector<std::string> headings() const {
        return matches(std::regex("(?:^|\n)#+ ([^\n]*)"));
    }

    // What the links in the prose lead to, as written.
    [[nodiscard]] std::vector<std::string> links() const {
        return matches(std::regex(R"(\]\(([^)\s]+)\))"));
    }

    // What `expression` has in its first group, for each place in the prose where it matches.
    [[nodiscard]] std::vector<std::string> matches(const std::regex& expression) const {
        std::vector<std::string> found;
        std::sregex_iterator match(prose_.begin(), prose_.end(), expression);
        for (; match != std::sregex_iterator(); ++match) found.push_back((*match)[1].str());
        return found;
    }

   private:
    struct Block {
        std::string language;
        std::string text;
    };

    void take(const std::string& line) {
        if (line.starts_with("```")) {
            if (!is_in_block_) blocks_.push_back({line.substr(3), ""});
            is_in_block_ = !is_in_block_;
        } else {
            (is_in_block_ ? blocks_.back().text : prose_) += line + "\n";
        }
    }

    std::string path_;
    int lines_ = 0;
    bool is_in_block_ = false;
    std::vector<Block> blocks_;
    std::string prose_;
};

// What a link to a heading has after the `#`, as GitHub makes it.
[[nodiscard]] inline std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ') {
            anchor += '-';
        } else if (std::isalnum(byte) != 0 || c == '-' || c == '_') {
            anchor += static_cast<char>(std::tolower(byte));
        }
    }
    return anchor;
}

}  // namespace orders::test
