# Reads a scrape from standard input with the parser of Prometheus' client for Python, and checks what
# promtool does not: that no series comes twice, and that histograms are sound.

import sys

from prometheus_client.parser import text_fd_to_metric_families


def without_bound(labels):
    return tuple(pair for pair in labels if pair[0] != "le")


def check_histogram(series):
    for (name, labels), count in series.items():
        if not name.endswith("_count"):
            continue
        buckets = sorted(
            (float(dict(of)["le"]), seen)
            for (other, of), seen in series.items()
            if other.endswith("_bucket") and without_bound(of) == labels
        )
        seen = [number for _, number in buckets]
        assert seen == sorted(seen), f"{name}{labels}: buckets fall"
        assert buckets[-1] == (float("inf"), count), f"{name}{labels}: count and +Inf differ"


names = set()
for family in text_fd_to_metric_families(sys.stdin):
    assert family.name not in names, f"{family.name} comes twice"
    assert family.documentation, f"{family.name} has no help"
    assert family.type in ("counter", "gauge", "histogram"), f"{family.name}: {family.type}"
    names.add(family.name)
    series = {}
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in series, f"{key} comes twice"
        series[key] = sample.value
    if family.type == "histogram":
        check_histogram(series)
assert len(names) > 30, f"only {len(names)} families"
