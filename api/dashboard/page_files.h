#pragma once

// The files of the dashboard, as they were when the program was built: the page itself, and what it
// loads. What is in api/dashboard/page/ is what a browser gets; the plots are drawn by dygraphs.

#include <span>
#include <string_view>

namespace orders {

struct PageFile {
    std::string_view path;        // below /ui/; empty for the page itself
    std::string_view extension;   // of the file it was made from, such as `.js`
    std::string_view digest;      // of the content, for its ETag
    std::string_view plain;       // the content
    std::string_view compressed;  // the same, by gzip
};

// The page comes first. Empty if the program was built without the dashboard.
[[nodiscard]] std::span<const PageFile> page_files() noexcept;

}  // namespace orders
