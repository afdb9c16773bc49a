"""The chat as customers use it: in a real browser, on the whole system; the desk answers by its calls."""

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenAs, OpenDesk, System
from tests.browser.customer import ACCESS, PLUS, chat_about, hand_over, write

THEIRS = ".talk > .them"
MINE = ".talk > .me"
MARK = ".talk > .mark"


async def case_of(page: Page) -> str:
    """The id of the case of this chat, once it has one."""
    link = page.locator("#case")
    await expect(link).to_be_visible()
    return str(await link.get_attribute("href")).rpartition("/")[2]


async def desk(system: System, case: str, key: str, **activity: Any) -> None:
    """What an agent does on a case."""
    async with system.desk() as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json=activity, headers={"Idempotency-Key": key})
        assert answer.status_code == 202, answer.text


async def with_person(page: Page) -> str:
    """Pass a conversation on, and wait for the decision; returns the case."""
    await chat_about(page, "nobody can hear me")
    await hand_over(page)
    await expect(page.locator("#standing .pill")).to_have_text(re.compile("^(with a person|con una persona)$"))
    return await case_of(page)


@pytest.mark.parametrize(
    ("language", "question", "title", "still"),
    [
        ("en", "nobody can hear me", "The others cannot hear me", "It did not help"),
        ("es", "nadie me oye", "Los demás no me oyen", "No me ha servido"),
    ],
)
async def test_from_the_bot_to_a_person_to_the_end(
    open_as: OpenAs, system: System, language: str, question: str, title: str, still: str
) -> None:
    """The bot answers, the conversation goes on to a person, who answers, and the customer says that it works again."""
    page = await open_as(PLUS, language=language)
    await chat_about(page, question)
    await expect(page.locator(THEIRS).last).to_contain_text(title)
    await write(page, still)
    await hand_over(page)
    await expect(page.locator(".talk > .mark").last).to_contain_text(re.compile(r"P1\."))
    due = page.locator("#left[data-due]")
    await expect(due).to_have_text(re.compile(r"\d+ (min|s)"))
    case = await case_of(page)
    await desk(system, case, "answer", type="agent_replied", text="I see it <b>here</b>, one moment.")
    await expect(page.locator(THEIRS).last).to_contain_text("I see it <b>here</b>, one moment.")
    await write(page, "Thank you")
    await expect(page.locator(MINE).last).to_contain_text(re.compile("delivered|entregado"))
    await page.locator("#works").click()
    await expect(page.locator("#standing .pill")).to_have_text(re.compile("finished|terminado"))
    async with system.desk() as http:
        status = (await http.get(f"/v1/support-requests/{case}")).json()
    assert (status["channel"], status["decision"]["assigned_channel"]) == ("chat", "chat")
    await page.locator("#case").click()
    await expect(page.locator(".say").first).to_contain_text(question)
    await expect(page.locator(".say").first).to_contain_text(title)


async def test_an_agent_takes_answers_and_resolves_a_chat(open_as: OpenAs, open_desk: OpenDesk) -> None:
    """From the bot to the end, each in a browser of their own: both see at once what the other does."""
    customer = await open_as(PLUS)
    case = await with_person(customer)
    agent = await open_desk()
    await agent.goto(f"{agent.url}cases/{case}")
    await expect(agent.locator(".say").first).to_contain_text("nobody can hear me")
    await agent.get_by_role("button", name="Take it").click()
    await agent.fill("#text", "Which microphone is it?")
    await agent.locator('button[value="agent_replied"]').click()
    await expect(customer.locator(THEIRS).last).to_contain_text("Which microphone is it?")
    await write(customer, "The one of the headset.")
    await expect(agent.locator(".say").last).to_contain_text("The one of the headset.")
    await agent.locator('button[value="resolved"]').click()
    await expect(customer.locator("#standing .pill")).to_have_text("finished")
    await expect(customer.locator(MARK).last).to_contain_text("It is resolved.")


@pytest.mark.parametrize(("account", "person"), [(None, ""), (ACCESS, "member-unlicensed")])
async def test_who_may_not_chat_with_people_reads_why_and_what_is_open(
    open_as: OpenAs, account: str | None, person: str
) -> None:
    """With the help texts; the bot goes on answering."""
    page = await open_as(account, person)
    await chat_about(page, "nobody can hear me")
    await hand_over(page)
    told = page.locator(".talk > .mark").last
    await expect(told).to_contain_text(re.compile(r"Nobody can chat with you here\. [A-Z].+\."))
    await expect(told.locator("li").first).to_contain_text(re.compile(r"\w+ [A-Z].+\."))
    await write(page, "there is an echo")
    await expect(page.locator(THEIRS).last).to_contain_text("echo")


async def test_what_is_missing_is_asked_beside_its_field(open_as: OpenAs) -> None:
    """Nothing is lost, and the next try counts."""
    page = await open_as(PLUS)
    await chat_about(page, "nobody can hear me")
    await hand_over(page, {})
    await expect(page.locator('[id="wrong-fields.impact"]')).to_have_text("Choose one of these.")
    await expect(page.locator("#subject")).to_have_value("nobody can hear me")
    await hand_over(page, open_first=False)
    await expect(page.locator("#standing .pill")).to_have_text("with a person")


async def _drop_the_network(page: Page, _system: System) -> Callable[[], Awaitable[None]]:
    await page.context.set_offline(True)

    async def again() -> None:
        await page.context.set_offline(False)

    return again


async def _kill_intake(_page: Page, system: System) -> Callable[[], Awaitable[None]]:
    os.kill((await system.up.ready())["pids"]["intake"], signal.SIGKILL)

    async def again() -> None:
        """The supervisor starts it again."""

    return again


@pytest.mark.parametrize("outage", [_drop_the_network, _kill_intake])
async def test_a_lost_connection_loses_and_doubles_nothing(
    open_as: OpenAs,
    system: System,
    outage: Callable[[Page, System], Awaitable[Callable[[], Awaitable[None]]]],
) -> None:
    """What was written meanwhile arrives once, on both sides, and the page says that it is offline."""
    page = await open_as(PLUS)
    case = await with_person(page)
    again = await outage(page, system)
    await write(page, "Written while away")
    await expect(page.locator(MINE).last).to_contain_text("sending")
    await again()
    await expect(page.locator(MINE).last).to_contain_text("delivered", timeout=60_000)
    await desk(system, case, "while-away", type="agent_replied", text="Answered meanwhile")
    await expect(page.locator(THEIRS).last).to_contain_text("Answered meanwhile", timeout=60_000)
    await page.reload()
    await expect(page.locator(THEIRS).last).to_contain_text("Answered meanwhile")
    for text in ("Written while away", "Answered meanwhile"):
        await expect(page.locator(".talk > li", has_text=text)).to_have_count(1)


async def test_two_tabs_have_one_case(open_as: OpenAs, system: System) -> None:
    """The second tab, a copy of the first, shows what is said in either, and sends nothing twice."""
    page = await open_as(PLUS)
    case = await with_person(page)
    stored = await page.evaluate("JSON.stringify({...sessionStorage})")
    other = await page.context.new_page()
    await other.goto(f"{system.url}/chat")
    await other.evaluate(
        "(all) => { for (const [k, v] of Object.entries(JSON.parse(all))) sessionStorage.setItem(k, v); }", stored
    )
    await other.reload()
    await write(page, "From the first")
    await expect(other.locator(MINE).last).to_contain_text("From the first")
    await write(other, "From the second")
    await expect(page.locator(MINE).last).to_contain_text("From the second")
    await desk(system, case, "both", type="agent_replied", text="To both")
    for each in (page, other):
        await expect(each.locator(THEIRS).last).to_contain_text("To both")
        await expect(each.locator(MINE, has_text="From the")).to_have_count(2)


async def test_the_conversation_with_the_bot_stays_in_its_tab(open_as: OpenAs, system: System) -> None:
    """A reload keeps it; another person at this browser does not see it."""
    page = await open_as(PLUS)
    await chat_about(page, "nobody can hear me")
    await page.reload()
    await expect(page.locator(MINE)).to_contain_text("nobody can hear me")
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"{system.url}/chat")
    await expect(page.locator("#compose")).to_be_visible()
    await expect(page.locator(MINE)).to_have_count(0)


async def test_the_keyboard_is_enough(open_as: OpenAs) -> None:
    """To ask, to follow a link of an answer, to pass on."""
    page = await open_as(PLUS)
    await page.goto(page.url + "chat")
    await page.focus("#message")
    await page.keyboard.type("nobody can hear me")
    await page.keyboard.press("Enter")
    link = page.get_by_role("button", name="by phone")
    await expect(link).to_be_visible()
    await link.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(MINE).last).to_contain_text("by phone")
    await page.focus("#ask-person")
    await page.keyboard.press("Enter")
    await expect(page.locator("#hand-over-title")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.locator("#subject")).to_be_focused()
    for name in ("impact", "workaround", "environment", "request_type"):
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await expect(page.locator(f'input[name="fields.{name}"]:checked')).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#standing .pill")).to_have_text("with a person")


async def test_without_javascript_there_is_the_form(open_as: OpenAs) -> None:
    """The page says so, and shows no chat that cannot work."""
    page = await open_as(PLUS, java_script_enabled=False)
    await page.goto(page.url + "chat")
    await expect(page.locator("#chat")).to_be_hidden()
    await page.locator("noscript a, .note a").first.click()
    await expect(page.locator("#description")).to_be_visible()


async def test_markup_in_a_message_is_text(open_as: OpenAs, system: System) -> None:
    """Whoever writes it: nothing of it runs."""
    markup = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    page = await open_as(PLUS)
    await chat_about(page, markup)  # it is the subject, and in the transcript
    await hand_over(page)
    await expect(page.locator("#standing .pill")).to_have_text("with a person")
    case = await case_of(page)
    await write(page, markup)
    await desk(system, case, "markup", type="agent_replied", text=markup)
    for side in (MINE, THEIRS):
        await expect(page.locator(side).last.locator(".text")).to_have_text(markup)
    assert "run" not in await page.title()
    await page.locator("#case").click()
    await expect(page.locator("h1")).to_have_text(markup)
    assert "run" not in (await page.title()).removeprefix(markup)
    assert await page.locator("img").count() == 0


async def test_who_reads_the_end_keeps_reading_it(open_as: OpenAs) -> None:
    """Also when the window becomes smaller, as on a phone when its keyboard comes up."""
    page = await open_as(PLUS, viewport={"width": 1280, "height": 1400})
    await chat_about(page, "nobody can hear me")
    await write(page, "there is an echo")
    last = page.locator(".talk > li").last
    await expect(last).to_contain_text("Assistant")
    await page.set_viewport_size({"width": 400, "height": 700})
    bottom = "([box, last]) => box.getBoundingClientRect().bottom - last.getBoundingClientRect().bottom"
    elements = [await page.locator("#scroll").element_handle(), await last.element_handle()]
    async with asyncio.timeout(10):
        while await page.evaluate(bottom, elements) < 0:
            pass
