"""What the log has of an isolation: its name, never what a customer wrote."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from shared.streams import isolation_report
from shared.streams.errors import RecordRefused
from shared.streams.isolation import Isolation

UNTIL = datetime(2026, 1, 1, 13, tzinfo=UTC)


def _raised() -> Exception:
    try:
        raise ValueError("a customer's words")
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    ("error", "why"),
    [(_raised(), "failed and is isolated"), (RecordRefused("x" * 99), "rejects as too large and is isolated")],
)
def test_an_isolation_is_one_error_line_with_the_name_and_without_the_text_of_the_error(
    error: Exception, why: str
) -> None:
    """Somebody has to look after that customer, and the text might quote one."""
    with capture_logs() as logged:
        isolation_report.report(5, Isolation({"case_id": "c1"}, error, UNTIL))
    (line,) = logged
    assert (line["log_level"], line["action"], line["case_id"]) == ("error", "isolation.began", "c1")
    assert (line["partition"], line["error"], line["until"]) == (5, type(error).__name__, UNTIL.isoformat())
    assert line["event"].startswith("case_id c1 ")
    assert why in line["event"]
    assert "customer's words" not in str(line)


def test_the_end_of_an_isolation_says_that_dead_letters_can_be_replayed() -> None:
    """Else they stay where they are."""
    with capture_logs() as logged:
        isolation_report.report(5, Isolation({"case_id": "c1"}))
    (line,) = logged
    assert (line["log_level"], line["action"], line["case_id"]) == ("warning", "isolation.ended", "c1")
    assert "replay its dead letters of cause case_isolated" in line["event"]
