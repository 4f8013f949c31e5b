#include "shared/storage/postgres/values.h"

namespace orders::postgres {

void Array::add(std::string_view value) {
    begin();
    text_ += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
    }
    text_ += '"';
}

}  // namespace orders::postgres
