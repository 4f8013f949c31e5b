# Writes the C++ file that holds the files of the dashboard (page_files.h), each as it is and
# compressed. Assets are served below a folder whose name is a hash of all of them, so that they may
# be kept for ever, and can name each other without it. Run at build time:
#
#     cmake -DOUTPUT=FILE.cpp -DPAGE=index.html -DGZIP=gzip "-DASSETS=FILE;FILE..." -P embed_page.cmake

# As many bytes as the file has, each as an escape of a string literal.
function(read_literal file literal)
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
    set(${literal} "\"${bytes}\"sv" PARENT_SCOPE)
endfunction()

function(append_entry path file)
    execute_process(COMMAND ${GZIP} -9 --no-name --stdout ${file} OUTPUT_FILE ${OUTPUT}.gz
                    COMMAND_ERROR_IS_FATAL ANY)
    file(SHA256 ${file} digest)
    string(SUBSTRING ${digest} 0 16 digest)
    get_filename_component(extension ${file} LAST_EXT)
    read_literal(${file} plain)
    read_literal(${OUTPUT}.gz compressed)
    file(REMOVE ${OUTPUT}.gz)
    string(APPEND entries "    PageFile{\"${path}\", \"${extension}\", \"${digest}\",\n"
                          "             ${plain},\n             ${compressed}},\n")
    set(entries "${entries}" PARENT_SCOPE)
endfunction()

set(digests "")
foreach(asset IN LISTS ASSETS)
    file(SHA256 ${asset} digest)
    string(APPEND digests ${digest})
endforeach()
string(SHA256 folder "${digests}")
string(SUBSTRING ${folder} 0 12 folder)

set(entries "")
file(READ ${PAGE} page)
string(REPLACE "@assets@" "assets/${folder}" page "${page}")
file(WRITE ${OUTPUT}.html "${page}")
append_entry("" ${OUTPUT}.html)
file(REMOVE ${OUTPUT}.html)
foreach(asset IN LISTS ASSETS)
    get_filename_component(name ${asset} NAME)
    append_entry("assets/${folder}/${name}" ${asset})
endforeach()

file(WRITE ${OUTPUT} "// Made by api/dashboard/embed_page.cmake; see api/dashboard/page_files.h.

#include \"api/dashboard/page_files.h\"

#include <array>

// (clang is for shorter ones.)
#pragma GCC diagnostic ignored \"-Woverlength-strings\"

namespace orders {

using namespace std::string_view_literals;

std::span<const PageFile> page_files() noexcept {
    static constexpr std::array files{
${entries}    };
    return files;
}

}  // namespace orders
")
