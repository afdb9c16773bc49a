"""Installing the embedded Kafka's jars, against a repository that is a real HTTP server on this machine."""

import hashlib
import http.server
import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.embedded_kafka import jars
from shared.embedded_kafka.errors import JarChecksumMismatch, JarMissing
from shared.embedded_kafka.jars import Jar, install

CONTENT = {"alpha": b"a" * 700_000, "beta": b"b" * 30, "gamma": b"g" * 5_000}
JARS = tuple(
    Jar("org.example", name, "1.0", hashlib.sha256(content).hexdigest(), len(content))
    for name, content in CONTENT.items()
)


class Repository(http.server.ThreadingHTTPServer):
    """Serves CONTENT as a Maven repository does; `asked` has each request's path and Range header."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = {f"/maven/{jar.repository_path}": CONTENT[jar.artifact] for jar in JARS}
        self.asked: list[tuple[str, str | None]] = []
        self.fail_first = 0  # so many requests are cut off in the middle
        self.daemon_threads = True


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Range"]))
        content = self.server.content.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.server.fail_first:
            self.server.fail_first -= 1
            self.wfile.write(content[start : start + (len(content) - start) // 2])
            self.close_connection = True
            return
        self.wfile.write(content[start:])

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A running repository, and the environment that points to it."""
    with Repository() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("FRONTLINE_MAVEN_URL", f"http://127.0.0.1:{server.server_port}/maven/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr("shared.embedded_kafka.jar_download.FIRST_PAUSE", 0.01)
        yield server
        server.shutdown()
        thread.join()


def test_the_lock_file_names_every_jar_once_with_hash_and_size() -> None:
    """What is installed is what was reviewed, and nothing else."""
    locked = jars.locked_jars()
    assert {"kafka_2.13", "kafka-clients", "log4j-slf4j-impl"} <= {jar.artifact for jar in locked}
    assert len({jar.file_name for jar in locked}) == len(locked)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.size > 0 for jar in locked)
    assert {jar.version for jar in locked if jar.group == "org.apache.kafka"} == {jars.KAFKA_VERSION}


def test_the_lock_file_names_no_host() -> None:
    """Where jars come from is a setting, not part of the project."""
    assert "http" not in jars.LOCK_FILE.read_text(encoding="utf-8")


def test_every_locked_jar_is_installed_and_nothing_else(repository: Repository, tmp_path: Path) -> None:
    """No resolution takes place: one download for each line of the lock file."""
    path = install(folder=tmp_path, jars=JARS)
    assert [file.read_bytes() for file in path] == [CONTENT[jar.artifact] for jar in JARS]
    assert sorted(asked for asked, _ in repository.asked) == sorted(repository.content)
    assert {file.name for file in tmp_path.iterdir()} == {".lock", *(jar.file_name for jar in JARS)}


def test_what_is_in_place_is_not_downloaded_again(repository: Repository, tmp_path: Path) -> None:
    """A second start works without a network."""
    install(folder=tmp_path, jars=JARS)
    repository.asked.clear()
    install(folder=tmp_path, jars=JARS)
    assert repository.asked == []


@pytest.mark.parametrize("damage", [b"b" * 29 + b"x", b"", b"b" * 31], ids=["changed", "emptied", "longer"])
def test_a_jar_that_differs_from_the_lock_file_is_replaced_and_reported(
    repository: Repository, tmp_path: Path, damage: bytes
) -> None:
    """A damaged cache mends itself, and does not do so silently."""
    install(folder=tmp_path, jars=JARS)
    (tmp_path / "beta-1.0.jar").write_bytes(damage)
    steps: list[str] = []
    install(steps.append, folder=tmp_path, jars=JARS)
    assert (tmp_path / "beta-1.0.jar").read_bytes() == CONTENT["beta"]
    assert steps[0] == f"beta-1.0.jar in {tmp_path} is not the locked file: downloading it again"


def test_a_download_with_the_wrong_checksum_is_never_put_in_place(repository: Repository, tmp_path: Path) -> None:
    """A repository or mirror that serves something else gets a name, a place and both hashes."""
    repository.content["/maven/org/example/beta/1.0/beta-1.0.jar"] = b"B" * 30
    with pytest.raises(JarChecksumMismatch) as error:
        install(folder=tmp_path, jars=JARS)
    assert "\n" not in str(error.value)
    assert "beta-1.0.jar" in str(error.value)
    assert hashlib.sha256(b"B" * 30).hexdigest() in str(error.value)
    assert not (tmp_path / "beta-1.0.jar").exists()
    repository.content["/maven/org/example/beta/1.0/beta-1.0.jar"] = CONTENT["beta"]
    install(folder=tmp_path, jars=JARS)  # nothing of the wrong one is left to stumble over


def test_a_jar_that_the_repository_does_not_have_is_named(repository: Repository, tmp_path: Path) -> None:
    """One line, with what to do."""
    del repository.content["/maven/org/example/gamma/1.0/gamma-1.0.jar"]
    with pytest.raises(JarMissing, match=r"^gamma-1\.0\.jar of Kafka .*the repository answers 404.*mirror"):
        install(folder=tmp_path, jars=JARS)


def test_without_a_network_the_missing_jar_is_named(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual trouble of a first start."""
    monkeypatch.setenv("FRONTLINE_MAVEN_URL", "http://127.0.0.1:1")
    with pytest.raises(JarMissing) as error:
        install(folder=tmp_path, jars=JARS)
    assert str(error.value).startswith("alpha-1.0.jar of Kafka is not in ")
    assert "\n" not in str(error.value)


def test_a_download_that_breaks_off_is_resumed_where_it_ended(repository: Repository, tmp_path: Path) -> None:
    """Tens of megabytes over a bad line need not start over."""
    repository.fail_first = 1
    install(folder=tmp_path, jars=JARS[:1])
    assert repository.asked[0][1] is None
    assert repository.asked[1][1] is not None
    assert (tmp_path / "alpha-1.0.jar").read_bytes() == CONTENT["alpha"]


@pytest.mark.parametrize("left_over", [b"x" * 10, b"x" * 30, b"x" * 40], ids=["shorter", "as long", "longer"])
def test_a_part_of_another_file_is_discarded(repository: Repository, tmp_path: Path, left_over: bytes) -> None:
    """A download that broke off long ago may have been of another file."""
    (tmp_path / "beta-1.0.jar.part").write_bytes(left_over)
    install(folder=tmp_path, jars=JARS)
    assert (tmp_path / "beta-1.0.jar").read_bytes() == CONTENT["beta"]


def test_progress_counts_up_to_the_whole(repository: Repository, tmp_path: Path) -> None:
    """People who wait see what for."""
    steps: list[str] = []
    install(steps.append, folder=tmp_path, jars=JARS)
    assert steps[-1] == "downloading Kafka: 1 of 1 MB"


def test_several_processes_may_install_at_once(repository: Repository, tmp_path: Path) -> None:
    """Test runs and `frontline up` share the folder; each jar is downloaded once."""
    context = multiprocessing.get_context("spawn")
    installing = [context.Process(target=_install_there, args=(tmp_path,)) for _ in range(3)]
    for process in installing:
        process.start()
    for process in installing:
        process.join(30)
    assert [process.exitcode for process in installing] == [0, 0, 0]
    assert len(repository.asked) == len(JARS)


def _install_there(folder: Path) -> None:
    install(folder=folder, jars=JARS)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"FRONTLINE_CACHE_DIR": "/c"}, "/c/kafka-4.4.0"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/frontline/kafka-4.4.0"),
        ({"HOME": "/h"}, "/h/.cache/frontline/kafka-4.4.0"),
    ],
)
def test_the_jars_are_kept_where_caches_belong(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    """People who move their caches mean ours too."""
    for name in ("FRONTLINE_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(jars.jars_folder()) == folder
