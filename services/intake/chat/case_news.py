"""What the client of a chat is told about its case: what is said there, and how it stands."""

from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any

from services.intake.chat.answers import channel_data
from services.intake.pages.case_views import CaseViews
from services.intake.pages.visit import Visit
from shared.contracts.base import format_instant
from shared.explain.logged_case import LoggedCase
from shared.pages.case import case_page
from shared.pages.case.case_view import CaseView
from shared.policy.model import Edition
from shared.web.errors import CatchingUp

Data = dict[str, Any]


class CaseNews:
    """The news of one case for one client, after its message `seen`. `own`: activity -> the client's id of it."""

    def __init__(self, visit: Visit, request_id: str, seen: str | None, own: MutableMapping[str, str]) -> None:
        """Raises NotFound or CatchingUp, also for a case of another."""
        self._visit = visit
        self._request_id = request_id
        self._views = CaseViews(visit, request_id)
        self._own = own
        self._case: Data | None = None
        self._said_of: tuple[object, ...] | None = None  # how the case stood when it was told last
        recent = self._views.recent()
        if not visit.service.requests_tail.caught_up.is_set():  # half of a case would be told again as news
            raise CatchingUp("refusal.reading_requests", retry_after=2)
        said = [each.id for each in self._conversation(recent)]
        self._told = set(said[: said.index(seen) + 1]) if seen in said else set[str]()  # messages

    def said(self) -> list[Data] | None:
        """The messages that are new since the last call, and those taken back; None once the case is not kept here."""
        recent = self._visit.service.cases.find(self._request_id)
        if recent is None:
            return None
        said = self._conversation(recent)
        here = {"request_id": self._request_id}
        gone = self._told - {each.id for each in said}
        new = [each for each in said if each.id not in self._told]
        self._told = {each.id for each in said}
        return [
            *({"type": "retracted", **here, "id": id_} for id_ in gone),
            *({"type": "said", **here, "to": self._own.pop(each.id, None), "message": _message(each)} for each in new),
        ]

    def _conversation(self, recent: LoggedCase) -> list[case_page.Said]:
        return case_page.said(recent.request, recent.messages, self._visit.reader)

    def case(self) -> Data | None:
        """How the case stands now, if that has changed since the last call.

        It is said in sentences only then: most of what happens in a chat are messages, which change nothing of it.
        """
        service = self._visit.service
        recent, now = service.cases.find(self._request_id), service.clock()
        if recent is None:
            return None
        stands = self._views.standing(recent, now)
        promised = None if stands is None else (stands.state, stands.priority, stands.milestone, stands.due_at)
        said_of = recent.log.case is None, service.recent.is_closed(self._request_id), promised
        if said_of == self._said_of:
            return None
        self._said_of = said_of
        case = self._case_data(self._views.view(recent, now))
        if case == self._case:
            return None
        self._case = case
        return case

    @property
    def is_decided(self) -> bool:
        """Whether the last case that was told has a decision."""
        return self._case is not None and self._case["decision"] is not None

    @property
    def is_open(self) -> bool:
        """Whether somebody may still say something, by the last case that was told."""
        return self._case is None or self._case["state"] not in ("resolved", "closed")

    def _case_data(self, view: CaseView) -> Data:
        found, words = view.found, self._visit.messages
        pinned = None if found is None else self._visit.service.published_editions.pinned(found["policy_sha256"])
        edition = None if pinned is None else pinned.edition
        live = edition is not None and found is not None and edition.is_live_chat(found["assigned_channel"])
        return {
            "type": "case",
            "request_id": view.request_id,
            "page": f"/requests/{view.request_id}",
            "state": view.state,
            "live": live,
            "decision": None if found is None else self._decision(found, edition),
            "ways": [] if live or found is None else self._ways(found, edition),
            "promise": next((_promise(each, view) for each in view.promises if each.open), None),
            "nothing_promised": words("page.promise.none") if found is not None and not view.promises else None,
        }

    def _decision(self, found: Mapping[str, Any], edition: Edition | None) -> Data:
        """The decision, with a sentence that says it, and one why the live chat is not open, where it is not."""
        words = self._visit.messages
        asked = (found["channels"] or {}).get(found["requested_channel"], {})
        said = {"channel": found["assigned_channel"], "tier": found["assigned_tier"], "priority": found["priority"]}
        return {
            **said,
            "staffed": edition is not None and edition.channels[found["assigned_channel"]].staffed,
            "text": _sentence(words("page.chat.decided", **said)),
            "because": _sentence(asked.get("because") or "") or None,
        }

    def _ways(self, found: Mapping[str, Any], edition: Edition | None) -> list[Data]:
        """The channels that are open to this person, with their help texts."""
        if edition is None:
            return []
        return [channel_data(edition, word, self._visit.language) for word in found["open_channels"]]


def _message(said: case_page.Said) -> Data:
    at = datetime.fromisoformat(said.at)
    return {"id": said.id, "by": said.by, "text": said.text, "at": format_instant(at)}


def _sentence(text: str) -> str:
    """A text of a code or of the edition as it stands by itself: with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _promise(promise: case_page.Promise, view: CaseView) -> Data:
    """A promise that runs or stands still. `due_at` is null meanwhile."""
    due_at = promise.due_at
    return {
        "name": promise.name,
        "state": promise.state,
        "due_at": None if due_at is None else view.moments.iso(due_at),
        "due": None if due_at is None else view.moments.said(due_at),
        "why": promise.why,
    }
