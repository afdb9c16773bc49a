"""A case that is lived through, for tests of what is explained of it."""

import io
from datetime import timedelta
from typing import Any

from rich.console import Console

from services.cli.explain.view import show
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.kafka.record import Output, Record
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.sla.pinned_edition import PinnedEdition, short_of
from tests.topology.escalation.desk import CASE, TaskDesk, as_record


class ExplainedCase:
    """A case that is lived through, and the log that it leaves."""

    def __init__(self, desk: TaskDesk | None = None, case: Any = None, **given: Any) -> None:
        self.desk = desk or TaskDesk()
        self.log = CaseLog()
        self.case = case or self.desk.case(**given)
        self._pipe(CASES, self.case)

    def record_activity(self, kind: str, **given: Any) -> None:
        """Somebody does something to the case."""
        self._pipe(ACTIVITY, self.desk.activity(kind, **given))

    def decided_again(self, case: Any) -> None:
        """Another decision on the same case."""
        self._pipe(CASES, case)

    def explained(self, language: str | None = None, *, with_edition: bool = True) -> dict[str, Any]:
        """What there is to say of it now."""
        at_hand = {
            short_of(sha256): PinnedEdition(sha256, edition)
            for edition in (self.desk.library.editions if with_edition else ())
            for sha256 in [policy_sha256(edition)]
        }
        assert self.log.case is not None
        return explanation(self.log, self.log.case, at_hand, self.desk.driver.now, messages_in(language))

    def shown(self, language: str = "en", *, with_edition: bool = True) -> str:
        """The same as people read it."""
        out = io.StringIO()
        found = self.explained(language, with_edition=with_edition)
        editions = self.desk.library.editions if with_edition else ()
        known = sorted(editions, key=lambda edition: policy_sha256(edition) != found["policy_sha256"])
        show(found, Console(file=out, soft_wrap=True, highlight=False), messages_in(language), known)
        return out.getvalue()

    def clock(self, milestone: str, instance: int = 1, language: str | None = None) -> dict[str, Any]:
        """One clock, as it is explained."""
        clocks = self.explained(language)["clocks"]
        return next(each for each in clocks if (each["milestone"], each["instance"]) == (milestone, instance))

    def passes(self, span: timedelta) -> None:
        """Time goes by; what is published reaches the log."""
        before = len(self.desk.driver.produced)
        self.desk.passes(span)
        self._log(self.desk.driver.produced[before:])

    def _pipe(self, topic: Topic, event: Any) -> None:
        value, headers = as_record(topic, CASE, event)
        record = self.desk.driver.record(topic, CASE, value, headers)
        self.log.take(record)
        self._log(self.desk.driver.pipe_slice([record]))

    def _log(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.log.take(Record(output.topic, 0, 0, 0, output.key, output.value, output.headers))
