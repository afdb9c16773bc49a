"""The system under test, as tests talk to it: submit, act, travel in time, and wait for events."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar, overload

from pydantic import AwareDatetime, TypeAdapter

from frontline_testkit.errors import CallRefused, NotSeen, TestkitError
from frontline_testkit.event import Event, Kind, full_type, has_fields, short_type
from frontline_testkit.events import TYPES
from frontline_testkit.intake import Intake
from frontline_testkit.log import DeadLetter, EventLog
from frontline_testkit.model import Data
from frontline_testkit.system import Addresses

D = TypeVar("D", bound=Data)
WAIT_SECONDS = 30.0
SHOWN = 40  # lines of what was seen, in an error
CASE_FIELDS = ("case_id", "request_id")  # a case has the id of its request
ACCOUNT_FIELDS = ("account_id", "account")
REQUESTER = {"requester_id": "ana", "role": "admin", "licensed": True}
_instant = TypeAdapter(AwareDatetime)


class Frontline:
    """A running Frontline. Tests may share it: each uses accounts and cases of its own.

    The defaults of `submit` and `set_entitlement` are words of the edition that ships. With another edition, name
    yours; a word that the edition does not have is refused with those that it has.
    """

    def __init__(self, addresses: Addresses) -> None:
        self.kafka = addresses.kafka
        self.url = addresses.url
        self.admin_key = addresses.admin_key
        self._intake = Intake(addresses.url, addresses.admin_key)
        self._log = EventLog(addresses.kafka)

    def close(self) -> None:
        """Close the connections; the system runs on."""
        self._intake.close()
        self._log.close()

    def set_entitlement(
        self,
        account: str | None = None,
        *,
        plan: str = "premier_plus",
        account_type: str = "enterprise",
        paid: bool = True,
        country: str | None = "ES",
        contacts: Sequence[Mapping[str, Any]] = (),
        **more: Any,
    ) -> str:
        """Set what an account owns; returns its id, a new one if none is given. Raises CallRefused.

        `more`: `calendar`, `valid_from`, `valid_until`. It counts for requests that are submitted afterwards.
        """
        account = account or f"account-{secrets.token_hex(6)}"
        body = {"plan": plan, "account_type": account_type, "paid": paid, "contacts": [dict(each) for each in contacts]}
        if country is not None:
            body["country"] = country
        self._intake.call("PUT", f"/v1/accounts/{account}/entitlement", _json(body | more))
        return account

    def withdraw_entitlement(self, account: str) -> None:
        """End what an account owns. Raises CallRefused."""
        self._intake.call("DELETE", f"/v1/accounts/{account}/entitlement")

    def submit(
        self,
        account: str | None = None,
        *,
        channel: str = "web_ticket",
        requester: Mapping[str, Any] | None = None,
        subject: str = "Nobody can join",
        description: str = "Every call drops after a minute.",
        idempotency_key: str | None = None,
        body: Mapping[str, Any] | None = None,
        **fields: str,
    ) -> str:
        """Submit a request; returns its id, which is also the id of its case. Raises CallRefused.

        `fields` are what the edition asks, such as impact="down". One that is left out has the first value that the
        edition lists, the worst. `requester` is a licensed admin unless given; `body` is added to the request
        (`language`, `country`, `opened_by`, `phone`).
        """
        request = {
            "channel": channel,
            "requester": dict(requester or REQUESTER),
            "subject": subject,
            "description": description,
            "fields": {**self._worst_fields, **fields},
            **(body or {}),
        }
        if account is not None:
            request["account_id"] = account
        key = idempotency_key or secrets.token_hex(12)
        answer = self._intake.call("POST", "/v1/support-requests", _json(request), key)
        return str(answer["request_id"])

    def activity(
        self,
        case: str,
        type: str,  # noqa: A002 - its name in the interface
        *,
        idempotency_key: str | None = None,
        **more: Any,
    ) -> str:
        """Report what happened on a case, such as `agent_replied`; returns the id of the activity. Raises CallRefused.

        `more` are the fields of that type: `text`, `to`, `until`, `milestone`, `accepted`, `at`, ….
        """
        body = _json({"type": type, **more})
        answer = self._intake.call("POST", f"/v1/cases/{case}/activity", body, idempotency_key or secrets.token_hex(12))
        return str(answer["activity_id"])

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move the time of the whole system forwards; returns its present, in UTC. Raises CallRefused.

        Timers that become due fire at once, as if the time had passed. The time of Kafka's records stays true. Time
        never moves back, so a test that compares instants takes them from events.
        """
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        try:
            answer = self._intake.call("POST", "/v1/test-clock", {"advance_seconds": length.total_seconds()})
        except CallRefused as error:
            if error.status == 404:
                raise CallRefused(f"{error}: this Frontline was started without --test-clock", 404) from None
            raise
        return _instant.validate_python(answer["now"])

    @overload
    def wait_for(
        self, type: type[D], *, case: str | None = ..., account: str | None = ..., timeout: float = ...,
        where: Callable[[Event[D]], bool] | None = ..., **fields: Any,
    ) -> Event[D]: ...  # fmt: skip
    @overload
    def wait_for(
        self, type: str, *, case: str | None = ..., account: str | None = ..., timeout: float = ...,
        where: Callable[[Event[Any]], bool] | None = ..., **fields: Any,
    ) -> Event[Any]: ...  # fmt: skip
    def wait_for(
        self,
        type: Kind,  # noqa: A002 - it reads best: wait_for("case.routed")
        *,
        case: str | None = None,
        account: str | None = None,
        timeout: float = WAIT_SECONDS,
        where: Callable[[Event[Any]], bool] | None = None,
        **fields: Any,
    ) -> Event[Any]:
        """The first event of this type, once it is committed: wait_for("clock.breached", case=case, level=1).

        `type` is a name such as "case.routed", or its class in `frontline_testkit.events`, by which type checkers know
        the data. The event is of this case or account, its data has these values of `fields`, and it meets `where`. One
        that came before the call counts. After `timeout` seconds it raises NotSeen, which lists what came instead.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        chosen = Choice(type, case, account, fields, where)
        found = self._log.until(chosen, timeout)
        if found is None:
            raise NotSeen(self._not_seen(chosen, timeout))
        return found

    @overload
    def events(
        self, type: type[D], *, case: str | None = ..., account: str | None = ..., **fields: Any
    ) -> list[Event[D]]: ...
    @overload
    def events(
        self, type: str | None = ..., *, case: str | None = ..., account: str | None = ..., **fields: Any
    ) -> list[Event[Any]]: ...
    def events(
        self,
        type: Kind | None = None,  # noqa: A002 - as in wait_for
        *,
        case: str | None = None,
        account: str | None = None,
        **fields: Any,
    ) -> list[Event[Any]]:
        """All events that were committed before the call, of one type, case or account if given, by instant."""
        chosen = Choice(type, case, account, fields, None)
        return sorted(filter(chosen, self._log.events()), key=lambda event: event.time)

    def dead_letters(self, key: str | None = None) -> list[DeadLetter]:
        """The records that Frontline could not process, of one key (a case or an account) if given."""
        return [each for each in self._log.dead_letters() if key in (None, each.key)]

    @cached_property
    def _worst_fields(self) -> dict[str, str]:
        form = self._intake.call("GET", "/v1/editions/current")["form"]
        return {each["word"]: each["values"][0]["word"] for each in form["fields"] if each["default"] is None}

    def _not_seen(self, chosen: "Choice", timeout: float) -> str:
        events, dead_letters = self._log.seen()
        related = [str(event) for event in events if chosen.is_about(event)]
        related += [str(each) for each in dead_letters if chosen.is_key(each.key) or chosen.is_key(each.value)]
        related += self._log.not_events[-3:]
        lines = [f"no {chosen} within {timeout:g} s"]
        if related:
            lines += ["what came instead:", *(f"  {line}" for line in related[-SHOWN:])]
        else:
            lines.append("nothing came of it at all")
        return "\n".join(lines)


class Choice:
    """Which events are meant. Raises UnknownType, or TestkitError for a field that the type does not have."""

    def __init__(
        self,
        kind: Kind | None,
        case: str | None,
        account: str | None,
        fields: Mapping[str, Any],
        where: Callable[[Event[Any]], bool] | None,
    ) -> None:
        self._type = None if kind is None else full_type(kind)
        self._case, self._account, self._fields, self._where = case, account, fields, where
        models = [TYPES[self._type]] if self._type else TYPES.values()
        known = dict.fromkeys(name for model in models for name in model.model_fields)
        if unknown := fields.keys() - known.keys():
            what = short_type(self._type) if self._type else "an event"
            raise TestkitError(f"{what} has no field {', '.join(sorted(unknown))}; it has {', '.join(known)}")

    def __call__(self, event: Event[Data]) -> bool:
        """Whether this event is one of them."""
        return (
            self._type in (None, event.ce_type)
            and self.is_about(event)
            and has_fields(event, self._fields)
            and (self._where is None or self._where(event))
        )

    def is_about(self, event: Event[Data]) -> bool:
        """Whether the event is of the case and of the account, whatever its type."""
        return (self._case is None or self._case in _values(event.data, CASE_FIELDS)) and (
            self._account is None or self._account in _values(event.data, ACCOUNT_FIELDS)
        )

    def is_key(self, text: str) -> bool:
        """Whether a text, such as the key of a record, names the case or the account."""
        return any(wanted is not None and wanted in text for wanted in (self._case, self._account))

    def __str__(self) -> str:
        words = [short_type(self._type) if self._type else "event"]
        words += [f"of {kind} {name}" for kind, name in (("case", self._case), ("account", self._account)) if name]
        if self._fields:
            words.append("with " + ", ".join(f"{name}={value!r}" for name, value in self._fields.items()))
        if self._where is not None:
            words.append("that meets the condition")
        return " ".join(words)


def _values(data: Data, names: Iterable[str]) -> list[Any]:
    values = (getattr(data, name, None) for name in names)
    return [getattr(value, "account_id", value) for value in values]


def _json(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with instants, classes and tuples as JSON has them."""
    return dict(TypeAdapter(dict[str, Any]).dump_python(dict(body), mode="json"))
