#pragma once

// One at a time gives changes their numbers: for the time of its transaction.
#define PG_CHANGES_LOCK "hashtextextended('orders.changes', 0)"
