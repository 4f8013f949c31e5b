#pragma once

// The upper bounds of histograms' buckets, in seconds or orders.

#include <array>

namespace orders::metric {

// Of what people wait for, up to a day.
inline constexpr std::array waiting_bounds{.005, .01, .05,  .1,   .5,    1.,     5.,
                                           10.,  60., 300., 900., 3600., 21600., 86400.};
// Of what programs wait for.
inline constexpr std::array latency_bounds{.0005, .001, .0025, .005, .01, .025, .05,
                                           .1,    .25,  .5,    1.,   2.5, 5.,   10.};
inline constexpr std::array group_bounds{1., 2., 5., 10., 20., 50., 100., 200., 500., 1000.};

}  // namespace orders::metric
