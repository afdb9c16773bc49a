"""[pure] What only the board refuses. The refusals that every service has are in `shared/web/errors.py`."""

from shared.web.errors import Refusal


class TakenByAnother(Refusal):
    """Another agent has taken the case since the page was shown."""

    status, kind = 409, "taken_by_another"


class IntakeUnavailable(Refusal):
    """Intake does not answer. Whether it has the report is not known; the same report counts once."""

    status, kind = 503, "intake_unavailable"


class RefusedByIntake(Refusal):
    """Intake has refused a report. `detail` is its own sentence, in the reader's language.

    Status and kind are those of intake's refusal, so that the page has the words for it, and says when to try again.
    """

    status, kind = 409, "refused_by_intake"

    def __init__(self, status: int, kind: str, detail: str, retry_after: int | None) -> None:
        super().__init__("refusal.by_intake", retry_after=retry_after, detail=detail)
        self.status, self.kind = status, kind


class OtherThanBefore(RefusedByIntake):
    """What the form reports was reported otherwise already: to report it once more, it needs a new key."""


class NotReplayed(Refusal):
    """A dead letter is not replayed: it was already, or its record is not there any more."""

    status, kind = 409, "not_replayed"


class ReplayUnknown(Refusal):
    """Kafka does not answer. Whether the dead letter was replayed is not known; its page will say it."""

    status, kind = 503, "replay_unknown"
