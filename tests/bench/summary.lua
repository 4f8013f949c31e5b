-- What a load came to, as one line for load_generator.cpp. A script counts in the global `generated`
-- the requests that it made; wrk itself knows how many were answered. (A `response` function
-- would cost the load generator more than the request does.)

local generator

function setup(thread)
    generator = thread
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        "load answered=%d generated=%d duration_us=%d connect=%d read=%d write=%d status=%d " ..
            "timeout=%d p50=%d p90=%d p99=%d max=%d\n",
        summary.requests, generator:get("generated"), summary.duration, errors.connect,
        errors.read, errors.write, errors.status, errors.timeout, latency:percentile(50),
        latency:percentile(90), latency:percentile(99), latency.max))
end
