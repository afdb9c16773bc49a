"""Those who look at the same list have one answer, and nobody one from before what they were told of."""

import asyncio
import gc

import pytest

from services.board.beats import Beats

APART = 0.05


async def test_who_asks_the_same_on_a_beat_has_one_answer() -> None:
    """Thirty agents have the same list open: the file is asked once, and once for whoever has another."""
    beats, asked = Beats(APART), list[str]()

    async def ask(what: str) -> int:
        asked.append(what)
        await asyncio.sleep(0)
        return len(asked)

    async def look(what: str) -> int:
        await beats.next()
        return await beats.shared(what, lambda: ask(what))

    found = await asyncio.gather(*(look("open") for _ in range(30)), *(look("mine") for _ in range(30)))
    assert sorted(asked) == ["mine", "open"]
    assert len(set(found[:30])) == len(set(found[30:])) == 1


async def test_an_answer_is_never_older_than_the_change_that_one_waits_for() -> None:
    """It is told of a change and waits for the next beat: an answer from before would hide the change for ever."""
    beats, state = Beats(APART), 0

    async def ask() -> int:
        began_with = state
        await asyncio.sleep(APART / 3)  # some answers take until behind the next beat
        return began_with

    async def follow() -> None:
        nonlocal state
        for _ in range(10):
            state += 1
            changed = state
            await beats.next()
            assert await beats.shared("open", ask) >= changed

    await asyncio.gather(*(follow() for _ in range(10)))


async def test_who_goes_away_takes_the_answer_from_nobody() -> None:
    """A browser is closed while the answer that it shares is worked out; and an error is everybody's."""
    beats, going_on = Beats(60.0), asyncio.Event()

    async def ask() -> str:
        await going_on.wait()
        raise LookupError

    first = asyncio.create_task(beats.shared("open", ask))
    second = asyncio.create_task(beats.shared("open", ask))
    await asyncio.sleep(0)
    first.cancel()
    going_on.set()
    with pytest.raises(LookupError):
        await second


async def test_an_error_that_nobody_waits_for_any_more_is_logged_by_nobody() -> None:
    """All browsers were closed before the answer failed: asyncio would log an error that was never looked at."""
    beats, going_on, said = Beats(60.0), asyncio.Event(), list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["message"]))

    async def ask() -> str:
        await going_on.wait()
        raise LookupError

    waiting = asyncio.create_task(beats.shared("open", ask))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    going_on.set()
    for _ in range(3):
        await asyncio.sleep(0)
    del beats
    gc.collect()
    assert said == []
