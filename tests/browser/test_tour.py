"""The tour of the README, as a newcomer takes it: by the words that stand on the pages."""

import re

from playwright.async_api import expect

from tests.browser.conftest import OpenAs, System
from tests.contract.documents import read

(TOUR,) = re.findall(r"^## Two minutes\n(.*?)^## ", read("README.md"), re.MULTILINE | re.DOTALL)
SAID = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", TOUR)  # what is to be clicked and chosen, in its order


async def test_the_tour_leads_to_the_ledger_of_a_deadline_and_to_the_answer(open_as: OpenAs, system: System) -> None:
    """Each word that the README puts in italics is there to be clicked: a step that leads nowhere ends a visit."""
    sign_in, role, impact, way_around, where, about, channel, send, ledger, agent, take = SAID
    page = await open_as()
    await page.get_by_role("link", name=sign_in, exact=True).click()
    (account,) = re.findall(r"of `(demo-[a-z-]+)`", TOUR)
    person = re.compile(r"^\s*" + role.replace(" ", r"\s*", 1) + r"\s*$")
    await page.locator(f'section:has(h2:text-is("{account}")) button').filter(has_text=person).click()
    await page.get_by_label("In a few words").fill("Every call drops after a minute")
    await page.get_by_label("What happened?").fill("Since ten o'clock.")
    for group, choice in (
        ("What is the effect?", impact),
        ("Is there a way around it?", way_around),
        ("Where does it happen?", where),
        ("What is it about?", about),
    ):
        await page.get_by_role("group", name=group).get_by_label(choice, exact=True).check()
    await page.get_by_label(channel).check()
    await page.get_by_role("button", name=send, exact=True).click()
    await page.wait_for_url("**/requests/*")
    counted = page.locator("details[open]", has_text=ledger)
    await expect(counted.get_by_role("columnheader", name="Because")).to_be_visible()
    await expect(counted.get_by_role("cell", name="open", exact=True).first).to_be_visible()
    customer = page

    desk = await open_as()
    await desk.goto(f"{system.board_url}/demo/sign-in")
    await desk.get_by_role("button", name=agent).click()
    await desk.goto(f"{system.board_url}/cases/{customer.url.rpartition('/')[2]}")
    await desk.get_by_role("button", name=take, exact=True).click()
    await expect(desk.get_by_text("You have this case.")).to_be_visible()
    await desk.get_by_label("Answer", exact=True).fill("We look at the relays of your region.")
    await desk.get_by_role("button", name="Send answer").click()
    await expect(desk.get_by_text("first response: in time").first).to_be_visible()
    await expect(customer.get_by_text("We look at the relays of your region.")).to_be_visible()
