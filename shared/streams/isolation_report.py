"""What operators learn of each isolation: one log line when it begins or a retry fails, and one when it ends."""

import traceback

from shared.observability import logs
from shared.streams.errors import RecordRefused
from shared.streams.isolation import Isolation

_log = logs.get_logger()


def report(partition: int, isolation: Isolation) -> None:
    """Log it. Call it after the commit, or a retry of the transaction logs it twice.

    Never the text of the error, which might quote a customer.
    """
    what = " ".join(f"{name} {value}" for name, value in isolation.ids.items())
    error, until = isolation.error, isolation.until
    if error is None:
        _log.warning(
            f"{what} is no longer isolated: replay its dead letters of cause case_isolated",
            action="isolation.ended",
            partition=partition,
            **isolation.ids,
        )
        return
    refused = isinstance(error, RecordRefused)
    why = "produces a record that the broker rejects as too large" if refused else "failed"
    _log.error(
        f"{what} {why} and is isolated: retrying in an hour, nothing else is affected",
        action="isolation.began",
        partition=partition,
        error=type(error).__name__,
        until=None if until is None else until.isoformat(),
        stack=None if refused else "".join(traceback.format_tb(error.__traceback__)),
        **isolation.ids,
    )
