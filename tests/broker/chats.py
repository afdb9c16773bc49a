"""What the tests of the chat share: an intake with chats, what a customer does there, and what the router decides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, CASES, REQUESTS
from shared.identity.person import Person
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebook
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, output_of
from tests.harness.asking import FIELDS, account
from tests.harness.chat import SOON, ChatClient, chatting
from tests.harness.decided import decided
from tests.harness.intake import Intake, running_intake, topics_at, write
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import ORIGIN, token_hosts, token_of

RULES = Rulebook(shipped_edition("guidelines-2021"))


@asynccontextmanager
async def intake_with_chats(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake that knows one host application, whose pages may open chats."""
    await topics_at(bootstrap)
    async with running_intake(
        bootstrap,
        token_hosts=token_hosts(),
        cors_origins=ORIGIN,
        chat_rate="100000/minute",
        anonymous_rate="1000/minute",
    ) as running:
        yield running


@asynccontextmanager
async def chat_of(intake: Intake, person: Person, **hello: Any) -> AsyncIterator[ChatClient]:
    """A chat of a person with a token, which is welcomed."""
    async with chatting(intake.url, hello={"token": token_of(person), "language": "en", **hello}) as chat:
        assert (await chat.next("welcome"))["signed_in"]
        yield chat


async def hand_over(chat: ChatClient, **given: Any) -> dict[str, Any]:
    """Pass a conversation on; returns the answer."""
    frame = {"type": "hand_over", "subject": "Nobody hears me", "fields": FIELDS, "transcript": [{"text": "No sound"}]}
    return await chat.asked("accepted", **frame | given)


async def request_of(intake: Intake, account_id: str) -> SupportRequestSubmitted:
    """The only request of an account on Kafka."""
    ((_, _, data),) = await events_of(intake, REQUESTS, account_id)
    return wire.decode(SupportRequestSubmitted, data)


async def decide(intake: Intake, event: SupportRequestSubmitted, **entitled: Any) -> None:
    """Write what the router decides of a request, for an account with these terms."""
    now = utc_now()
    entitlement = covered(terms_of(account(**entitled)), event.requester, RULES.edition, now, 0)
    await write(intake.bootstrap, [output_of(CASES, event.request_id, decided(event, entitlement, RULES, now))])


async def activity_of(intake: Intake, case: str) -> list[ActivityRecorded]:
    """The activity of a case on Kafka."""
    return [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, case)]


async def said(chat: ChatClient, text: str) -> dict[str, Any]:
    """What is told of the message with this text, once it is; the answer to one's own may come before or after it."""
    async with asyncio.timeout(SOON):
        while True:
            for frame in chat.told:
                if frame["type"] == "said" and frame["message"]["text"] == text:
                    return frame
            await chat.next("said")


def identity_of(page: str) -> str:
    """Who a page of the chat was shown to, as its script says it."""
    return page.partition('data-identity="')[2].partition('"')[0]
