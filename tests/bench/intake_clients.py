"""Who sends requests to intake under load: programs with an API key, people with tokens, browsers with the form.

Each repeats a call with the same Idempotency-Key (a form: with the key that it hides) until it is answered, after the
pauses that docs/producers.md asks for: those of Retry-After, and beyond them pauses that grow and are random.
"""

import asyncio
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.identity.minting import mint, new_key_pair, public_part
from shared.identity.person import Person
from shared.identity.signed_tokens import LONGEST_LIFE
from shared.pages.visit import PERSON, VISITOR
from shared.wall_clock import utc_now
from tests.harness.asking import FIELDS
from tests.harness.http_pool import HttpPool
from tests.harness.raw_http import Answer

HOST, ORIGIN, AUDIENCE = "bench-portal", "https://portal.example", "frontline"
KINDS = ("API key", "token", "form")
SHARES = ("API key", "form", "token", "form")  # of four requests, which is sent how
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DESCRIPTION = "Since ten o'clock every call drops after a minute, in every room and for everybody. " * 6
_ACCEPTED = (202, 303)
_COME_BACK = (408, 429, 503)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds, as in the clients of that page
_HIDDEN = re.compile(r'name="(form|identity)" value="([0-9a-f]+)"')


class Prepared(NamedTuple):
    """A submission as it is sent, however often."""

    kind: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Browser(NamedTuple):
    """Somebody who is signed in on the pages, with what their forms hide."""

    cookies: str
    hidden: Mapping[str, str]


@dataclass
class Outcome:
    """What became of a submission. Instants are seconds of the loop's clock; `request_id` None: refused for good."""

    kind: str
    intended: float
    began: float
    ended: float = 0.0
    request_id: str | None = None
    status: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # attempts that were repeated, by reason


class Portal:
    """The host application that vouches for the people: its key, and what admits it at intake."""

    def __init__(self, people: int, of_accounts: Iterable[str] = DEMO_ACCOUNTS) -> None:
        self._key = new_key_pair("bench")
        accounts = cycle(of_accounts)
        self.people = [
            Person(HOST, f"person-{number}", ("submit",), next(accounts), "admin", True) for number in range(people)
        ]

    @property
    def setting(self) -> str:
        """FRONTLINE_TOKEN_HOSTS, with the rate that ships."""
        host = {"name": HOST, "keys": [public_part(self._key)], "scopes": ["submit"], "origins": [ORIGIN]}
        return json.dumps([host])

    def token_of(self, person: Person) -> str:
        """A token for an hour."""
        return mint(self._key, person, AUDIENCE, utc_now(), LONGEST_LIFE)


class Clients:
    """Makes and sends submissions: a quarter with the API key, a quarter with tokens, half by forms."""

    def __init__(self, pool: HttpPool, url: str, api_key: str, portal: Portal) -> None:
        self._pool, self._url, self._api_key = pool, url, api_key
        self._tokens = [portal.token_of(person) for person in portal.people]
        self._browsers: Sequence[Browser] = ()
        self._random = Random(1)
        self._accounts = tuple(DEMO_ACCOUNTS)

    async def open_forms(self) -> None:
        """Sign everybody in, and open the form once in the browser of each."""
        self._browsers = [await self._open_form(token) for token in self._tokens]

    def prepared(self, number: int) -> Prepared:
        """The submission of that number."""
        kind = SHARES[number % len(SHARES)]
        if kind == "form":
            return self._form(number, self._browsers[number // 2 % len(self._browsers)])
        body: dict[str, object] = {
            "channel": "web_ticket",
            "subject": f"Calls drop, number {number}",
            "description": DESCRIPTION,
            "fields": FIELDS,
        }
        credential = self._tokens[number // 4 % len(self._tokens)]
        if kind == "API key":
            credential = self._api_key
            who = {"requester_id": f"u{number % 50}", "role": "admin", "licensed": True}
            body |= {"account_id": self._accounts[number % len(self._accounts)], "requester": who}
        headers = {
            "Authorization": f"Bearer {credential}",
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_hex(16),
        }
        return Prepared(kind, "/v1/support-requests", headers, json.dumps(body).encode())

    async def send(self, call: Prepared, intended: float) -> Outcome:
        """Send a submission until it is answered. Latency counts from `intended`, whenever it could begin."""
        clock = asyncio.get_running_loop().time
        outcome = Outcome(call.kind, intended, clock())
        while not outcome.status:
            asked = 0.0
            try:
                answer = await self._pool.call("POST", call.path, call.headers, call.body)
                if answer.status not in _COME_BACK:
                    outcome.ended, outcome.status, outcome.request_id = clock(), answer.status, _request_id(answer)
                    break
                outcome.failed[str(answer.status)] += 1
                asked = float(answer.headers.get("retry-after", "0"))
            except OSError as error:
                outcome.failed[type(error).__name__] += 1
            backoff = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (outcome.failed.total() - 1))
            await asyncio.sleep(asked + self._random.uniform(0, backoff))
        return outcome

    def _form(self, number: int, browser: Browser) -> Prepared:
        typed = {"subject": f"Calls drop, number {number}", "description": DESCRIPTION, "channel": "web_ticket"}
        fields = {f"fields.{name}": value for name, value in FIELDS.items()}
        body = urlencode({**browser.hidden, "key": secrets.token_hex(16), **typed, **fields})
        headers = {"Cookie": browser.cookies, "Origin": self._url, **FORM}
        return Prepared("form", "/requests", headers, body.encode())

    async def _open_form(self, token: str) -> Browser:
        began = await self._pool.call(
            "POST", "/session", {"Origin": ORIGIN, **FORM}, urlencode({"token": token}).encode()
        )
        assert began.status == 303, began
        signed_in = f"{PERSON}={token}"
        page = await self._pool.call("GET", "/", {"Cookie": signed_in})
        visitor = re.search(rf"{VISITOR}=[0-9a-f]+", page.headers.get("set-cookie", ""))
        hidden = dict(_HIDDEN.findall(page.body.decode()))
        assert page.status == 200, page
        assert visitor is not None, page
        assert hidden.keys() == {"form", "identity"}, page
        return Browser(f"{signed_in}; {visitor[0]}", hidden)


def _request_id(answer: Answer) -> str | None:
    """The id that intake gave, if it has accepted the request."""
    if answer.status not in _ACCEPTED:
        return None
    if answer.status == 303:
        return answer.headers["location"].rpartition("/")[2]
    return str(json.loads(answer.body)["request_id"])
