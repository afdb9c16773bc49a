"""Which broker the tests get: what was asked for, or an error; never another one, never a silent skip."""

import pytest

from tests.harness import broker
from tests.harness.broker import NoTestBroker, broker_for_tests


async def test_a_given_broker_is_used_as_it_is(bootstrap: str) -> None:
    """KAFKA_BOOTSTRAP outranks everything."""
    async with broker_for_tests({"KAFKA_BOOTSTRAP": bootstrap, "FRONTLINE_TEST_KAFKA": "docker"}) as used:
        assert used == bootstrap


async def test_a_given_broker_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Falling back to another one would test something else than was asked for."""
    monkeypatch.setattr(broker, "PATIENCE", 0.3)
    with pytest.raises(NoTestBroker, match=r"^KAFKA_BOOTSTRAP=127\.0\.0\.1:1 does not answer"):
        async with broker_for_tests({"KAFKA_BOOTSTRAP": "127.0.0.1:1"}):
            pass


async def test_an_unknown_kind_of_broker_is_an_error() -> None:
    """A slip in the variable must not choose for us."""
    with pytest.raises(NoTestBroker, match=r"^FRONTLINE_TEST_KAFKA=podman is none of embedded, docker"):
        async with broker_for_tests({"FRONTLINE_TEST_KAFKA": "podman"}):
            pass


async def test_docker_that_cannot_be_reached_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for Docker and has none is told so."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(NoTestBroker, match=r"^FRONTLINE_TEST_KAFKA=docker, but Docker says: "):
        async with broker_for_tests({"FRONTLINE_TEST_KAFKA": "docker"}):
            pass
