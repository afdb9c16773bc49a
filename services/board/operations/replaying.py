"""Replays a dead letter for somebody who may: once, unless they insist, noted in the log as by the command line."""

import asyncio

from aiokafka.errors import KafkaError

from services.board.errors import NotReplayed, ReplayUnknown
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_log import read_some
from shared.kafka.dead_letter_replay import NoOriginal, replayer, why_left_out
from shared.kafka.dead_letters import Replayed
from shared.kafka.settings import KafkaSettings
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now
from shared.web.errors import NotFound

ANSWER_SECONDS = 15.0


class Replaying:
    """One replay at a time: of two, the later one would end the other."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._one_at_a_time = asyncio.Lock()
        self._log = get_logger()

    async def replay(self, listed: Listed, by: str, *, known: int | None) -> Replayed:
        """Write its record to its source topic again. `known` is the number of replays that whoever insists has seen;
        None = they do not insist.

        Whether it was replayed already is read after any other replay has been ended. Raises NotFound: Kafka has
        deleted it; NotReplayed; ReplayUnknown: whether it was replayed is not known, its page says it.
        """
        own = listed.found.own
        try:
            async with (
                self._one_at_a_time,
                asyncio.timeout(ANSWER_SECONDS),
                replayer(self._settings, utc_now) as replays,
            ):
                found = next((each for each in (await read_some(self._settings, [own]))[own] if each.own == own), None)
                if found is None:
                    raise NotFound("operations.no_letter")
                why = why_left_out(found)
                if known is not None and len(found.replays) != known:
                    raise NotReplayed("operations.refused.meanwhile")
                if known is None and why:
                    raise NotReplayed(f"operations.refused.{why}")
                replayed = await replays.replay(found)
        except NoOriginal as error:
            raise NotReplayed("operations.refused.original", problem=str(error)) from None
        except (KafkaError, OSError, TimeoutError):
            raise ReplayUnknown("operations.refused.kafka", retry_after=5) from None
        self._log.info(
            "A dead letter was replayed", action="board.replayed", dead_letter=str(own), place=replayed.place, by=by
        )
        return replayed
