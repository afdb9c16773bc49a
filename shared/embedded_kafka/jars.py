"""The jars of the embedded Kafka: exactly those of the lock file, byte for byte, in a folder shared by all projects.

`python -m shared.embedded_kafka.lock_jars` writes the lock file. Installing resolves nothing: it downloads the locked
jars and never uses a file whose SHA-256 differs.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.embedded_kafka.jar import Jar as Jar  # exported again, so that callers need one import
from shared.embedded_kafka.jar import ShowStep as ShowStep
from shared.embedded_kafka.jar import show_nothing as show_nothing

KAFKA_VERSION = "4.4.0"
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
    """The folder of the jars: in `FRONTLINE_CACHE_DIR`, else in `frontline` in the user's cache folder."""
    cache = os.environ.get("FRONTLINE_CACHE_DIR")
    if cache is None:
        user_cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(user_cache) / "frontline" / f"kafka-{KAFKA_VERSION}"
    return Path(cache) / f"kafka-{KAFKA_VERSION}"


def not_in_place(jars: tuple[Jar, ...], folder: Path) -> list[Jar]:
    """The jars that are missing from `folder` or differ from the lock file."""
    return [jar for jar in jars if not jar.is_at(folder / jar.file_name)]


def install(
    show_step: ShowStep = show_nothing, *, folder: Path | None = None, jars: tuple[Jar, ...] | None = None
) -> tuple[Path, ...]:
    """The class path: every locked jar, verified; what is missing or damaged is downloaded first.

    Safe to call from several processes at once. Raises JarMissing or JarChecksumMismatch.
    """
    folder = folder or jars_folder()
    jars = jars or locked_jars()
    if not_in_place(jars, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(folder, show_step):
            wanted = not_in_place(jars, folder)  # again: another process may have installed them meanwhile
            for jar in wanted:
                if (folder / jar.file_name).exists():
                    show_step(f"{jar.file_name} in {folder} is not the locked file: downloading it again")
            if wanted:
                # This import takes half a second; a start with every jar in place does not need it.
                from shared.embedded_kafka.jar_download import download  # noqa: PLC0415

                download(wanted, folder, show_step)
    return tuple(folder / jar.file_name for jar in jars)


@contextmanager
def _only_one(folder: Path, show_step: ShowStep) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show_step("waiting for another process that is downloading Kafka")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
