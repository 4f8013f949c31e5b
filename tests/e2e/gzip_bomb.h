#pragma once

// Nothing but zeros, compressed with gzip to a thousandth of their size.

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace orders::test {

[[nodiscard]] inline std::string gzip_bomb(std::size_t unpacked_bytes) {
    constexpr int with_gzip_header = 16;
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + with_gzip_header,
                     MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("cannot compress");
    }
    std::string zeros(std::size_t{1} << 20U, '\0');
    std::array<char, 64 * 1024> buffer{};
    std::string packed;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        if (stream.avail_in == 0) {
            const std::size_t more = std::min(zeros.size(), unpacked_bytes);
            stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
            stream.avail_in = static_cast<uInt>(more);
            unpacked_bytes -= more;
        }
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        result = deflate(&stream, unpacked_bytes == 0 ? Z_FINISH : Z_NO_FLUSH);
        packed.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    deflateEnd(&stream);
    return packed;
}

}  // namespace orders::test
