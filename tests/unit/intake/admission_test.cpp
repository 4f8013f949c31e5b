// Admission control: OrderAdmission's decision, and what those get to hear whom it keeps out.

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "api/intake/admission.h"
#include "tests/support/intake_under_test.h"

namespace orders::test {
namespace {

constexpr AdmissionLimits ten_pending_and_kibibyte{.max_pending_orders = 10,
                                                   .min_free_bytes = 1'024};

}  // namespace

TEST_CASE("orders are admitted up to the bound on what is Pending, the group's own included") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    admission.begin_group({.pending = 6, .free_bytes = 4'096});
    CHECK_EQ(admission.refusal_of(4), std::nullopt);
    admission.note_created(3);
    CHECK_EQ(admission.refusal_of(2), Refusal::queue_full);  // all of a request or nothing
    CHECK_EQ(admission.refusal_of(1), std::nullopt);
    admission.note_created(1);
    CHECK_EQ(admission.refusal_of(1), Refusal::queue_full);
    CHECK_EQ(admission.refusal_of(0), std::nullopt);  // a probe adds nothing

    admission.begin_group({.pending = 9, .free_bytes = 4'096});
    CHECK_EQ(admission.refusal_of(1), std::nullopt);
}

TEST_CASE("a request that is larger than the bound is admitted where nothing is Pending") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    admission.begin_group({.pending = 0, .free_bytes = 4'096});
    CHECK_EQ(admission.refusal_of(11), std::nullopt);
    admission.begin_group({.pending = 1, .free_bytes = 4'096});
    CHECK_EQ(admission.refusal_of(11), Refusal::queue_full);
}

TEST_CASE("nothing is admitted while the disk has less room than it is to keep") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    admission.begin_group({.pending = 0, .free_bytes = 1'023});
    CHECK_EQ(admission.refusal_of(1), Refusal::disk_full);
    CHECK_EQ(admission.refusal_of(0), Refusal::disk_full);

    admission.begin_group({.pending = 0, .free_bytes = 1'024});
    CHECK_EQ(admission.refusal_of(1), std::nullopt);
    admission.begin_group({.pending = 0, .free_bytes = std::nullopt});  // nobody can tell
    CHECK_EQ(admission.refusal_of(1), std::nullopt);
}

TEST_CASE("a request that is not admitted leaves the others of its group alone") {
    IntakeUnderTest intake({.max_wait = no_limit, .admission = ten_pending_and_kibibyte});
    intake.script.set_level({.pending = 8, .free_bytes = 4'096});
    intake.script.hold(StoreStep::begin);
    Answer first = intake.submit_until_held("first", StoreStep::begin);
    auto answers = intake.submit_waiting({{an_order("a"), an_order("b")}, {an_order("c")}});
    intake.script.release(StoreStep::begin);
    CHECK_EQ(told(first.get()), "created");
    CHECK_EQ(told(answers.at(0).get()), "queue_full");
    CHECK_EQ(told(answers.at(1).get()), "created");
    CHECK(intake.has_bell_rung());
}

TEST_CASE("a group of which nothing is admitted is not committed, and rings no bell") {
    IntakeUnderTest intake({.max_wait = no_limit, .admission = ten_pending_and_kibibyte});
    intake.script.set_level({.pending = 10, .free_bytes = 4'096});
    CHECK_EQ(intake.submit("a"), "queue_full");
    CHECK_EQ(intake.script.commits().size(), 0);
    CHECK_FALSE(intake.has_bell_rung());
    CHECK(intake.is_writable());

    intake.script.set_level({.pending = 9, .free_bytes = 4'096});
    CHECK_EQ(intake.submit("a"), "created");
}

TEST_CASE("who sends orders again that stand already is told so, however little may be stored") {
    IntakeUnderTest intake({.max_wait = no_limit, .admission = ten_pending_and_kibibyte});
    intake.script.set_level({.pending = 8, .free_bytes = 4'096});
    CHECK_EQ(intake.submit({an_order("a"), an_order("b")}), "created created");
    const StoreLevel full_queue{.pending = 10, .free_bytes = 4'096};
    const StoreLevel full_disk{.pending = 1, .free_bytes = 0};
    for (const auto& [level, refusal] :
         {std::pair{full_queue, "queue_full"}, std::pair{full_disk, "disk_full"}}) {
        intake.script.set_level(level);
        CHECK_EQ(intake.submit("a"), "taken");
        CHECK_EQ(intake.submit({an_order("b"), an_order("a")}), "taken taken");
        CHECK_EQ(intake.submit({an_order("a"), an_order("c")}), refusal);
    }
    CHECK_EQ(intake.script.commits().size(), 1);
}

TEST_CASE("while the disk has too little room, the store is not writable") {
    IntakeUnderTest intake({.max_wait = no_limit, .admission = ten_pending_and_kibibyte});
    intake.script.set_level({.pending = 0, .free_bytes = 0});
    CHECK_EQ(intake.submit("a"), "disk_full");
    CHECK_FALSE(intake.is_writable());
    CHECK_EQ(intake.fatal_calls, 0);

    intake.script.set_level({.pending = 0, .free_bytes = 4'096});
    CHECK(intake.is_writable());
    CHECK_EQ(intake.submit("a"), "created");
}

}  // namespace orders::test
