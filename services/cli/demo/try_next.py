"""[pure] The last lines of the demo: what to open and to try, with a case of this run that has much to explain."""

from collections.abc import Iterator, Mapping

from services.cli.demo.check import BREACHED, RAISED
from services.cli.logged_event import LoggedEvent
from services.cli.pages import addresses
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


def try_next(case_id: str, *, program: str, urls: Mapping[str, str], requests: int, kafka: str = "") -> Iterator[str]:
    """What to open and to try, one line each; without `case_id` ("": no request was decided) nothing is explained.

    `program` is how this command was called, `urls` the address of each service. `kafka` is an address that commands
    need, "" if they find it by themselves. A command line is broken where a shell takes it up again. The last line says
    that the `requests` of the demo are over.
    """
    yield "Open in a browser, and choose at Sign in who you are:"
    pages = list(addresses(urls))
    longest = max(len(name) for name, _ in pages)
    for name, address in pages:
        yield f"  {name:{longest}}  {address}"
    yield "Try in another terminal:"
    where = f" \\\n    --kafka {kafka}" if kafka else ""
    yield f"  {program} cases --open{where}"
    if case_id:
        yield f"  {program} explain \\\n    {case_id}{where}"
    yield f"  {program} replay --from-topic{where}"
    yield f"These were all {requests} requests of the demo. The system goes on running until Ctrl-C:"
    yield "send a request of your own by the web form, and watch it here."
