"""The jars of the embedded Kafka: exactly those of the lock file, byte for byte, in a folder shared by all projects.

`python -m shared.embedded_kafka.lock_jars` makes the lock file. Installing resolves nothing: it downloads what is
locked, and never uses a file whose SHA-256 differs.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.embedded_kafka.jar import Jar as Jar  # users of the jars need no second import
from shared.embedded_kafka.jar import Say as Say
from shared.embedded_kafka.jar import say_nothing as say_nothing

KAFKA_VERSION = "4.3.1"
LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")


def locked_jars(lock_file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """The jars of the lock file, in the order of the class path."""
    lines = lock_file.read_text(encoding="utf-8").splitlines()
    return tuple(_parse(line) for line in lines if line and not line.startswith("#"))


def _parse(line: str) -> Jar:
    coordinates, sha256, size = line.split()
    group, artifact, version = coordinates.split(":")
    return Jar(group, artifact, version, sha256.removeprefix("sha256:"), int(size))


def jars_folder() -> Path:
    """Where the jars are kept: `FRONTLINE_CACHE_DIR`, else `frontline` in the user's cache folder."""
    cache = os.environ.get("FRONTLINE_CACHE_DIR")
    if cache is None:
        user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(user_cache) / "frontline" / f"kafka-{KAFKA_VERSION}"
    return Path(cache) / f"kafka-{KAFKA_VERSION}"


def not_in_place(jars: tuple[Jar, ...], folder: Path) -> list[Jar]:
    """The jars that are missing from `folder` or are not what the lock file says."""
    return [jar for jar in jars if not jar.is_at(folder / jar.file_name)]


def install(
    say: Say = say_nothing, *, folder: Path | None = None, jars: tuple[Jar, ...] | None = None
) -> tuple[Path, ...]:
    """The class path: every locked jar, verified; what is missing or damaged is downloaded first.

    Safe to call from several processes at once. Raises JarMissing or JarChecksumMismatch.
    """
    folder = folder or jars_folder()
    jars = jars or locked_jars()
    if not_in_place(jars, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(folder, say):
            wanted = not_in_place(jars, folder)  # again: another process may have done it while we waited
            for jar in wanted:
                if (folder / jar.file_name).exists():
                    say(f"{jar.file_name} in {folder} is not the locked file: downloading it again")
            if wanted:
                # Half a second of imports that a start with every jar in place does without.
                from shared.embedded_kafka.jar_download import download  # noqa: PLC0415

                download(wanted, folder, say)
    return tuple(folder / jar.file_name for jar in jars)


@contextmanager
def _only_one(folder: Path, say: Say) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is downloading Kafka")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
