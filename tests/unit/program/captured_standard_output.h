#pragma once

// Takes what is printed to standard output while it lives.

#include <iostream>
#include <sstream>
#include <string>

namespace orders::test {

class CapturedStandardOutput {
   public:
    CapturedStandardOutput() : original_(std::cout.rdbuf(text_.rdbuf())) {}
    ~CapturedStandardOutput() { std::cout.rdbuf(original_); }
    CapturedStandardOutput(const CapturedStandardOutput&) = delete;
    CapturedStandardOutput& operator=(const CapturedStandardOutput&) = delete;

    [[nodiscard]] std::string text() const { return text_.str(); }

   private:
    std::ostringstream text_;
    std::streambuf* original_;
};

}  // namespace orders::test
