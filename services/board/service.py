"""The parts of the board: the view of the log, who is let in, and the streams of what changes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.board.beats import Beats
from services.board.edition_shelf import EditionShelf
from services.board.freshness import Freshness, freshness
from services.board.intake_calls import IntakeCalls
from services.board.reading import Reading
from services.board.settings import Settings
from services.board.store.cases import EVERYTHING, StoredCase, Visible
from services.board.store.readers import Readers
from shared.business_time.instants import from_micros
from shared.observability.health import Readiness
from shared.policy.editions import EditionLibrary
from shared.routing.rulebook import Rulebook
from shared.web.callers import Caller, Callers
from shared.web.errors import CatchingUp
from shared.web.gate import Gate
from shared.web.places import Places
from shared.web.service_clock import ServiceClock
from shared.web.stream import Streams
from shared.web.watchers import Watchers

ANY = "any"  # what `watchers` watch: some case, or that the board has caught up
_NOBODY = Visible(account_id="")  # no account has this id
_LOOK_EVERY = 0.25
_APART = 0.5  # seconds between two frames of a list
_TELL_EVERY = 2.0  # seconds between two words about how much is left to read


class Service:
    """One running board. `clock` is what dates its answers; by default the wall clock, watched for jumps."""

    def __init__(
        self,
        settings: Settings,
        callers: Callers,
        editions: EditionLibrary,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = ServiceClock("board", settings, clock)
        self.clock = self._clock.now
        self.readiness = Readiness()
        self.gate = Gate(callers, settings.unauthenticated_rate)
        self.editions = editions
        self._rules: Rulebook | None = None
        self.id_secrets = settings.id_secrets
        self.shelf = EditionShelf()
        self.watchers = Watchers()
        self.beats = Beats(_APART)
        self.readers = Readers(settings.board_file)
        self.reading = Reading(
            settings, settings.board_file, settings.keeping, self.shelf, self.clock, self.readiness, self._notify
        )
        self.intake = IntakeCalls(str(settings.intake_url), settings.intake_timeout_seconds)
        self.streams = Streams(Places(settings.event_stream_limit, settings.event_streams_per_client))

    async def run(self) -> None:
        """Keep the view up to date until cancelled. Raises what makes it wrong."""
        try:
            async with asyncio.TaskGroup() as group:
                if self._clock.test is not None:
                    group.create_task(self._clock.test.follow("board", self.watchers.notify_all))
                group.create_task(self._clock.report())
                group.create_task(self.reading.run())
                group.create_task(self._say_when_old())
        finally:
            await self.intake.close()
            self.readers.close()

    @property
    def intake_address(self) -> str:
        """Where browsers find the form of intake."""
        return str(self.settings.intake_address or self.settings.intake_url)

    def rules(self) -> Rulebook:
        """The rules of the edition in force, prepared once for each edition."""
        edition = self.editions.effective_at(self.clock())
        if self._rules is None or self._rules.edition is not edition:
            self._rules = Rulebook(edition)
        return self._rules

    def shown(self) -> Freshness:
        """How old what is read next may be. Ask it before the read: afterwards it may tell of what was not read.

        Raises CatchingUp if the file was never complete: a list would lack cases, and nobody knows which.
        """
        if (shown := self.freshness) is None:
            raise CatchingUp("refusal.board_reading", retry_after=2)
        return shown

    @property
    def freshness(self) -> Freshness | None:
        """How old what is shown is; None = it was never complete, and nothing is shown."""
        as_of, age = self.reading.as_of, self.reading.age()
        if as_of is None or age is None:
            return None
        return freshness(from_micros(as_of.at), age, self.reading.left)

    def known_at(self, shown: Freshness, case: StoredCase | None = None) -> datetime:
        """The instant up to which clocks are told: now, unless what is shown is stale.

        Then it is that of which everything is known; of a case of which newer records were read, the instant of these.
        """
        now = self.clock()
        if not shown.is_stale:
            return now
        if case is None or case.newest is None:
            return shown.as_of
        return max(shown.as_of, min(case.newest, now))

    def _notify(self, case_ids: Sequence[str] | None) -> None:
        if case_ids is None:
            self.watchers.notify_all()
            return
        for case_id in case_ids:
            self.watchers.notify(case_id)
        self.watchers.notify(ANY)

    async def _say_when_old(self) -> None:
        """Wake every reader when what is shown becomes old, when it is not any more, and while it is, as it goes on."""
        told: Any = None
        told_at = 0.0
        while True:
            shown, now = self.freshness, time.monotonic()
            state = shown and (shown.is_old, shown.is_stale)
            goes_on = shown is not None and shown.is_stale and now - told_at >= _TELL_EVERY
            if told is None or state != told[0] or (goes_on and shown != told[1]):
                told, told_at = (state, shown), now
                self.watchers.notify_all()
            await asyncio.sleep(_LOOK_EVERY)


def visible_to(caller: Caller) -> Visible:
    """What a caller may see: agents and viewers everything, a person their account's cases, a client its own."""
    if caller.sees_all:
        return EVERYTHING
    if caller.person is None:
        return Visible(client=caller.client)
    return _NOBODY if caller.person.account_id is None else Visible(account_id=caller.person.account_id)
