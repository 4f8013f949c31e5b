#pragma once

// Certificates for tests, made anew each time with OpenSSL: an authority that clients are told to
// trust, and servers that it vouches for, or does not.

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

namespace orders::test {

template <auto Free>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Certificate = std::unique_ptr<X509, FreeWith<&::X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<&::EVP_PKEY_free>>;

// What a server shows its clients.
class TlsIdentity {
   public:
    TlsIdentity(const Certificate& certificate, const PrivateKey& key);

    [[nodiscard]] SSL_CTX* server_context() const noexcept { return context_.get(); }

   private:
    std::unique_ptr<SSL_CTX, FreeWith<&::SSL_CTX_free>> context_;
};

class TlsAuthority {
   public:
    TlsAuthority();

    // A server of that name, or of that IP address, whose certificate is valid from yesterday until
    // so long from now.
    [[nodiscard]] TlsIdentity vouch_for(
        const std::string& host, std::chrono::hours valid_for = std::chrono::hours(24)) const;
    // One that nobody vouches for.
    [[nodiscard]] static TlsIdentity self_signed(const std::string& host);

    // The authority's own certificate, as PEM.
    void write_to(const std::string& file) const;

   private:
    PrivateKey key_;
    Certificate certificate_;
};

}  // namespace orders::test
