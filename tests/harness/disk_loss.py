"""The end of a log that a disk has lost: what a power cut takes that the operating system had not written yet."""

import struct
from pathlib import Path

_HEAD = struct.Struct(">qi")  # of a batch: its base offset, and its length behind this head
_LAST_OFFSET = struct.Struct(">i")  # relative to the base offset
_ENDED_IN_ORDER = ".kafka_cleanshutdown"  # by this file Kafka knows that it need not examine its logs
_LAST_OFFSET_AT = 23  # bytes from the start of the batch


def lose_end(records: Path, topic: str, partition: int, end: int) -> None:
    """Cut the log of a partition so that it ends at offset `end` or below: at the end of a batch.

    `records` is the log folder of a broker that does not run. It will examine its logs when it starts, as after a power
    cut. `topic` is what Kafka calls it.
    """
    (records / _ENDED_IN_ORDER).unlink(missing_ok=True)
    (segment,) = (records / f"{topic}-{partition}").glob("*.log")
    content = segment.read_bytes()
    size = 0
    while size < len(content):
        base, length = _HEAD.unpack_from(content, size)
        if base + _LAST_OFFSET.unpack_from(content, size + _LAST_OFFSET_AT)[0] >= end:
            break
        size += _HEAD.size + length
    with segment.open("r+b") as file:
        file.truncate(size)
