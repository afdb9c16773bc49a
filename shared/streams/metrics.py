"""What the task runtime measures. All times in seconds; `task` is the partition."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.12, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LATE = (*_FAST, 30.0, 60.0, 300.0, 3600.0)

LAG = Gauge("frontline_source_lag_records", "Records of a source not yet processed", ["service", "topic", "task"])
REBALANCES = Counter("frontline_rebalances_total", "Assignments received from the group", ["service"])
TRANSACTION_SECONDS = Histogram(
    "frontline_transaction_seconds", "From begin to the answer of commit", ["service"], buckets=_FAST
)
TRANSACTIONS_FAILED = Counter(
    "frontline_transactions_failed_total", "Aborted or lost, by reason", ["service", "reason"]
)
TRANSACTIONS_SETTLED = Counter(
    "frontline_transactions_settled_total",
    "Decided transactions that Kafka had left unfinished, brought to their end",
    ["service", "decision"],
)
RECORDS = Counter("frontline_records_processed_total", "Records committed, by source", ["service", "topic"])
TIMERS = Counter("frontline_timers_fired_total", "Timers fired and committed", ["service"])
TIMERS_FAILED = Counter(
    "frontline_timers_failed_total", "Tries of a timer that failed and were postponed, by error", ["service", "error"]
)
TIMERS_POSTPONED = Gauge(
    "frontline_timers_postponed", "Timers that failed and wait for their next try", ["service", "task"]
)
TIMER_LATENESS_SECONDS = Histogram(
    "frontline_timer_lateness_seconds",
    "From due to committed, of the earliest timer of a transaction",
    ["service"],
    buckets=_LATE,
)
TIMER_OVERDUE_SECONDS = Gauge(
    "frontline_timer_overdue_seconds",
    "How long the earliest timer is due and has not fired, postponed ones included; 0 = none",
    ["service", "task"],
)
DEAD_LETTERS = Counter("frontline_dead_letters_total", "Records put aside, by cause", ["service", "topic", "cause"])
RESTORE_RECORDS = Gauge("frontline_restore_records", "Changelog records read in this takeover", ["service", "task"])
RESTORE_REMAINING = Gauge(
    "frontline_restore_remaining_offsets", "Changelog offsets still to read before the task runs", ["service", "task"]
)
RESTORE_SECONDS = Histogram(
    "frontline_restore_seconds",
    "From the fence to running",
    ["service"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
TASK_STATE = Gauge("frontline_task_state", "1 for the state that a task is in", ["service", "task", "state"])
CLOCK_DRIFT_SECONDS = Gauge("frontline_clock_drift_seconds", "Wall clock against monotonic clock", ["service"])
CLOCK_PAUSED = Gauge("frontline_clock_paused", "1 while timers do not fire because the wall clock is off", ["service"])
