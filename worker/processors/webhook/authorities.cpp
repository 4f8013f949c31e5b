#include "worker/processors/webhook/authorities.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>

namespace orders {

std::string system_authorities() {
    const char* const file = ::curl_version_info(CURLVERSION_NOW)->cainfo;
    return file != nullptr ? file : "";
}

bool has_certificates(const std::string& file) {
    const std::unique_ptr<X509_STORE, decltype(&::X509_STORE_free)> store(::X509_STORE_new(),
                                                                          &::X509_STORE_free);
    const bool has_some =
        store != nullptr && ::X509_STORE_load_file(store.get(), file.c_str()) == 1;
    ::ERR_clear_error();  // the thread's, which others look at
    return has_some;
}

}  // namespace orders
