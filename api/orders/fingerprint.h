#pragma once

// What tells the content of one create from another's: the first 128 bits of a SHA-256 over what
// was asked for. It goes by what the fields mean, so neither their order nor the white space
// between them counts, and what is not given is the same as its default; a payload goes by its
// bytes, and a delay by its length, whenever it was sent.
//
// It is stored with orders, so what it covers, and how, must stay: a new field may only be added
// for orders that have it.
//
// A pure function, for any thread.

#include "shared/domain/order.h"

namespace orders {

[[nodiscard]] Fingerprint fingerprint_of(const NewOrder& order);

}  // namespace orders
