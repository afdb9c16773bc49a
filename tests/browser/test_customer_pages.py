"""The pages for customers, as people use them: in a real browser, on the whole system."""

import json
import os
import re
import signal

import pytest
from playwright.async_api import expect

from shared.contracts.topics import REQUESTS
from shared.kafka.committed_reader import read_to_end
from shared.kafka.settings import KafkaSettings
from tests.browser.conftest import OpenAs, System
from tests.browser.customer import ACCESS, ANSWERS, PLUS, SEND, fill, reloaded_until, send


async def subjects(system: System) -> list[str]:
    """The subject of each request on Kafka. Two records of one id are one request: the router decides the first."""
    settings = KafkaSettings(kafka_bootstrap=str(system.ready["bootstrap"]), namespace=f"browser-{os.getpid()}")
    found = [json.loads(record.value or b"") async for record in read_to_end(settings, [REQUESTS.name])]
    return list({request["request_id"]: request["subject"] for request in found}.values())


@pytest.mark.parametrize(
    ("account", "person", "language", "channel", "decided"),
    [
        (None, "", "en", "help_center", "There is nothing to wait for|nobody answers on a self-service channel"),
        (None, "", "es", "help_center", "autoservicio"),
        (ACCESS, "member-unlicensed", "en", "billing", "promised times"),
        (ACCESS, "member-licensed", "es", "web_ticket", "nivel 1"),
        (PLUS, "admin-licensed", "en", "phone", "tier 2"),
        (PLUS, "owner-licensed", "es", "chat", "nivel 2"),
    ],
)
async def test_each_kind_of_person_sends_a_request_and_sees_the_decision(
    open_as: OpenAs, account: str | None, person: str, language: str, channel: str, decided: str
) -> None:
    """In their language. The decision is the router's: it comes over Kafka, and shows without a reload."""
    page = await open_as(account, person, language)
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await send(page, f"A question in {language}", channel)
    await expect(page.locator("main")).to_contain_text(re.compile(decided, re.IGNORECASE))
    calls = page.locator('a[href^="tel:"]')
    await (expect(calls.first).to_be_visible() if channel == "phone" else expect(calls).to_have_count(0))


async def test_who_may_not_use_a_channel_reads_why(open_as: OpenAs) -> None:
    """Beside the channel, in a sentence; the choice cannot be made."""
    page = await open_as(ACCESS, "member-unlicensed")
    phone = page.locator('label:has(input[name="channel"][value="phone"])')
    await expect(phone.locator("input")).to_be_disabled()
    await expect(phone).to_contain_text(re.compile(r"not open.*\w{4}.*\.", re.DOTALL))


async def test_phone_numbers_show_with_their_channel(open_as: OpenAs) -> None:
    """With the tariff note and the reminder of what callers need; nobody is asked for the values."""
    page = await open_as(PLUS)
    numbers = page.locator("#calling")
    await expect(numbers).to_be_hidden()
    await page.check('input[name="channel"][value="phone"]')
    await expect(numbers).to_be_visible()
    assert await numbers.locator('a[href^="tel:"]').count() >= 1
    await expect(numbers).to_contain_text("rate")
    assert (
        await page.locator('input[type="text"], input[type="password"], input:not([type])').count() == 1
    )  # the subject


async def test_an_error_keeps_what_was_typed_and_the_next_try_counts(open_as: OpenAs, system: System) -> None:
    """The reader is taken to what is wrong, and to each field from there."""
    page = await open_as(PLUS)
    await fill(page, "", answers={"impact": "down"})
    await page.get_by_role("button", name=SEND).click()
    await expect(page.locator("#mistakes")).to_be_focused()
    await page.locator("#mistakes a").first.click()
    await expect(page.locator("#subject")).to_be_focused()
    await expect(page.locator("#subject")).to_have_attribute("aria-describedby", "wrong-subject")
    await expect(page.locator("#description")).to_have_value(re.compile("Since ten o'clock"))
    await expect(page.locator('input[name="fields.impact"][value="down"]')).to_be_checked()
    await send(page, "At the second try")
    assert (await subjects(system)).count("At the second try") == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_a_double_click_sends_one_request(open_as: OpenAs, system: System, scripts: bool) -> None:
    """And loading the page again sends nothing."""
    subject = f"Clicked twice {scripts}"
    page = await open_as(PLUS, java_script_enabled=scripts)
    await fill(page, subject)
    await page.get_by_role("button", name=SEND).dblclick()
    await page.wait_for_url("**/requests/*")
    await page.reload()
    assert (await subjects(system)).count(subject) == 1


async def test_everything_works_without_scripts(open_as: OpenAs) -> None:
    """Send, see the decision, reply, say that it works again."""
    page = await open_as(PLUS, java_script_enabled=False)
    await send(page, "Without scripts")
    await expect(page.locator("main")).to_contain_text("Who takes it, and why")  # the page asks again by itself
    await page.fill("#text", "It happens on phones, too.")
    await page.get_by_role("button", name="Send reply").click()
    await reloaded_until(page, "It happens on phones, too.")
    await page.get_by_role("button", name="It works again").click()
    await reloaded_until(page, "If it happens again, write a reply")


async def test_two_tabs_follow_the_conversation_to_its_end(open_as: OpenAs, system: System) -> None:
    """What the desk says shows in both without a reload, and what one tab does shows in the other."""
    page = await open_as(PLUS)
    case = await send(page, "Two tabs")
    await expect(page.locator(".owed .left")).to_contain_text("min")
    other = await page.context.new_page()
    await other.goto(page.url)
    await page.fill("#text", "A half-written")
    async with system.desk() as desk:
        said = {"type": "agent_replied", "text": "We are on it."}
        assert (await desk.post(f"/v1/cases/{case}/activity", json=said)).status_code == 202
        noted = {"type": "internal_note", "text": "for the desk alone"}
        assert (await desk.post(f"/v1/cases/{case}/activity", json=noted)).status_code == 202
    for tab in (page, other):
        await expect(tab.locator("main")).to_contain_text("We are on it.")
        await expect(tab.locator(".owed")).to_contain_text("in time")
    await expect(page.locator("#text")).to_have_value("A half-written")
    await other.get_by_role("button", name="It works again").click()
    for tab in (page, other):
        await expect(tab.locator("h1 + .pill")).to_have_text("resolved")
        assert "for the desk alone" not in await tab.content()


async def test_an_escalation_is_explained_before_it_is_possible(open_as: OpenAs) -> None:
    """When it will be, and why not yet; there is nothing to click meanwhile."""
    page = await open_as(PLUS)
    await send(page, "Too early")
    await expect(page.locator("main")).to_contain_text(
        re.compile(r"Escalate: possible from \w{3} \d+ \w{3}, \d\d:\d\d CET")
    )
    await expect(page.get_by_role("button", name="Escalate")).to_have_count(0)


async def test_times_are_those_of_the_reader(open_as: OpenAs) -> None:
    """The browser says its zone, and the page shows it with every time."""
    page = await open_as(PLUS, timezone_id="Asia/Tokyo")
    await send(page, "From Tokyo")
    await expect(page.locator(".owed")).to_contain_text("JST")


async def test_the_page_goes_on_after_intake_was_killed(open_as: OpenAs, system: System) -> None:
    """Meanwhile it says that it may be old. What happened since shows once intake is there again."""
    page = await open_as(PLUS)
    case = await send(page, "In the middle")
    await expect(page.locator("main")).to_contain_text("Who takes it, and why")
    before = await system.up.ready()
    await page.context.set_offline(True)  # else intake may be there again before the page has noticed
    os.kill(before["pids"]["intake"], signal.SIGKILL)
    await expect(page.locator("#stale")).to_be_visible(timeout=20_000)
    await system.up.ready(but_not=before)
    await page.context.set_offline(False)
    async with system.desk() as desk:
        said = {"type": "agent_replied", "text": "Here again."}
        assert (await desk.post(f"/v1/cases/{case}/activity", json=said)).status_code == 202
    await expect(page.locator("main")).to_contain_text("Here again.", timeout=30_000)
    await expect(page.locator("#stale")).to_be_hidden()


async def test_a_keyboard_alone_is_enough(open_as: OpenAs) -> None:
    """From the top of the page to the sent request, in the order in which it reads."""
    page = await open_as(PLUS)
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#subject")).to_be_focused()
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Every call drops.")
    for _ in ANSWERS:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
    await page.keyboard.press("Tab")  # to the channel that is chosen
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name=SEND)).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/requests/*")
    await expect(page.locator("h1")).to_have_text("By keyboard")


async def test_the_language_can_be_changed_and_stays(open_as: OpenAs) -> None:
    """By a link that is written in that language."""
    page = await open_as(PLUS)
    await page.get_by_role("link", name="Español").click()
    await expect(page.locator("h1")).to_have_text("¿En qué podemos ayudarle?")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "es")
