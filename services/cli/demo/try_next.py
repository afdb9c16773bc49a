"""[pure] The last lines of the demo: what to try next, with a case of this run that has much to explain."""

from collections.abc import Iterator

from services.cli.demo.check import BREACHED, RAISED
from services.cli.logged_event import LoggedEvent
from shared.contracts.structs import CaseRouted

# How much `frontline explain` has to show of a case with such an event.
_TELLING = {CaseRouted.TYPE: 1, BREACHED: 2, RAISED: 3}


class ExampleCase:
    """The case with the most to explain: the first that was escalated, else with a breach, else any."""

    def __init__(self) -> None:
        self.case_id = ""
        self._telling = 0

    def note(self, event: LoggedEvent) -> None:
        """Note an event of the log."""
        telling = _TELLING.get(event.type, 0)
        if telling > self._telling:
            self.case_id, self._telling = event.data["case_id"], telling


def try_next(case_id: str, *, program: str, bootstrap: str, intake_url: str) -> Iterator[str]:
    """What to try, one line each; without `case_id` ("": no request was decided) nothing is explained.

    `program` is how this command was called. A command line is broken where a shell takes it up again.
    """
    yield "Try next, while the system runs:"
    if case_id:
        yield f"  {program} explain {case_id} \\"
        yield f"    --kafka {bootstrap}"
    yield f"  {program} replay --from-topic --kafka {bootstrap}"
    yield f"  the web form: {intake_url}/"
    yield f"  your own requests over HTTP: {intake_url}/docs"
