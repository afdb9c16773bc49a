"""Processes seen from outside, by what `ps` says: the same on Linux and macOS. Waiting for what they do."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def is_running(pid: int) -> bool:
    """Whether `pid` is a process that runs; one that has ended and waits to be collected does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def parent_of(pid: int) -> int:
    """The process id of the parent of `pid`."""
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)


async def eventually(condition: Callable[[], bool], within: float, what: str) -> None:
    """Return as soon as `condition` holds; fail after `within` seconds, saying `what` was waited for."""
    deadline = asyncio.get_running_loop().time() + within
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(0.05)


async def answered(ask: Callable[[], Awaitable[Answer]], within: float, what: str) -> Answer:
    """The first answer that is true, or not empty; fail after `within` seconds, saying `what` was waited for.

    It is for what has to be asked of another process: a page, a call, the records of a topic.
    """
    deadline = asyncio.get_running_loop().time() + within
    while not (answer := await ask()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        await asyncio.sleep(0.1)
    return answer
