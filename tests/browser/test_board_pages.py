"""The pages of agents as they use them: in a real browser, on the whole system, with a customer on the other side."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenAs, OpenDesk, System
from tests.browser.customer import PLUS, send

ANSWER = "We see it on one relay, and are on it."


async def _chat(open_as: OpenAs, subject: str) -> Page:
    """A customer has sent a request on the chat channel, and looks at its page."""
    page = await open_as(PLUS)
    await send(page, subject, "chat")
    await expect(page.locator(".owed .left")).to_be_visible()
    return page


async def _open(desk: Page, subject: str) -> None:
    """Follow the link of the case on the list."""
    await desk.get_by_role("link", name=subject, exact=True).click()
    await desk.wait_for_url("**/cases/*")


async def _report(system: System, case: str, activity: dict[str, str]) -> None:
    """Another program of the desk reports something."""
    async with system.desk() as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json=activity)
        assert answer.status_code == 202, answer.text


async def _note(desk: Page, text: str) -> None:
    """Keep a note, which is also a change that other pages show."""
    await desk.fill("#text", text)
    await desk.get_by_role("button", name="Keep as a note").click()
    await expect(desk.locator(".private").last).to_contain_text(text)


async def test_a_customers_chat_is_taken_answered_and_resolved(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """It comes to the list by itself; what the agent says and does shows to the customer without a reload."""
    desk = await open_desk()
    customer = await _chat(open_as, "Taken, answered, resolved")
    row = desk.locator('tr:has-text("Taken, answered, resolved")')
    await expect(row).to_contain_text("waits for an answer")
    await expect(row.locator("[data-due]")).to_contain_text("min")
    await _open(desk, "Taken, answered, resolved")
    await desk.get_by_role("button", name="Take it").click()
    await expect(desk.locator(".taken")).to_have_text("You have this case.")
    await desk.fill("#text", ANSWER)
    await desk.get_by_role("button", name="Send answer").click()
    await expect(customer.locator(".say.agent")).to_contain_text(ANSWER)
    await expect(customer.locator(".owed")).to_contain_text("in time")
    await customer.fill("#text", "Thank you, it works.")
    await customer.get_by_role("button", name="Send reply").click()
    await expect(desk.locator(".say").last).to_contain_text("Thank you, it works.")
    await desk.fill("#text", "Good. Have a nice day.")
    await desk.get_by_role("button", name="Resolve").click()
    await expect(customer.locator("h1 + .pill")).to_have_text("resolved")
    await expect(customer.locator("main")).to_contain_text("Good. Have a nice day.")
    await desk.locator('[data-key="u"]').click()
    await expect(desk.locator('tr:has-text("Taken, answered, resolved")')).to_have_count(0)
    await customer.fill("#text", "It is back.")
    await customer.get_by_role("button", name="Send reply").click()
    await expect(desk.locator('tr:has-text("Taken, answered, resolved")')).to_contain_text("you")


async def test_the_second_agent_sees_what_the_first_does(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """Live: who has taken it, and what they answered; half a text of the second is still there."""
    await _chat(open_as, "Two agents")
    one, two = await open_desk("agent-1"), await open_desk("agent-2")
    for desk in (one, two):
        await _open(desk, "Two agents")
    await two.fill("#text", "Half an ans")
    await one.get_by_role("button", name="Take it").click()
    await expect(two.locator(".taken")).to_contain_text("agent-1 has this case.")
    await one.fill("#text", ANSWER)
    await one.get_by_role("button", name="Send answer").click()
    await expect(two.locator(".say.agent")).to_contain_text(ANSWER)
    await expect(two.locator(".say.agent")).to_contain_text("agent-1, support")
    await expect(two.locator("#text")).to_have_value("Half an ans")
    await two.get_by_role("button", name="Take over").click()
    await expect(two.locator(".taken")).to_have_text("You have this case.")
    await expect(one.locator(".taken")).to_contain_text("agent-2 has this case.")
    await _note(one, "It is yours.")
    await expect(two.locator(".private")).to_contain_text("It is yours.")  # so its stream has sent a frame
    await expect(two.locator("#text")).to_have_value("Half an ans")
    await two.locator("#text").press("End")
    await two.keyboard.type("wer")
    await _note(one, "All of it.")
    await expect(two.locator(".private").last).to_contain_text("All of it.")
    await expect(two.locator("#text")).to_have_value("Half an answer")


async def test_an_agent_needs_no_mouse(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """From the list to the sent answer: `r` leads to the answer box, and Ctrl+Enter sends."""
    customer = await _chat(open_as, "By keyboard alone")
    desk = await open_desk()
    await expect(desk.locator('tr:has-text("By keyboard alone")')).to_be_visible()
    for _ in range(40):
        await desk.keyboard.press("Tab")
        if await desk.evaluate("document.activeElement.textContent") == "By keyboard alone":
            break
    await desk.keyboard.press("Enter")
    await desk.wait_for_url("**/cases/*")
    await desk.keyboard.press("r")
    await expect(desk.locator("#text")).to_be_focused()
    await desk.keyboard.type(ANSWER)
    await desk.keyboard.press("Control+Enter")
    await expect(customer.locator(".say.agent")).to_contain_text(ANSWER)
    await expect(desk.locator("#text")).to_have_value("")


async def test_ctrl_enter_sends_an_answer_and_nothing_else(
    open_as: OpenAs, open_desk: OpenDesk, system: System
) -> None:
    """Whatever became of the chat while a note was typed: a closed one has no answer, and nothing is sent."""
    customer = await _chat(open_as, "Closed meanwhile")
    desk, case = await open_desk(), customer.url.rpartition("/")[2]
    await _open(desk, "Closed meanwhile")
    await desk.fill("#text", "Looks like a relay.")
    await _report(system, case, {"type": "closed"})
    await expect(desk.locator("h1 + .pill")).to_have_text("closed")
    await desk.locator("#text").press("Control+Enter")
    await _report(system, case, {"type": "internal_note", "text": "a frame later"})
    await expect(desk.locator(".private")).to_contain_text("a frame later")
    await expect(desk.locator("#text")).to_have_value("Looks like a relay.")
    await desk.reload()
    await desk.fill("#text", "It is open again.")
    await _report(system, case, {"type": "reopened"})
    await expect(desk.locator("h1 + .pill")).to_have_text("open")
    await desk.locator("#text").press("Control+Enter")
    await expect(customer.locator(".say.agent")).to_contain_text("It is open again.")
    await expect(customer.locator("main")).not_to_contain_text("Looks like a relay.")


HEAR = """
const news = document.getElementById("news"), heard = [], data = document.documentElement.dataset;
new MutationObserver(() => {
  if (news.textContent) heard.push(news.textContent);
  [data.heard, data.texts] = [heard.length, new Set(heard).size];
}).observe(news, {childList: true});
"""


async def test_a_screen_reader_hears_of_every_message(open_as: OpenAs, open_desk: OpenDesk, system: System) -> None:
    """Also of the second, whose entry is the same, and not of what is not new."""
    customer = await _chat(open_as, "Heard twice")
    desk, case = await open_desk(), customer.url.rpartition("/")[2]
    await _open(desk, "Heard twice")
    await expect(desk.locator(".events")).to_contain_text("Decided")
    await desk.evaluate(HEAR)
    for number in (1, 2):
        await _report(system, case, {"type": "internal_note", "text": f"note {number}"})
        await expect(desk.locator("html")).to_have_attribute("data-heard", str(number))
    await expect(desk.locator("html")).to_have_attribute("data-texts", "1")


HIDE = """
Object.defineProperty(Document.prototype, "hidden", {get: () => !document.documentElement?.dataset.front});
window.shown = (front) => {
  if (front) document.documentElement.dataset.front = "yes"; else delete document.documentElement.dataset.front;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


async def test_tabs_in_the_background_leave_the_connections_to_the_one_in_front(
    open_as: OpenAs, open_desk: OpenDesk, system: System
) -> None:
    """A browser has six for each host, and each page that follows holds one. A tab that comes back shows everything.

    A browser under test shows all its tabs at once, so the test says which of them are behind.
    """
    await _chat(open_as, "Many tabs")
    one = await open_desk()
    address = await one.get_by_role("link", name="Many tabs", exact=True).get_attribute("href")
    url = system.board_url + str(address)
    await one.goto("about:blank")
    await one.context.add_init_script(HIDE)
    tabs = [one, *[await one.context.new_page() for _ in range(6)]]
    for tab in tabs:
        await tab.goto(url)
        await expect(tab.locator(".taken")).to_contain_text("Nobody has taken")
    front = tabs[6]
    await front.evaluate("shown(true)")
    await front.get_by_role("button", name="Take it").click()
    await expect(front.locator(".taken")).to_have_text("You have this case.")
    await front.evaluate("shown(true)")
    await expect(tabs[0].locator(".taken")).to_contain_text("Nobody has taken")  # it does not follow
    await tabs[0].evaluate("shown(true)")
    await expect(tabs[0].locator(".taken")).to_have_text("You have this case.")
    await tabs[0].evaluate("shown(false)")
    await _note(front, "While it was behind.")
    await tabs[0].evaluate("shown(true)")
    await expect(tabs[0].locator(".private")).to_contain_text("While it was behind.")


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_desk_works_without_scripts(open_as: OpenAs, open_desk: OpenDesk, language: str) -> None:
    """Take, note, answer, resolve and reopen; each shows on the page that comes back."""
    subject = f"Without scripts {language}"
    await _chat(open_as, subject)
    desk = await open_desk(language=language, java_script_enabled=False)
    await _open(desk, subject)
    await desk.fill("#text", "Half an ans")
    await desk.locator('button[name="take"]').click()
    await expect(desk.locator("#text")).to_have_value("Half an ans")
    await desk.fill("#text", "for the desk alone")
    await desk.locator('button[value="internal_note"]').click()
    await expect(desk.locator(".private")).to_contain_text("for the desk alone")
    await desk.fill("#text", ANSWER)
    await desk.locator('button[value="resolved"]').click()
    await expect(desk.locator(".say.agent")).to_contain_text(ANSWER)
    await expect(desk.locator("h1 + .pill")).to_have_text(re.compile("resolved|resuelta"))
    await desk.locator('button[value="reopened"]').click()
    await expect(desk.locator("h1 + .pill")).to_have_text(re.compile("open|abierta"))
