"""What agents and customers do on the board, button by button, on a whole system whose time goes as the tests say.

Forms are sent over HTTP, as a reader without scripts sends what the page has; a colleague's open page and that of the
customer show each change by themselves.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import httpx
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import System
from tests.browser.customer import PLUS, send, sign_in, sign_in_as_agent
from tests.browser.looking import load_until
from tests.harness.page_forms import kinds_of, pressed

DAY = timedelta(days=1)
OF_AGENTS = {
    *("take", "agent_replied", "internal_note", "resolved", "status_changed", "restored", "acknowledged"),
    *("reprioritised", "closed"),
}
OF_ENDED = {"agent_replied", "internal_note", "reopened", "closed"}


class Desk:
    """Everybody of one test, each in a browser of their own."""

    def __init__(self, chromium: Browser, system: System, stack: AsyncExitStack) -> None:
        self._chromium, self.system, self._stack = chromium, system, stack

    async def _page(self) -> Page:
        context = await self._chromium.new_context(locale="en", timezone_id="Europe/Madrid")
        self._stack.push_async_callback(context.close)
        context.set_default_timeout(20_000)
        return await context.new_page()

    async def customer(self) -> Page:
        """Somebody with every right, at the form."""
        page = await self._page()
        await sign_in(page, self.system.url, PLUS)
        return page

    async def agent(self, name: str = "agent-1") -> Page:
        """An agent at the list, or whoever looks at it."""
        page = await self._page()
        await sign_in_as_agent(page, self.system.board_url, name)
        return page

    async def without_scripts(self, page: Page) -> "WithoutScripts":
        """The same person with a browser that has none."""
        url = self.system.board_url
        cookies = {str(each["name"]): str(each["value"]) for each in await page.context.cookies(url)}
        http = httpx.AsyncClient(
            base_url=url, cookies=cookies, headers={"Origin": url, "Accept-Language": "en"}, follow_redirects=True,
            timeout=20,
        )  # fmt: skip
        return WithoutScripts(await self._stack.enter_async_context(http))

    async def looks_at(self, page: Page, case: str) -> None:
        """Open the page of a case, as soon as the board has it."""
        await load_until(page, f"{self.system.board_url}/cases/{case}", EVENTS)


class WithoutScripts:
    """A reader who follows links and sends forms."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def page(self, case: str) -> str:
        """The page of a case."""
        return (await self.http.get(f"/cases/{case}")).text

    async def press(self, case: str, kind: str, **typed: str) -> str:
        """Press the button of the page that reports `kind`. Returns the page that comes back."""
        answer = await self.http.post(f"/cases/{case}", data=pressed(await self.page(case), kind, **typed))
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest_asyncio.fixture
async def desk(chromium: Browser, in_time: System) -> AsyncIterator[Desk]:
    """Everybody of the test; their browsers are closed at its end."""
    async with AsyncExitStack() as stack:
        yield Desk(chromium, in_time, stack)


def shows(selector: str, text: str) -> Callable[[Page], Awaitable[None]]:
    """A page that shows that text there."""
    return lambda page: expect(page.locator(selector).last).to_contain_text(text)


EVENTS = ".events"
STATE = "h1 + .pill"
RAW = {"reprioritised": "impact=information"}  # what the page has of an event, exactly
PRIORITY = "h1 ~ .pill >> nth=1"
# A button, what is typed, what the colleague's open page shows then, and the customer's.
STEPS: tuple[tuple[str, dict[str, str], tuple[str, str], tuple[str, str] | None], ...] = (
    ("take", {}, (".taken", "agent-1 has this case."), None),
    ("unassigned", {}, (".taken", "Nobody has taken this case."), None),
    ("internal_note", {"text": "the relay again"}, (".private", "the relay again"), None),
    ("acknowledged", {"milestone": "first_response"}, (EVENTS, "Call acknowledged by agent-1"), None),
    ("reprioritised", {"fields.impact": "information"}, (PRIORITY, "P4"), (EVENTS, "looked at again")),
    ("reprioritised", {"fields.impact": "down"}, (PRIORITY, "P1"), None),
    ("agent_replied", {"text": "We are on it."}, (".say.agent", "We are on it."), (".say.agent", "We are on it.")),
    ("status_changed", {"to": "waiting_on_customer"}, (EVENTS, "Status: waiting on the customer"), (STATE, "waiting")),
    ("restored", {}, (EVENTS, "The service works again"), (EVENTS, "The service works again")),
    ("resolved", {"text": "It was a relay."}, (STATE, "resolved"), (".say.agent", "It was a relay.")),
    ("reopened", {"text": "No, two."}, (STATE, "open"), (".say.agent", "No, two.")),
    ("closed", {}, (STATE, "closed"), (STATE, "closed")),
    ("reopened", {}, (STATE, "open"), (STATE, "open")),
    ("resolved", {}, (STATE, "resolved"), (STATE, "resolved")),
    ("closed", {}, (STATE, "closed"), ("main", "Nothing more will happen here.")),
)


async def test_every_button_of_a_case_shows_on_each_open_page(desk: Desk) -> None:
    """The page that comes back has it, and so have a colleague's and the customer's, without a reload."""
    customer = await desk.customer()
    case = await send(customer, "Every button")
    colleague, one = await desk.agent("agent-2"), await desk.agent("agent-1")
    await desk.looks_at(colleague, case)
    await shows(EVENTS, "Decided")(colleague)
    await desk.looks_at(customer, case)
    agent = await desk.without_scripts(one)
    assert kinds_of(await agent.page(case)) >= OF_AGENTS
    for kind, typed, at_desk, to_customer in STEPS:
        answer = await agent.press(case, kind, **typed)
        assert typed.get("text", "") in answer
        assert RAW.get(kind, "") in answer
        await shows(*at_desk)(colleague)
        if to_customer is not None:
            await shows(*to_customer)(customer)
    await expect(customer.locator("main")).not_to_contain_text("the relay again")
    await expect(colleague.locator(".say.agent")).to_have_count(3)  # nothing is there twice
    await expect(colleague.locator(".private")).to_have_count(1)
    assert "agent_replied" not in kinds_of(await agent.page(case))


async def test_whoever_only_looks_has_no_button_in_any_state(desk: Desk) -> None:
    """Neither on an open case with an escalation to review, nor on one that is resolved."""
    customer = await desk.customer()
    case = await send(customer, "Only to be looked at")
    viewer, agent = await desk.agent("lead"), await desk.without_scripts(await desk.agent())
    await desk.system.advance(DAY)
    await desk.looks_at(customer, case)
    await customer.get_by_role("button", name="Escalate", exact=True).click()
    await desk.looks_at(viewer, case)
    await shows(EVENTS, "Escalation asked for")(viewer)
    assert "escalation_reviewed" in kinds_of(await agent.page(case))
    reader = await desk.without_scripts(viewer)
    buttons = viewer.locator("main button, main textarea, main select")
    await expect(buttons).to_have_count(0)
    assert kinds_of(await reader.page(case)) <= {""}
    await agent.press(case, "resolved")
    await shows(STATE, "resolved")(viewer)
    await expect(buttons).to_have_count(0)
    assert kinds_of(await reader.page(case)) <= {""}


async def test_a_customer_escalates_on_the_board_and_the_desk_answers(desk: Desk) -> None:
    """By the real buttons, in two browsers side by side: declined, asked for again a day later, accepted, withdrawn."""
    customer, agent = await desk.customer(), await desk.agent()
    case = await send(customer, "Escalated on the board")
    for page in (customer, agent):
        await desk.looks_at(page, case)
    await shows("main", "Escalate: possible from")(customer)
    for answer, said_to_customer, said_at_desk in (
        ("Reject", "The escalation was declined", "The escalation was declined"),
        ("Accept", "Escalated", "Escalated"),
    ):
        await expect(agent.get_by_role("button", name=answer)).to_have_count(0)
        await desk.system.advance(DAY)
        await customer.reload()
        await customer.get_by_role("button", name="Escalate", exact=True).click()
        await shows(EVENTS, "Escalation asked for")(agent)
        await agent.get_by_role("button", name=answer).click()
        await shows(EVENTS, said_at_desk)(agent)
        await shows(EVENTS, said_to_customer)(customer)
        await expect(agent.locator("#review")).to_have_count(0)
    await customer.fill("#text", "It was my own cable.")
    await customer.get_by_role("button", name="Send reply").click()
    await shows(".say", "It was my own cable.")(agent)
    await customer.get_by_role("button", name="Withdraw").click()
    await shows(STATE, "closed")(customer)
    await shows(STATE, "closed")(agent)
    await shows(EVENTS, "Withdrawn")(agent)


async def test_a_case_counts_down_and_then_its_breach_is_there(desk: Desk) -> None:
    """By the second to the deadline; then the page has the breach, and the event as it was published."""
    customer, agent = await desk.customer(), await desk.agent()
    case = await send(customer, "Counted down")
    await desk.looks_at(agent, case)
    left = agent.locator(".owed [data-due]")
    await expect(left).to_be_visible()
    due = datetime.fromisoformat(str(await left.get_attribute("data-due")))
    now = await desk.system.advance(timedelta())
    await desk.system.advance(due - now - timedelta(seconds=90))
    await agent.clock.install(time=due - timedelta(seconds=4))
    await agent.clock.pause_at(due - timedelta(seconds=3))
    await agent.reload()
    await expect(left).to_have_text(re.compile(r"^[23] s"))
    first = await left.text_content()
    await agent.clock.run_for(1000)
    await expect(left).not_to_have_text(str(first))
    await expect(agent.locator(EVENTS)).not_to_contain_text("the time is over")
    await desk.system.advance(timedelta(seconds=100))
    await shows(EVENTS, "First response: the time is over")(agent)
    raw = agent.locator("table.plain tr", has_text="clock.breached")
    await expect(raw).to_have_count(1)
    await expect(raw).to_contain_text(due.isoformat(timespec="seconds")[:19])
    await agent.clock.run_for(5000)
    await expect(agent.locator(".owed")).to_contain_text("late")


async def test_the_picture_says_what_the_clock_was_paused_by(desk: Desk) -> None:
    """By the name of the status: in the legend, in the table, and in what a screen reader says of the picture."""
    customer, agent = await desk.customer(), await desk.agent()
    case = await send(customer, "Paused by a status")
    http = await desk.without_scripts(agent)
    await desk.looks_at(agent, case)
    await shows(EVENTS, "Decided")(agent)
    await http.press(case, "agent_replied", text="Which relay?")
    await http.press(case, "status_changed", to="waiting_on_customer")
    await desk.system.advance(timedelta(minutes=30))
    await desk.looks_at(customer, case)
    await customer.fill("#text", "The second.")
    await customer.get_by_role("button", name="Send reply").click()
    await shows(".say", "The second.")(agent)
    ledger = agent.locator("details:has(svg.timeline)", has_text="restoration").first
    await ledger.evaluate("(each) => { each.open = true; }")
    await expect(ledger.locator(".timeline-legend .paused")).to_have_text("paused: waiting on the customer")
    await expect(ledger.locator("td", has_text="waiting on the customer")).to_have_count(1)
    await expect(ledger.locator("svg title")).to_contain_text("paused 30 min")
    await expect(ledger.locator("svg rect.paused")).to_have_count(1)
