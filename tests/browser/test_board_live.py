"""The board as it is used over time, in a real browser: what counts down, what follows, what an address keeps."""

import os
import re
import signal
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Page, expect

from shared.contracts.vocabulary import ActivityType
from tests.browser.conftest import OpenAs, OpenDesk, System
from tests.browser.customer import ANSWERS, PLUS, reloaded_until, send

ANSWER = "We see it on one relay, and are on it."


async def _report(system: System, case: str, kind: ActivityType, **given: str) -> None:
    """Another program of the desk reports something."""
    async with system.desk() as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json={"type": kind, **given})
        assert answer.status_code == 202, answer.text


async def _case(open_as: OpenAs, subject: str, account: str = PLUS, **answers: str) -> tuple[Page, str]:
    """A customer has sent a request, and looks at its page. Returns the page and the id."""
    page = await open_as(account)
    case = await send(page, subject, "chat" if account == PLUS else None, ANSWERS | answers)
    return page, case


async def test_a_case_that_is_due_becomes_late_by_itself(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """By the second, and nobody reloads: the words, the colour, and at last that the promise was broken."""
    await _case(open_as, "It will be late")
    desk = await open_desk()
    left = desk.locator('tr:has-text("It will be late") [data-due]')
    await expect(left).to_contain_text(re.compile(r"\d+ (min|s)"))
    due_at = str(await left.get_attribute("data-due"))
    await desk.clock.install(time=_before(due_at, 4))
    await desk.clock.pause_at(_before(due_at, 3))
    await desk.reload()
    await expect(left).to_have_text(re.compile(r"^[23] s"))
    await expect(left).to_have_class("left-warn")
    first = await left.text_content()
    await desk.clock.run_for(1000)
    assert await left.text_content() != first
    await desk.clock.run_for(4000)
    await expect(left).to_have_text(re.compile(r"late by \d s"))
    await expect(left).to_have_class("left-late")


def _before(instant: str, seconds: float) -> str:
    return (datetime.fromisoformat(instant) - timedelta(seconds=seconds)).isoformat()


async def test_what_one_side_does_the_other_sees(open_as: OpenAs, open_desk: OpenDesk, system: System) -> None:
    """Live, on whichever page a customer looks at: that of intake, or their own of the board."""
    customer, case = await _case(open_as, "Both sides")
    own = await customer.context.new_page()
    await own.goto(f"{system.board_url}/cases/{case}")
    desk = await open_desk()
    await desk.get_by_role("link", name="Both sides", exact=True).click()
    await desk.fill("#text", ANSWER)
    await desk.get_by_role("button", name="Send answer").click()
    for page in (customer, own):
        await expect(page.locator(".say.agent")).to_contain_text(ANSWER)
    await own.fill("#text", "Thank you.")
    await own.get_by_role("button", name="Send reply").click()
    for page in (customer, desk):
        await expect(page.locator(".say").last).to_contain_text("Thank you.")
    await desk.fill("#text", "for the desk alone")
    await desk.get_by_role("button", name="Keep as a note").click()
    await expect(desk.locator(".private")).to_contain_text("for the desk alone")
    await desk.locator('button[value="resolved"]').click()
    for page in (customer, own):
        await expect(page.locator("h1 + .pill")).to_have_text("resolved")
        await expect(page.locator("main")).not_to_contain_text("for the desk alone")


async def test_filters_are_in_the_address_and_the_back_button_works(
    open_as: OpenAs, open_desk: OpenDesk, system: System
) -> None:
    """What one agent sees another can open; a list that follows stays what was asked for."""
    await _case(open_as, "Urgent and filtered")
    await _case(open_as, "A question and filtered", **{"impact": "information"})
    desk = await open_desk()
    await desk.fill('input[name="text"]', "filtered")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/?*text=filtered*")
    await expect(desk.locator("tbody tr")).to_have_count(2)
    await desk.select_option('select[name="priority"]', "P1")
    await desk.wait_for_url("**/?*priority=P1*")
    await expect(desk.locator("tbody tr")).to_have_count(1)
    await expect(desk.locator("tbody tr")).to_contain_text("Urgent and filtered")
    assert parse_qs(urlsplit(desk.url).query)["text"] == ["filtered"]
    await _case(open_as, "Also urgent and filtered")
    await expect(desk.locator("tbody tr")).to_have_count(2)  # by itself
    colleague = await open_desk("agent-2")
    await colleague.goto(desk.url)
    await expect(colleague.locator("tbody tr")).to_have_count(2)
    await desk.go_back()
    await expect(desk.locator("tbody tr")).to_have_count(3)
    await expect(desk.locator('select[name="priority"]')).to_have_value("")
    await desk.go_forward()
    await expect(desk.locator("tbody tr")).to_have_count(2)
    await desk.locator(".filters a").click()
    await expect(desk.locator('input[name="text"]')).to_have_value("")


KEEP_A_LIST = """
async ([query, key]) => {
  const answer = await fetch(`/v1/cases/changes${query}`, {headers: {Authorization: `Bearer ${key}`}});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader(), listed = new Set();
  const keep = async () => {
    for (let rest = ""; ;) {
      const events = (rest + (await reader.read()).value).split("\\n\\n");
      rest = events.pop();
      for (const event of events.filter((each) => each.includes("data: "))) {
        const {case_id} = JSON.parse(event.split("data: ")[1]);
        if (event.includes("event: left")) listed.delete(case_id); else listed.add(case_id);
      }
      document.documentElement.dataset.listed = [...listed].join(" ");
    }
  };
  keep();
}
"""


async def test_a_case_that_fits_no_more_leaves_the_list(open_as: OpenAs, open_desk: OpenDesk, system: System) -> None:
    """By itself, from a list that is narrowed down, whoever keeps it: the board, or a program by the stream."""
    desk = await open_desk()
    await desk.goto(f"{system.board_url}/?text=leaves&priority=P1")
    program = await desk.context.new_page()
    await program.goto(f"{system.board_url}/policy")
    await program.evaluate(KEEP_A_LIST, ["?state=open&priority=P1&text=leaves", system.ready["admin_key"]])
    _, one = await _case(open_as, "It leaves when it is resolved")
    _, two = await _case(open_as, "It leaves with its priority")
    listed = program.locator("html")
    await expect(desk.locator("tbody tr")).to_have_count(2)
    for case in (one, two):
        await expect(listed).to_have_attribute("data-listed", re.compile(case))
    await _report(system, one, "resolved")
    await expect(desk.locator("tbody tr")).to_have_count(1)
    await expect(listed).to_have_attribute("data-listed", two)
    async with system.desk() as http:
        body = {"type": "reprioritised", "fields": {"impact": "information"}}
        assert (await http.post(f"/v1/cases/{two}/activity", json=body)).status_code == 202
    await expect(desk.locator("tbody tr")).to_have_count(0)
    await expect(listed).to_have_attribute("data-listed", "")


async def test_a_long_list_has_pages(open_desk: OpenDesk, system: System) -> None:
    """Each case on one of them, also the last."""
    async with system.desk() as http:
        for number in range(52):
            await _submitted(http, f"Paged number {number:02}")
    desk = await open_desk()
    await desk.goto(f"{system.board_url}/?text=paged")
    await expect(desk.locator("tbody tr")).to_have_count(50)
    first = await desk.locator(".subject").all_text_contents()
    await desk.locator('a[href*="after="]').click()
    await expect(desk.locator("tbody tr")).to_have_count(2)
    assert "text=paged" in desk.url
    second = await desk.locator(".subject").all_text_contents()
    assert sorted(first + second) == [f"Paged number {number:02}" for number in range(52)]
    await desk.go_back()
    await expect(desk.locator("tbody tr")).to_have_count(50)


async def _submitted(http: httpx.AsyncClient, subject: str) -> str:
    fields = {"impact": "information", "workaround": "none", "environment": "production", "request_type": "technical"}
    body = {
        "account_id": PLUS,
        "requester": {"requester_id": "u1", "role": "admin", "licensed": True},
        "channel": "web_ticket",
        "subject": subject,
        "description": "How does it work?",
        "fields": fields,
    }
    answer = await http.post("/v1/support-requests", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["request_id"])


async def test_a_case_is_resolved_by_one_key(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """As soon as its page is there: the keys that it names need no other one before them."""
    customer, _ = await _case(open_as, "Resolved by a key")
    desk = await open_desk()
    await desk.get_by_role("link", name="Resolved by a key", exact=True).focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator("#desk")).to_be_visible()
    await desk.keyboard.press("e")
    await expect(desk.locator("h1 + .pill")).to_have_text("resolved")
    await expect(customer.locator("h1 + .pill")).to_have_text("resolved")


async def test_the_keys_of_the_board(open_as: OpenAs, open_desk: OpenDesk, system: System) -> None:
    """Along the list, into a case, to the answer, back: without a mouse, and never while somebody types."""
    for name in ("one", "two"):
        await _case(open_as, f"By keys {name}")
    desk = await open_desk()
    await desk.keyboard.press("/")
    await expect(desk.locator('input[name="text"]')).to_be_focused()
    await desk.keyboard.type("keys")  # j, k and e are letters here
    await desk.keyboard.press("Enter")
    await expect(desk.locator("tbody tr")).to_have_count(2)
    subjects = desk.locator(".subject")
    await desk.keyboard.press("j")
    await expect(subjects.nth(0)).to_be_focused()
    await desk.keyboard.press("j")
    await expect(subjects.nth(1)).to_be_focused()
    await desk.keyboard.press("k")
    await expect(subjects.nth(0)).to_be_focused()
    subject = str(await subjects.nth(0).text_content())
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/cases/*")
    await expect(desk.locator("body")).to_be_focused()  # so the keys count at once, and a screen reader begins above
    await desk.keyboard.press("u")
    await desk.wait_for_url(f"{system.board_url}/")
    await desk.get_by_role("link", name=subject, exact=True).focus()
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/cases/*")
    await desk.keyboard.press("r")
    await expect(desk.locator("#text")).to_be_focused()
    await desk.keyboard.type("resolve j k e u r")
    await expect(desk.locator("#text")).to_have_value("resolve j k e u r")
    await desk.keyboard.press("Control+A")
    await desk.keyboard.type(ANSWER)
    await desk.keyboard.press("Escape")
    await desk.keyboard.press("e")
    await expect(desk.locator("h1 + .pill")).to_have_text("resolved")
    await expect(desk.locator(".say.agent")).to_contain_text(ANSWER)
    await desk.keyboard.press("u")
    await expect(desk.locator('[aria-current="page"]').first).to_be_visible()
    await expect(desk.locator(f'tr:has-text("{subject}")')).to_have_count(0)


async def test_from_the_sign_in_to_a_sent_reply_without_a_mouse(open_as: OpenAs, system: System) -> None:
    """Tab, enter, the keys of the list and of the case, the choice of a status: each place is reached by keys alone."""
    customer, _ = await _case(open_as, "Keys from the sign-in on")
    desk = await (await open_as(None)).context.new_page()
    await desk.goto(f"{system.board_url}/demo/sign-in")
    await _tab_to(desk, "document.activeElement.dataset.person === 'agent-1'")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url(f"{system.board_url}/")
    await desk.keyboard.press("/")
    await desk.keyboard.type("sign-in on")
    await desk.keyboard.press("Enter")
    await expect(desk.locator("tbody tr")).to_have_count(1)
    await desk.keyboard.press("j")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/cases/*")
    await expect(desk.locator(".events")).to_contain_text("Decided")
    await desk.keyboard.press("r")
    await desk.keyboard.type("Which relay? Keys j, k, e, u")
    async with desk.expect_navigation():
        await desk.keyboard.press("Control+Enter")
    await expect(customer.locator(".say.agent")).to_contain_text("Which relay? Keys j, k, e, u")
    await _tab_to(desk, "document.activeElement.matches('summary') && document.activeElement.nextElementSibling"
                  ".querySelector('#to') !== null")  # fmt: skip
    await desk.keyboard.press("Enter")
    await _tab_to(desk, "document.activeElement.id === 'to'")
    await desk.keyboard.type("Wait")  # chooses by its name
    await _tab_to(desk, "document.activeElement.matches('form:has(#to) button')")
    async with desk.expect_navigation():
        await desk.keyboard.press("Enter")
    await expect(customer.locator("h1 + .pill")).to_have_text(re.compile("waiting"))
    async with desk.expect_navigation():
        await desk.keyboard.press("e")
    await expect(customer.locator("h1 + .pill")).to_have_text("resolved")
    await desk.keyboard.press("u")
    await desk.wait_for_url(f"{system.board_url}/")


async def _tab_to(page: Page, there: str) -> None:
    """Press Tab until the focus is `there`, which can be seen; at most once around the page."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate(there):
            assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"no Tab leads there: {there}")


async def test_a_viewer_reads_and_has_nothing_to_press(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """Also not by keys."""
    customer, _ = await _case(open_as, "Only looked at")
    lead = await open_desk("lead")
    await lead.get_by_role("link", name="Only looked at", exact=True).click()
    await expect(lead.locator("#talk")).to_be_visible()
    await expect(lead.locator("main button, main textarea, main select")).to_have_count(0)
    for key in "re":
        await lead.keyboard.press(key)
    await expect(customer.locator("h1 + .pill")).to_have_text("open")


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_board_is_read_without_scripts(
    open_as: OpenAs, open_desk: OpenDesk, system: System, language: str
) -> None:
    """The list with its filters, and a case with all that it says; a reload shows what is new."""
    subject = f"Read without scripts {language}"
    _, case = await _case(open_as, subject)
    desk = await open_desk(language=language, java_script_enabled=False)
    await expect(desk.locator("html")).to_have_attribute("lang", language)
    await desk.fill('input[name="text"]', subject)
    await desk.select_option('select[name="channel"]', "chat")
    await desk.locator("form.filters button").click()
    row = desk.locator("tbody tr")
    await expect(row).to_have_count(1)
    await expect(row.locator("[data-due]")).to_have_text(re.compile(r"\d+ (min|h)"))
    await desk.get_by_role("link", name=subject, exact=True).click()
    await expect(desk.locator("#talk ~ .say").first).to_be_visible()
    await _report(system, case, "agent_replied", text=ANSWER)
    await reloaded_until(desk, ANSWER)
    await expect(desk.locator(".say.agent")).to_contain_text(ANSWER)


async def test_a_page_says_that_it_is_old_while_the_board_restarts(
    open_as: OpenAs, open_desk: OpenDesk, system: System
) -> None:
    """And then goes on by itself, with what happened meanwhile and what was half written."""
    _, case = await _case(open_as, "While the board restarts")
    desk = await open_desk()
    listing = await desk.context.new_page()
    await listing.goto(system.board_url)
    await desk.get_by_role("link", name="While the board restarts", exact=True).click()
    await desk.fill("#text", "Half an ans")
    before = await system.up.ready()
    await desk.context.set_offline(True)  # else the board may be there again before the pages have noticed
    os.kill(before["pids"]["board"], signal.SIGKILL)
    for page in (desk, listing):
        await expect(page.locator("#stale")).to_be_visible(timeout=20_000)
    await system.up.ready(but_not=before)
    await desk.context.set_offline(False)
    await _report(system, case, "agent_replied", text=ANSWER)
    await expect(desk.locator(".say.agent")).to_contain_text(ANSWER, timeout=60_000)
    for page in (desk, listing):
        await expect(page.locator("#stale")).to_be_hidden(timeout=60_000)
    await expect(desk.locator("#text")).to_have_value("Half an ans")
    await expect(listing.locator('tr:has-text("While the board restarts")')).to_contain_text("answered", timeout=60_000)
