"""How the router's process begins and ends without a Kafka: what it says, and its exit code."""

import socket
from pathlib import Path

import pytest

from services.router.__main__ import main
from tests.harness.service_process import service_process

NOBODY = "127.0.0.1:1"  # a port that nothing listens on


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"FRONTLINE_PARTITIONS": "none"}, "FRONTLINE_PARTITIONS='none'"),
        ({"FRONTLINE_HTTP_PORT": "99999"}, "FRONTLINE_HTTP_PORT='99999'"),
        ({"FRONTLINE_POLICIES": "nix"}, "there is no edition 'nix'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    environment: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A supervisor must know that starting it again is no use."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    published = capsys.readouterr()
    assert words in published.err
    assert (len(published.err.splitlines()), published.out) == (1, "")


async def test_a_port_that_is_taken_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    """Another run of it, most likely."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with service_process("router", tmp_path / "log", FRONTLINE_HTTP_PORT=port) as router:
            await router.start()
            assert await router.ended() == 1
            published = router.log.read_text()
    assert f"Cannot listen on 127.0.0.1:{port}" in published
    assert "Traceback" not in published


async def test_without_kafka_it_lives_waits_and_ends_on_a_signal(tmp_path: Path) -> None:
    """Kafka may come later: not ready and saying why, but alive, and gone at the first SIGTERM."""
    async with service_process("router", tmp_path / "log", FRONTLINE_KAFKA_BOOTSTRAP=NOBODY) as router:
        await router.start()
        await router.until("/livez", 200)
        answer = await router.until("/readyz", 503)
        assert answer.json()["checks"]["group"]["ready"] is False
        assert await router.terminate() == 0
        assert "Traceback" not in router.log.read_text()
