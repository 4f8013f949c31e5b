#pragma once

// What a text setting never holds on purpose, but gets when it is copied: a path with a carriage
// return or with quotes around it is a good path of another file, so that one of two processes
// would silently use a store of its own. Pure functions, for any thread.

#include <string>
#include <string_view>

namespace orders {

// What is wrong with the text, as the end of a sentence that begins with it ("ends with a blank");
// empty if it is fine. It is not fine if it is empty, if it has a control character, or if a blank,
// a quote or a byte order mark stands at either end.
[[nodiscard]] std::string fault_in_text(std::string_view text);

}  // namespace orders
