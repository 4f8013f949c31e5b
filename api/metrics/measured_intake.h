#pragma once

// An intake's store that measures how orders fare which are handed out to workers over HTTP: how
// long they waited, how long they were in work, and which results came too late. It passes
// everything on.
//
// Used by one thread at a time, as the store.

#include <memory>
#include <utility>

#include "shared/metrics/work_figures.h"
#include "shared/storage/intake_store.h"

namespace orders {

class MeasuredIntake final : public IntakeStore {
   public:
    // The figures must outlive this.
    MeasuredIntake(std::unique_ptr<IntakeStore> store, WorkFigures& figures)
        : store_(std::move(store)), figures_(figures) {}

    std::unique_ptr<IntakeTurn> begin() override;
    void tidy() override { store_->tidy(); }
    void require_in_place() override { store_->require_in_place(); }

   private:
    const std::unique_ptr<IntakeStore> store_;
    WorkFigures& figures_;
};

}  // namespace orders
