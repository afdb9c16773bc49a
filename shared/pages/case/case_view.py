"""[pure] What the page of a case shows, made of its records; whoever has them, and wherever its forms go."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shared.contracts.structs import CaseRouted
from shared.explain.explanation import explanation
from shared.explain.logged_case import LoggedCase
from shared.explain.rebuild_case import RebuiltCase
from shared.messages.messages import Messages
from shared.pages.case import case_page
from shared.pages.moments import Moments, zone_named
from shared.policy.model import Edition
from shared.sla.pinned_edition import PinnedEdition, short_of


class Reader(NamedTuple):
    """For whom a case is shown. `id` is that of their own messages, `language` the tag of texts of the edition.

    `zone` None: a browser that does not say its own, which has the zone of the case's calendar.
    """

    id: str
    language: str
    messages: Messages
    zone: tzinfo | None


class CaseView(NamedTuple):
    """What the page shows. `found` is the explanation; null until the router has decided.

    `action` is the address of its forms, `key` that by which the next of them counts once.
    """

    request_id: str
    subject: str
    received_at: str
    said: list[case_page.Said]
    found: dict[str, Any] | None
    promises: list[case_page.Promise]
    nothing_promised: str
    happened: list[case_page.Happened]
    priority_text: str
    is_call: bool
    is_closed: bool
    may_escalate: bool
    no_escalation: str
    moments: Moments
    action: str
    key: str

    @property
    def state(self) -> str:
        """deciding, open, waiting, resolved or closed; open or closed where the edition is not known here."""
        if self.found is None:
            return "deciding"
        return str(self.found["state"] or ("closed" if self.is_closed else "open"))

    @property
    def values(self) -> dict[str, Any]:
        """What the template `case/customer_live.html` needs: the case, and a form that nobody has sent yet.

        `old` None = it is how the case is now.
        """
        return {"case": self, "typed": {}, "wrong": {}, "refusal": None, "old": None}


def case_view(
    case: LoggedCase,
    editions: Mapping[bytes, PinnedEdition],
    rebuilt: RebuiltCase | None,
    now: datetime,
    reader: Reader,
    *,
    action: str,
    key: str,
    is_closed: bool = False,
) -> CaseView:
    """What there is of `case` at `now`, for its customer.

    `editions` are those that its log names, as far as they are known, by how cases refer to them. `rebuilt` is what
    `rebuild_case` makes of these; None = it is rebuilt here. `is_closed` counts where its edition is not known.
    """
    routed = case.log.case
    edition = None if routed is None else _edition_of(routed, editions)
    zone = reader.zone or _zone_of(routed, edition) or UTC
    moments, messages = Moments(reader.messages.language, zone), reader.messages.in_zone(zone)
    found = None if routed is None else explanation(case.log, routed, editions, now, messages, rebuilt)
    may_escalate, no_escalation = (False, "") if found is None else case_page.next_escalation(found, messages, moments)
    return CaseView(
        request_id=case.request.request_id,
        subject=case.request.subject,
        received_at=moments.iso(case.request.received_at),
        said=case_page.said(case.request, case.messages, reader.id),
        found=found,
        promises=[] if found is None else case_page.promises(found, now, messages, moments),
        nothing_promised="" if found is None else case_page.nothing_promised(found, messages),
        happened=[] if found is None else list(case_page.happened(found, messages)),
        priority_text="" if found is None else case_page.priority_text(found, edition, reader.language),
        is_call=found is not None and case_page.is_call(found, edition),
        is_closed=is_closed,
        may_escalate=may_escalate,
        no_escalation=no_escalation,
        moments=moments,
        action=action,
        key=key,
    )


def _edition_of(case: CaseRouted, editions: Mapping[bytes, PinnedEdition]) -> Edition | None:
    pinned = editions.get(short_of(case.policy_sha256))
    return None if pinned is None else pinned.edition


def _zone_of(case: CaseRouted | None, edition: Edition | None) -> ZoneInfo | None:
    """The zone of the case's calendar, for a browser that does not say its own."""
    if case is None or edition is None or case.calendar not in edition.calendars:
        return None
    return zone_named(edition.calendars[case.calendar].timezone)
