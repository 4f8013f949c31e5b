// Admission control: OrderAdmission's decisions, and what the clients that it turns away are told.

#include "api/intake/admission.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/intake/intake_under_test.h"

namespace orders::test {
namespace {

constexpr AdmissionLimits ten_pending_and_kibibyte{.max_pending_orders = 10,
                                                   .min_free_bytes = 1'024};
constexpr std::int64_t much = 4'096;

}  // namespace

TEST_CASE("admission: orders are admitted up to the bound on Pending, the group's own included") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    const StoreLevel level{.pending = 6, .free_bytes = much};
    CHECK_EQ(admission.refusal_of(4, level, 0), std::nullopt);
    CHECK_EQ(admission.refusal_of(5, level, 0), Refusal::queue_full);
    CHECK_EQ(admission.refusal_of(2, level, 3), Refusal::queue_full);  // all of a request, or none
    CHECK_EQ(admission.refusal_of(1, level, 3), std::nullopt);
    CHECK_EQ(admission.refusal_of(1, level, 4), Refusal::queue_full);
    CHECK_EQ(admission.refusal_of(0, level, 4), std::nullopt);  // a probe adds nothing
    CHECK_EQ(admission.refusal_of(1, {.pending = 9, .free_bytes = much}, 0), std::nullopt);
}

TEST_CASE("admission: a request that is larger than the bound is admitted if nothing is Pending") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    const StoreLevel empty{.pending = 0, .free_bytes = much};
    CHECK_EQ(admission.refusal_of(11, empty, 0), std::nullopt);
    CHECK_EQ(admission.refusal_of(11, empty, 1), Refusal::queue_full);
    CHECK_EQ(admission.refusal_of(11, {.pending = 1, .free_bytes = much}, 0), Refusal::queue_full);
}

TEST_CASE("admission: nothing is admitted while the disk has less room than it is to keep") {
    OrderAdmission admission(ten_pending_and_kibibyte);
    const StoreLevel full{.pending = 0, .free_bytes = 1'023};
    CHECK_EQ(admission.refusal_of(1, full, 0), Refusal::disk_full);
    CHECK_EQ(admission.refusal_of(0, full, 0), Refusal::disk_full);

    CHECK_EQ(admission.refusal_of(1, {.pending = 0, .free_bytes = 1'024}, 0), std::nullopt);
    const StoreLevel unknown{.pending = 0, .free_bytes = std::nullopt};  // nobody can tell
    CHECK_EQ(admission.refusal_of(1, unknown, 0), std::nullopt);
}

TEST_CASE("admission: a request that is not admitted leaves the others of its group alone") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 8, .free_bytes = much});
    Answer first = intake.submit_until_held("first", StoreStep::begin);
    auto answers = intake.submit_waiting({{an_order("a"), an_order("b")}, {an_order("c")}});
    intake.script.release(StoreStep::begin);
    CHECK_EQ(first.get(), "created");
    CHECK_EQ(answers.at(0).get(), "queue_full");
    CHECK_EQ(answers.at(1).get(), "created");
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{"first", "c"}});
}

TEST_CASE("admission: duplicates in a group count as new until the group is stored") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 8, .free_bytes = much});
    Answer first = intake.submit_until_held("a", StoreStep::begin);
    auto answers = intake.submit_waiting({{an_order("a")}, {an_order("b")}});
    intake.script.release(StoreStep::begin);
    CHECK_EQ(first.get(), "created");
    CHECK_EQ(answers.at(0).get(), "taken");
    CHECK_EQ(answers.at(1).get(), "queue_full");
    CHECK_EQ(intake.submit("b"), "created");
}

TEST_CASE("admission: if nothing is admitted, nothing is written, and it proves nothing") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 10, .free_bytes = much});
    CHECK_EQ(intake.submit("a"), "queue_full");
    CHECK_EQ(intake.script.commits().size(), 0);
    CHECK(intake.is_writable());
    CHECK_EQ(intake.script.commits(), std::vector<Ids>{{}});

    intake.script.set_level({.pending = 9, .free_bytes = much});
    CHECK_EQ(intake.submit("a"), "created");
}

TEST_CASE("admission: a client that resends stored orders is told so, however full everything is") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 8, .free_bytes = much});
    CHECK_EQ(intake.submit({an_order("a"), an_order("b")}), "created created");
    const StoreLevel full_queue{.pending = 10, .free_bytes = much};
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

TEST_CASE("admission: each of several requests that are looked up is told of its own orders") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    CHECK_EQ(intake.submit({an_order("a"), an_order("b")}), "created created");
    intake.script.set_level({.pending = 10, .free_bytes = much});
    Answer first = intake.submit_until_held("new", StoreStep::begin);
    auto answers = intake.submit_waiting({{an_order("a")}, {an_order("x")}, {an_order("b")}});
    intake.script.release(StoreStep::begin);
    CHECK_EQ(first.get(), "queue_full");
    CHECK_EQ(answers.at(0).get(), "taken");
    CHECK_EQ(answers.at(1).get(), "queue_full");
    CHECK_EQ(answers.at(2).get(), "taken");
}

TEST_CASE("admission: orders that could not be looked up are told why that failed") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 10, .free_bytes = much});
    intake.script.fail(StoreStep::commit, StoreError::Kind::busy);
    CHECK_EQ(intake.submit("a"), "overloaded");
    CHECK_EQ(intake.submit("a"), "queue_full");
}

TEST_CASE("admission: while the disk has too little room, the store is not writable") {
    IntakeUnderTest intake({.max_wait = no_limit}, ten_pending_and_kibibyte);
    intake.script.set_level({.pending = 0, .free_bytes = 0});
    CHECK_EQ(intake.submit("a"), "disk_full");
    CHECK_FALSE(intake.is_writable());
    CHECK_EQ(intake.fatal_calls, 0);

    intake.script.set_level({.pending = 0, .free_bytes = much});
    CHECK(intake.is_writable());
    CHECK_EQ(intake.submit("a"), "created");
}

}  // namespace orders::test
