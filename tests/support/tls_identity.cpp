#include "tests/support/tls_identity.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <optional>
#include <stdexcept>

#include "shared/text/ascii.h"

namespace orders::test {
namespace {

void require(bool is_done) {
    if (!is_done) throw std::runtime_error("OpenSSL does not do it");
}

PrivateKey new_key() {
    PrivateKey key(::EVP_EC_gen("P-256"));
    require(key != nullptr);
    return key;
}

void add_extension(X509& certificate, int nid, const std::string& value) {
    using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<&::X509_EXTENSION_free>>;
    const Extension extension(::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    require(extension != nullptr && ::X509_add_ext(&certificate, extension.get(), -1) == 1);
}

struct Issuer {
    const X509* certificate;
    EVP_PKEY* key;
};

// Without an issuer it signs itself.
Certificate new_certificate(const std::string& name, const PrivateKey& key,
                            const std::optional<Issuer>& issuer, std::chrono::seconds valid_for,
                            bool is_authority) {
    Certificate certificate(::X509_new());
    X509* const made = certificate.get();
    static long last_serial = 0;      // NOLINT(google-runtime-int): OpenSSL's type
    constexpr long day = 24L * 3600;  // NOLINT(google-runtime-int)
    require(::X509_set_version(made, X509_VERSION_3) == 1 &&
            ::ASN1_INTEGER_set(::X509_get_serialNumber(made), ++last_serial) == 1 &&
            ::X509_gmtime_adj(::X509_getm_notBefore(made), -day) != nullptr &&
            ::X509_gmtime_adj(::X509_getm_notAfter(made), valid_for.count()) != nullptr &&
            ::X509_set_pubkey(made, key.get()) == 1);
    X509_NAME* const subject = ::X509_get_subject_name(made);
    require(::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                                         -1, 0) == 1);
    require(::X509_set_issuer_name(
                made, issuer ? ::X509_get_subject_name(issuer->certificate) : subject) == 1);
    if (is_authority) {
        add_extension(*made, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(*made, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        const bool is_address = ascii::is_digit(name.front()) || name.front() == ':';
        add_extension(*made, NID_subject_alt_name, (is_address ? "IP:" : "DNS:") + name);
    }
    require(::X509_sign(made, issuer ? issuer->key : key.get(), ::EVP_sha256()) > 0);
    return certificate;
}

}  // namespace

TlsIdentity::TlsIdentity(const Certificate& certificate, const PrivateKey& key)
    : context_(::SSL_CTX_new(::TLS_server_method())) {
    require(context_ != nullptr &&
            ::SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1 &&
            ::SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
}

TlsAuthority::TlsAuthority()
    : key_(new_key()),
      certificate_(new_certificate("authority of tests", key_, std::nullopt, std::chrono::hours(24),
                                   true)) {}

TlsIdentity TlsAuthority::vouch_for(const std::string& host, std::chrono::hours valid_for) const {
    const PrivateKey key = new_key();
    return {new_certificate(host, key, Issuer{certificate_.get(), key_.get()}, valid_for, false),
            key};
}

TlsIdentity TlsAuthority::self_signed(const std::string& host) {
    const PrivateKey key = new_key();
    return {new_certificate(host, key, std::nullopt, std::chrono::hours(24), false), key};
}

void TlsAuthority::write_to(const std::string& file) const {
    const std::unique_ptr<std::FILE, FreeWith<&std::fclose>> out(std::fopen(file.c_str(), "w"));
    require(out != nullptr && ::PEM_write_X509(out.get(), certificate_.get()) == 1);
}

}  // namespace orders::test
