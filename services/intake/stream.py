"""The stream of what happens to one request, for clients with a key or a token."""

from collections.abc import Callable
from typing import Any

import msgspec

from services.intake.request_status import RecentRequests, StatusEvent
from shared.web.callers import Caller
from shared.web.stream import EventStream, Streams

Present = Callable[[dict[str, Any]], dict[str, Any]]


def open_stream(
    streams: Streams,
    recent: RecentRequests,
    caller: Caller,
    request_id: str,
    last_event_id: str | None,
    present: Present = dict,
) -> EventStream:
    """The answer that streams the events of a request of `recent` to `caller`, as one of `streams`.

    `present` turns the data of an event into the data for the client. Raises TooManyStreams beyond a limit.
    """
    return streams.follow(caller, recent.watchers, request_id, _Events(recent, request_id, last_event_id, present))


class _Events:
    """The events of a request after `last_event_id`: first the past ones, then each new one."""

    def __init__(self, recent: RecentRequests, request_id: str, last_event_id: str | None, present: Present) -> None:
        self._recent, self._request_id, self._sent, self._present = recent, request_id, last_event_id, present

    def frames(self) -> list[bytes] | None:
        """Those after the last one sent."""
        status = self._recent.status(self._request_id)
        if status is None:
            return None
        new = _after(status.events, self._sent)
        if new:
            self._sent = new[-1].id
        return [_frame(event, self._present(event.data)) for event in new]


def _after(events: tuple[StatusEvent, ...], sent: str | None) -> tuple[StatusEvent, ...]:
    """The events after `sent`; all of them if `sent` is not (or no longer) among them."""
    for index, event in enumerate(events):
        if event.id == sent:
            return events[index + 1 :]
    return events


def _frame(event: StatusEvent, data: dict[str, Any]) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        event.id.encode(),
        event.type.encode(),
        msgspec.json.encode(data),
    )
