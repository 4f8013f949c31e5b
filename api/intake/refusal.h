#pragma once

// Why orders could not be stored now.

namespace orders {

enum class Refusal {
    overloaded,       // too many wait already, or the wait was too long: certainly not stored
    queue_full,       // as many are Pending as may be: certainly not stored
    disk_full,        // certainly not stored
    stopping,         // the process is about to end: certainly not stored
    outcome_unknown,  // the disk failed during the commit, and the process is about to end
};

}  // namespace orders
