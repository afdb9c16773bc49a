"""Sources that are joined: a record counts only once what was acknowledged before it has been read.

Two sources may be led by different brokers, and the answers of one of them may be late. So when records arrive, the
broker of the source that they are joined with is asked where it ends now, and they wait until it has been read so far.
The order within one broker needs the same: a fetch returns a part of a long backlog together with later records.
"""

import asyncio
from collections.abc import Sequence

from shared.streams.record_queue import RecordQueue
from shared.streams.task_context import Sources

_LOOK_SECONDS = 0.005  # between two checks whether a source has been read so far


async def release_in_order(queue: RecordQueue, sources: Sources, first: Sequence[str], partition: int) -> None:
    """Release what the queue holds, once all that the sources `first` had when it arrived has been read; for ever.

    What arrives meanwhile is released together next. Raises KafkaError if a broker does not answer.
    """
    while True:
        held = await queue.held()
        ends = await sources.ends_now(first, partition)
        # No event tells when the client has passed a marker.
        while any((sources.fetched_to(each, partition) or 0) < ends[each] for each in first):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        queue.release(held, ends)
