"""The pages of the policy: the edition in force as a matrix, and a what-if whose address is the question.

`policy_routes` makes their routes of what a service has: its rules, its templates, and how it knows its readers.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from services.board.policy.form import form_of
from services.board.policy.matrix import Matrix, matrix
from services.board.policy.question import Question, Wrong, default_zone, example, read
from services.board.policy.what_if import Answer, answer
from shared.business_time.errors import CalendarError
from shared.contracts.vocabulary import Language
from shared.explain.edition_words import capital
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.pages.ledger import Picture, draw, intervals_of
from shared.pages.moments import Moments, zone_named
from shared.pages.rendering import HEADERS, Pages
from shared.policy.base import language_ranges
from shared.routing.rendering import in_words_of
from shared.routing.rulebook import Rulebook

TEMPLATES = Path(__file__).parent / "templates"
POLICY, WHAT_IF = "/policy", "/policy/what-if"
_LONGEST = 4096  # characters of a query: more than any form of an edition sends
_KEPT = 8  # matrices: an edition or two, in a few languages


class Reader(NamedTuple):
    """Who reads a page: in which language, in which zone (None: that of the edition), and what the frame says of them.

    `frame` has the values of the template that the pages extend. `keep` adds to an answer what the browser is to keep.
    """

    messages: Messages
    language: Language
    zone: tzinfo | None
    frame: Mapping[str, Any]
    keep: Callable[[Response], Response] = lambda answer: answer


def policy_routes(
    *,
    rules: Callable[[], Rulebook],
    pages: Pages,
    reader: Callable[[Request], Awaitable[Reader | Response]],
    now: Callable[[], datetime],
    base: str = "frame.html",
) -> list[Route]:
    """The routes `/policy` and `/policy/what-if`.

    `rules` gives the edition in force, `now` the time. `pages` must have `TEMPLATES` among its folders; the pages
    extend its template `base`. `reader` says who asks, or answers by itself, such as with a redirection; it raises what
    the service answers to whoever may not read.
    """
    shown = _Shown(rules, pages, now, base)

    async def of_policy(request: Request) -> Response:
        asks = await reader(request)
        return asks if isinstance(asks, Response) else asks.keep(shown.policy(asks))

    async def of_what_if(request: Request) -> Response:
        asks = await reader(request)
        return asks if isinstance(asks, Response) else asks.keep(shown.what_if(asks, request))

    return [
        Route(POLICY, of_policy, methods=["GET"], name="policy"),
        Route(WHAT_IF, of_what_if, methods=["GET"], name="what_if"),
    ]


class _Shown:
    """The two pages. A matrix is made once a day for each language."""

    def __init__(self, rules: Callable[[], Rulebook], pages: Pages, now: Callable[[], datetime], base: str) -> None:
        self._rules, self._pages, self._now, self._base = rules, pages, now, base
        self._matrices: dict[tuple[str, str, str], Matrix] = {}

    def policy(self, reader: Reader) -> Response:
        """The edition in force."""
        rules = self._rules()
        return self._page("policy.html", reader, rules, None, edition=self._matrix(rules, reader))

    def what_if(self, reader: Reader, request: Request) -> Response:
        """The form, and the answer to what it asks; the example, before anybody has asked."""
        rules, now = self._rules(), self._now()
        edition = rules.edition
        too_long = len(request.url.query) > _LONGEST
        typed = {} if too_long else dict(request.query_params)
        usual = example(edition, now, getattr(reader.zone, "key", None) or default_zone(edition))
        asked = any(name in usual or name.startswith("fields.") for name in typed)
        filled = typed if asked else usual
        question = read(filled, edition, now)
        found = self._answer(question, rules, reader) if isinstance(question, Question) else question
        words = in_words_of(reader.messages, edition, reader.language)
        zone = zone_named(filled.get("zone")) or zone_named(default_zone(edition))
        moments = Moments(reader.messages.language, zone) if zone else None
        return self._page(
            "what_if.html",
            reader,
            rules,
            moments,
            status=200 if isinstance(found, Answer) else 422,
            form=form_of(edition, usual | filled, words, reader.messages.language),
            answer=found if isinstance(found, Answer) else None,
            wrong={} if isinstance(found, Answer) else {each.field: words.reason(each.why) for each in found},
            pictures=self._pictures(found, words, moments) if isinstance(found, Answer) and moments else {},
            asked=asked,
            own_language=typed.get("lang", ""),
        )

    @staticmethod
    def _answer(question: Question, rules: Rulebook, reader: Reader) -> Answer | list[Wrong]:
        try:
            return answer(question, rules, reader.messages)
        except CalendarError:  # for business days of an instant at the ends of what calendars know
            return [Wrong("at", Reason("field.calendar.out_of_range"))]

    @staticmethod
    def _pictures(found: Answer, words: Messages, moments: Moments) -> dict[str, Picture]:
        return {
            each.milestone: draw(intervals_of(each.ledger), words, moments, due=each.due_at)
            for each in found.milestones
            if each.due_at is not None
        }

    def _matrix(self, rules: Rulebook, reader: Reader) -> Matrix:
        today = self._now().date()
        key = (rules.policy_sha256, reader.language, today.isoformat())
        known = self._matrices.get(key)
        if known is None:
            if len(self._matrices) >= _KEPT:
                self._matrices.clear()
            known = self._matrices[key] = matrix(rules.edition, reader.messages, today, reader.language)
        return known

    def _page(
        self, template: str, reader: Reader, rules: Rulebook, moments: Moments | None, status: int = 200, **values: Any
    ) -> Response:
        edition = rules.edition
        words = in_words_of(reader.messages, edition, reader.language)
        zone = reader.zone or zone_named(default_zone(edition)) or UTC
        shown = moments or Moments(reader.messages.language, zone)
        given = {
            **reader.frame,
            "base": self._base,
            "now": self._now(),
            "head": edition,
            "texts_in": _texts_in(edition.languages, reader),
            "capital": capital,
            **values,
        }
        html = self._pages.render(template, words, shown, **given)
        return HTMLResponse(html, status, {**HEADERS, "Content-Language": reader.messages.language})


def _texts_in(languages: tuple[Language, ...], reader: Reader) -> Language | None:
    """The language of the edition's own texts, where it is another one than the page's."""
    wanted = language_ranges(reader.language)
    own = next((each for each in languages if each.lower() in wanted), languages[0])
    return None if own in language_ranges(reader.messages.language) else own
