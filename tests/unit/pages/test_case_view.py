"""A case is shown from its records alone, whoever has them, and its forms go wherever that service wants."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from shared.explain.logged_case import LoggedCase
from shared.explain.rebuild_case import rebuild_case
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.pages.assets import STATIC, Assets
from shared.pages.case.agent_case import desk_words
from shared.pages.case.case_view import CaseView, Reader, case_view
from shared.pages.case.desk_view import Link, desk_values
from shared.pages.rendering import Pages
from shared.routing.rendering import in_words_of
from tests.harness.chats import Chats
from tests.harness.shipped import guidelines

BOARD = Link("/board", "The board")
NO_TEMPLATES_OF_ITS_OWN = Path(__file__).parent


def _words() -> Messages:
    return in_words_of(messages_in("en"), guidelines(), "en")


def _customer() -> Reader:
    return Reader("u1", "en", _words(), ZoneInfo("Europe/Madrid"))


def _agent() -> Reader:
    return Reader("desk-7", "en", desk_words(_words(), guidelines()), None)


def _case() -> tuple[Chats, LoggedCase]:
    """A chat that an agent has taken and answered, with a note of the desk."""
    chats = Chats()
    chats.routed("c1")
    chats.activity("c1", "assigned", to="desk-7")
    chats.activity("c1", "agent_replied", text="Try it again.")
    chats.activity("c1", "internal_note", text="They are cross.")
    chats.now += timedelta(minutes=3)
    found = chats.cases.find("c1")
    assert found is not None
    return chats, found


def _view(chats: Chats, case: LoggedCase, reader: Reader, *, known: bool = True, is_closed: bool = False) -> CaseView:
    editions = chats.editions.of_log(case.log) if known else {}
    return case_view(case, editions, None, chats.now, reader, action="/board/c1/act", key="0" * 32, is_closed=is_closed)


def _html(template: str, reader: Reader, view: CaseView, chats: Chats, **values: object) -> str:
    visit = SimpleNamespace(language="en", messages=reader.messages, reader=reader.id, form_hash="f", identity_hash="i")
    pages = Pages(NO_TEMPLATES_OF_ITS_OWN, Assets(STATIC))
    return pages.render(template, reader.messages, view.moments, visit=visit, now=chats.now, **values)


def test_a_customer_sees_the_case_without_what_is_for_the_desk() -> None:
    """The forms go to the service that shows the case."""
    chats, case = _case()
    reader = _customer()
    view = _view(chats, case, reader)
    html = _html("case/customer_live.html", reader, view, chats, **view.values)
    assert view.state == "open"
    assert 'action="/board/c1/act"' in html
    assert "Try it again." in html
    assert "They are cross." not in html
    assert "/requests/" not in html


def test_an_agent_sees_who_has_it_the_notes_and_the_way_back_to_the_list() -> None:
    """A list of open chats, or a board of all cases."""
    chats, case = _case()
    reader = _agent()
    values = desk_values(case, _view(chats, case, reader), reader, BOARD)
    html = _html("case/agent_live.html", reader, values["case"], chats, **values)
    assert values["desk"].taken_by == "desk-7"
    assert '<a href="/board" data-key="u">The board</a>' in html
    assert 'action="/board/c1/act"' in html
    assert "They are cross." in html


def test_it_is_the_same_whether_it_was_rebuilt_before_or_not() -> None:
    """Who keeps how far a case was rebuilt only saves time."""
    chats, case = _case()
    assert case.log.case is not None
    editions = chats.editions.of_log(case.log)
    rebuilt = rebuild_case(case.log, case.log.case, editions)
    one = case_view(case, editions, None, chats.now, _customer(), action="/x", key="k")
    other = case_view(case, editions, rebuilt, chats.now, _customer(), action="/x", key="k")
    assert one._replace(moments=other.moments) == other


def test_without_its_edition_a_case_is_open_or_closed_as_its_holder_says() -> None:
    """The published events do not have a state; times are those of UTC, where a browser does not say its zone."""
    chats, case = _case()
    assert [_view(chats, case, _agent(), known=False, is_closed=closed).state for closed in (False, True)] == [
        "open",
        "closed",
    ]
    assert str(_view(chats, case, _agent(), known=False).moments.zone) == "UTC"
    assert str(_view(chats, case, _agent()).moments.zone) != "UTC"
