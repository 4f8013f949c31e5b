#pragma once

// Why something could not be done to the store now.

namespace orders {

enum class Refusal {
    overloaded,       // too much waits already, or the wait was too long: certainly not stored
    queue_full,       // as many are Pending as may be: certainly not stored
    disk_full,        // certainly not stored
    store_damaged,    // certainly not stored: nothing is, until the store has been mended
    stopping,         // the process is about to end: certainly not stored
    outcome_unknown,  // the store failed or was replaced: it may or may not be stored
};

}  // namespace orders
