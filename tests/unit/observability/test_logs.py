"""What a log line says, and what it must never say."""

import json
import logging

import pytest

from shared.observability import logs


def test_a_line_is_json_with_a_sentence_an_action_and_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    """Machines read `action`, people read the sentence; both must be on every line."""
    logs.configure("router", "info", "json")
    logs.get_logger().info("Partition 3 is restored", action="restore.done", partition=3)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "Partition 3 is restored"
    assert (line["action"], line["service"], line["partition"], line["level"]) == ("restore.done", "router", 3, "info")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("field", ["text", "subject", "description", "host_key", "meeting_id", "api_key", "email"])
def test_a_customers_text_or_credential_is_masked(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A caller's mistake must not leave the process."""
    logs.configure("intake", "info", "json")
    logs.get_logger().warning("Something was refused", action="test", **{field: "private words"})
    assert "private words" not in capsys.readouterr().err


def test_libraries_come_out_in_the_same_form_from_warnings_up(capsys: pytest.CaptureFixture[str]) -> None:
    """An operator reads one format; a library's chatter below warnings stays away."""
    logs.configure("router", "info", "json")
    logging.getLogger("aiokafka").info("chatter")
    logging.getLogger("aiokafka").warning("the broker is away")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["service"], line["level"]) == ("the broker is away", "router", "warning")


def test_below_the_level_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The level is the operator's choice."""
    logs.configure("router", "error", "json")
    logs.get_logger().warning("not now", action="test")
    assert capsys.readouterr().err == ""
