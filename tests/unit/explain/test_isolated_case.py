"""What `frontline explain` says of an isolated case: since when, why, when it is retried, and what to do."""

from datetime import timedelta

import pytest

from shared.explain.case_log import ISOLATED
from shared.kafka.record import Record
from shared.sla.packing import pack_id
from tests.topology.escalation.desk import CASE, minutes
from tests.topology.escalation.test_failing_timers import damages
from tests.unit.explain.explained_case import ExplainedCase


def isolated_case() -> ExplainedCase:
    """A case whose first timer, 45 minutes after its receipt at 12:00 UTC, has met an error."""
    lived = ExplainedCase()
    damages(lived.desk, CASE)
    lived.passes(minutes(50))
    follows(lived)
    return lived


def follows(lived: ExplainedCase) -> None:
    """The log has what escalation stores of the isolation."""
    value = lived.desk.driver.contents("isolated").get(pack_id(CASE))
    lived.log.take(Record(ISOLATED.name, 0, 0, 0, pack_id(CASE), value))


def test_an_isolated_case_says_since_when_and_why_and_when_it_is_retried() -> None:
    """No activity has come: there is no dead letter from which anybody could learn it."""
    lived = isolated_case()
    found = lived.explained()
    since, retry = "2026-11-23T12:45:00.000001Z", "2026-11-23T13:45:00.000001Z"
    assert found["isolation"] == {"since": since, "error": "ValueError", "retry_at": retry}
    assert found["dead_letters"] == []
    assert list(found).index("isolation") < list(found).index("clocks")


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            (
                "Isolated: escalation cannot process this case",
                "isolated since 2026-11-23 13:45:00, because of ValueError",
                "retried at 2026-11-23 14:45:00, and whenever escalation starts",
                "watch the deadlines below by hand",
                "`frontline dead-letters replay --all --cause case_isolated`",
                "Why this channel",
            ),
        ),
        (
            "es",
            (
                "Aislado: el escalado no puede procesar este caso",
                "aislado desde el 2026-11-23 13:45:00 por ValueError",
                "se reintenta el 2026-11-23 14:45:00",
                "vigile a mano los plazos de abajo",
                "`frontline dead-letters replay --all --cause case_isolated`",
                "Por qué este canal",
            ),
        ),
    ],
)
def test_people_read_it_before_all_else_with_what_to_do(language: str, lines: tuple[str, ...]) -> None:
    """The deadlines below it are right, but nobody is called for them."""
    text = isolated_case().shown(language)
    places = [text.find(line) for line in lines]
    assert -1 not in places, text
    assert places == sorted(places), text


def test_a_retry_that_is_overdue_leads_to_escalation_itself() -> None:
    """Its service does not run, or the retry has failed: the case alone is not what has to be looked at."""
    lived = isolated_case()
    lived.desk.driver.now += timedelta(hours=2)
    assert "its retry was due at 2026-11-23 14:45:00" in lived.shown()
    assert "whenever escalation starts" not in lived.shown()


def test_a_case_whose_isolation_has_ended_is_explained_as_every_other() -> None:
    """Its entry was deleted: the changelog has a tombstone, or nothing any more."""
    lived = isolated_case()
    lived.log.take(Record(ISOLATED.name, 0, 1, 0, pack_id(CASE), None))
    assert lived.explained()["isolation"] is None
    assert "solated" not in lived.shown()
    assert ExplainedCase().explained()["isolation"] is None
