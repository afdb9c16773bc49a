"""The metrics of the task runtime. All times in seconds; `task` is the partition.

A gauge with the label `task` is in `_OF_A_TASK`, so that it is removed when the task ends.
"""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.12, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_LATE = (*_FAST, 30.0, 60.0, 300.0, 3600.0)

LAG = Gauge("frontline_source_lag_records", "Records of a source not yet processed", ["service", "topic", "task"])
REBALANCES = Counter(
    "frontline_rebalances_total", "Partition assignments received from the consumer group", ["service"]
)
TRANSACTION_SECONDS = Histogram(
    "frontline_transaction_seconds",
    "Duration of a transaction, from begin to the acknowledged commit",
    ["service"],
    buckets=_FAST,
)
TRANSACTIONS_FAILED = Counter(
    "frontline_transactions_failed_total",
    "Transactions that were aborted or whose outcome is unknown, by reason",
    ["service", "reason"],
)
TRANSACTIONS_SETTLED = Counter(
    "frontline_transactions_settled_total",
    "Transactions left unfinished by Kafka that a task has ended, by decision",
    ["service", "decision"],
)
RECORDS = Counter("frontline_records_processed_total", "Source records processed and committed", ["service", "topic"])
TIMERS = Counter("frontline_timers_fired_total", "Timers fired and committed", ["service"])
TIMERS_FAILED = Counter(
    "frontline_timers_failed_total",
    "Timers that failed, so that what they are about is isolated, by error",
    ["service", "error"],
)
ISOLATED = Gauge(
    "frontline_isolated", "What has failed alone, such as cases, and waits for its next attempt", ["service", "task"]
)
TIMER_LATENESS_SECONDS = Histogram(
    "frontline_timer_lateness_seconds",
    "Delay from due to committed, of the earliest timer in each transaction",
    ["service"],
    buckets=_LATE,
)
TIMER_FIRED_LATE_SECONDS = Histogram(
    "frontline_timer_fired_late_seconds",
    "Delay from due to fired, of every timer whose transaction has committed",
    ["service"],
    buckets=_LATE,
)
TIMER_OVERDUE_SECONDS = Gauge(
    "frontline_timer_overdue_seconds",
    "How long the earliest unfired timer has been due, isolated ones included; 0 = none is due",
    ["service", "task"],
)
DEAD_LETTERS = Counter("frontline_dead_letters_total", "Records dead-lettered, by cause", ["service", "topic", "cause"])
RESTORE_RECORDS = Gauge(
    "frontline_restore_records", "Changelog records read in the latest takeover", ["service", "task"]
)
RESTORE_REMAINING = Gauge(
    "frontline_restore_remaining_offsets",
    "Changelog offsets still to be read before the task runs",
    ["service", "task"],
)
RESTORE_SECONDS = Histogram(
    "frontline_restore_seconds",
    "Duration of a takeover, from fencing the predecessor to running",
    ["service"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
TASK_STATE = Gauge(
    "frontline_task_state", "1 for the state that the task is in, 0 for the others", ["service", "task", "state"]
)
_OF_A_TASK = (LAG, ISOLATED, TIMER_OVERDUE_SECONDS, RESTORE_RECORDS, RESTORE_REMAINING, TASK_STATE)


def remove_task(service: str, partition: int) -> None:
    """Remove every sample of a task that has ended: whoever owns the partition now exports them."""
    for gauge in _OF_A_TASK:
        gauge.remove_by_labels({"service": service, "task": str(partition)})
