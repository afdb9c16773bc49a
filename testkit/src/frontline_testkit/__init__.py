"""Tests a consumer of Frontline's events against a real Frontline.

The pytest fixture `frontline` is a `Frontline`. `events` has the typed data of every event, `samples` one event of each
type for tests without Kafka.
"""

from frontline_testkit import events, samples
from frontline_testkit.command import FrontlineCommand
from frontline_testkit.errors import CallRefused, NotAnEvent, NotSeen, NotStarted, TestkitError, UnknownType
from frontline_testkit.event import Event
from frontline_testkit.frontline import Frontline
from frontline_testkit.system import Addresses, RunningFrontline

__all__ = [
    "Addresses",
    "CallRefused",
    "Event",
    "Frontline",
    "FrontlineCommand",
    "NotAnEvent",
    "NotSeen",
    "NotStarted",
    "RunningFrontline",
    "TestkitError",
    "UnknownType",
    "events",
    "samples",
]
