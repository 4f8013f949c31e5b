#pragma once

// Every metric of GET /metrics, defined once. The table in shared/packaging/OPERATING.md is held
// against all_metrics by a test.
//
// Rules: base units. Label values come from closed sets (label_values.h), from the kinds that the
// store knows, of which there are at most 64, or for which a live worker has a webhook, or from the
// table of routes: never an id, a worker's name, a path, an address or anybody's text.

#include <array>

#include "shared/metrics/bounds.h"
#include "shared/metrics/metric.h"

namespace orders::metric {

using enum MetricType;

// --- The orders, of the whole store

inline constexpr Metric current{"orders_current",
                                gauge,
                                "Orders by where they stand now, of the whole store.",
                                {"kind", "priority", "status"}};
inline constexpr Metric scheduled{"orders_scheduled",
                                  gauge,
                                  "Pending orders that wait for their time, of the whole store.",
                                  {"kind", "priority"}};
inline constexpr Metric oldest_pending_age{
    "orders_oldest_pending_age_seconds",
    gauge,
    "How long the oldest order of the store that could start has waited since it was due, or 0.",
    {"kind", "priority"}};
inline constexpr Metric created{"orders_created_total",
                                counter,
                                "Orders that were created, of the whole store.",
                                {"kind", "priority"}};
inline constexpr Metric finished{
    "orders_finished_total",
    counter,
    "Orders that ended, of the whole store; one that is tried again ends once more.",
    {"kind", "priority", "status"}};
inline constexpr Metric failed{
    "orders_failed_total",
    counter,
    "Orders that were Failed, of the whole store; other: for a reason that a worker made up.",
    {"kind", "reason"}};
inline constexpr Metric attempts{"orders_attempts_total",
                                 counter,
                                 "Attempts that ended, of the whole store.",
                                 {"kind", "outcome"}};
inline constexpr Metric operator_actions{
    "orders_operator_actions_total",
    counter,
    "Orders that were cancelled, or tried again, by request, of the whole store.",
    {"action"}};
inline constexpr Metric late_results{
    "orders_late_results_refused_total", counter,
    "Results that came too late and were refused, of the whole store."};
inline constexpr Metric queue_wait{
    "orders_queue_wait_seconds",
    histogram,
    "How long orders of the whole store waited from when they were due until a worker had them.",
    {"priority"},
    waiting_bounds};
inline constexpr Metric processing{
    "orders_processing_seconds",
    histogram,
    "How long attempts took that ended with a result, of the whole store.",
    {"kind"},
    waiting_bounds};
inline constexpr Metric deleted{"orders_deleted_total", counter,
                                "Orders that retention has deleted, of the whole store."};
inline constexpr Metric refused{
    "orders_refused_total", counter, "New orders that this API has refused.", {"reason"}};

// --- The store and those that work on it

inline constexpr Metric database_bytes{"orders_store_database_bytes", gauge,
                                       "What the store takes up, a log beside it apart."};
inline constexpr Metric wal_bytes{"orders_store_wal_bytes", gauge,
                                  "The write-ahead log beside a SQLite file."};
inline constexpr Metric disk_free_bytes{"orders_store_disk_free_bytes", gauge,
                                        "What is free on the disk of a SQLite file."};
inline constexpr Metric writable{
    "orders_store_writable", gauge,
    "Whether this API could write to the store the last time that it tried: 1, or else 0."};
inline constexpr Metric store_commit{
    "orders_store_commit_seconds",
    histogram,
    "Transactions of the whole store, from their begin until they were on disk.",
    {"role"},
    latency_bounds};
inline constexpr Metric store_group{
    "orders_store_group_orders",
    histogram,
    "Orders of one transaction, of the whole store; without those that had none.",
    {"role"},
    group_bounds};
inline constexpr Metric store_turn_wait{
    "orders_store_turn_wait_seconds",
    histogram,
    "How long writers of a SQLite file waited for their turn, of the whole store.",
    {"role"},
    latency_bounds};
inline constexpr Metric workers_live{
    "orders_workers_live", gauge,
    "Workers of the whole store that give signs of life, those over HTTP among them."};
inline constexpr Metric worker_threads{
    "orders_worker_threads", gauge,
    "How many orders the live workers of the whole store take at a time."};
inline constexpr Metric leases_current{
    "orders_leases_current", gauge,
    "Orders of the whole store that are held by a worker, live or not."};
inline constexpr Metric webhook_requests{
    "orders_webhook_requests_total",
    counter,
    "Requests to webhooks of the whole store by what came of them.",
    {"kind", "result"}};
inline constexpr Metric webhook_in_flight{
    "orders_webhook_in_flight",
    gauge,
    "Orders of the whole store that a webhook was sent and has not answered.",
    {"kind"}};
inline constexpr Metric webhook_breaker_open{
    "orders_webhook_breaker_open",
    gauge,
    "Whether a webhook is out of order for a worker, and gets one order at a time: 1, or else 0.",
    {"kind"}};

// --- HTTP, of this API

inline constexpr Metric http_requests{
    "orders_http_requests_total",
    counter,
    "Requests that were answered, by the route as in its documentation; other: those of none.",
    {"route", "code"}};
inline constexpr Metric http_request_duration{
    "orders_http_request_duration_seconds",
    histogram,
    "From a request's last byte to its answer; without long polls and streams.",
    {"route"},
    latency_bounds};
inline constexpr Metric http_in_flight{"orders_http_in_flight_requests", gauge,
                                       "Requests that wait for their answer, long polls too."};
inline constexpr Metric http_connections{
    "orders_http_connections", gauge, "Connections by what happens on them now.", {"state"}};
inline constexpr Metric http_received_bytes{"orders_http_received_bytes_total", counter,
                                            "Bytes that clients have sent."};
inline constexpr Metric http_sent_bytes{"orders_http_sent_bytes_total", counter,
                                        "Bytes that were sent to clients."};
inline constexpr Metric http_refused{
    "orders_http_refused_total",
    counter,
    "Requests and connections that were turned away before any route was asked.",
    {"reason"}};

inline constexpr Metric events_clients{"orders_events_clients", gauge,
                                       "Clients that are sent events as they happen."};
inline constexpr Metric events_dropped{
    "orders_events_dropped_clients_total", counter,
    "Such clients that were let go because they did not take what they were sent."};

// --- This process

inline constexpr Metric build_info{"orders_build_info",
                                   gauge,
                                   "What runs, always 1.",
                                   {"program", "version", "store", "store_version"}};
inline constexpr Metric process_start_time{"process_start_time_seconds", gauge,
                                           "When this API was started, in seconds since 1970."};
inline constexpr Metric process_cpu{"process_cpu_seconds_total", counter,
                                    "Processor time that this API has taken."};
inline constexpr Metric process_resident_memory{"process_resident_memory_bytes", gauge,
                                                "Memory of this API that is resident."};
inline constexpr Metric process_open_fds{"process_open_fds", gauge,
                                         "Descriptors that this API has open."};
inline constexpr Metric process_max_fds{"process_max_fds", gauge,
                                        "How many descriptors this API may have open."};
inline constexpr Metric process_threads{"process_threads", gauge, "Threads of this API."};

}  // namespace orders::metric

namespace orders {

// In the order of an answer.
inline constexpr std::array all_metrics{
    &metric::current,
    &metric::scheduled,
    &metric::oldest_pending_age,
    &metric::created,
    &metric::finished,
    &metric::failed,
    &metric::attempts,
    &metric::operator_actions,
    &metric::deleted,
    &metric::late_results,
    &metric::queue_wait,
    &metric::processing,
    &metric::refused,
    &metric::database_bytes,
    &metric::wal_bytes,
    &metric::disk_free_bytes,
    &metric::writable,
    &metric::store_commit,
    &metric::store_group,
    &metric::store_turn_wait,
    &metric::workers_live,
    &metric::worker_threads,
    &metric::leases_current,
    &metric::webhook_requests,
    &metric::webhook_in_flight,
    &metric::webhook_breaker_open,
    &metric::http_requests,
    &metric::http_request_duration,
    &metric::http_in_flight,
    &metric::http_connections,
    &metric::http_received_bytes,
    &metric::http_sent_bytes,
    &metric::http_refused,
    &metric::events_clients,
    &metric::events_dropped,
    &metric::build_info,
    &metric::process_start_time,
    &metric::process_cpu,
    &metric::process_resident_memory,
    &metric::process_open_fds,
    &metric::process_max_fds,
    &metric::process_threads,
};

}  // namespace orders
