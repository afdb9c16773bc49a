"""A real Chromium and a whole system: `frontline up` with its demo people, in a process of its own.

Where no Chromium is installed, these tests say so in one line and are not run; with FRONTLINE_REQUIRE_CHROMIUM, as in
CI, they fail.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.customer import sign_in, sign_in_as_agent
from tests.harness.broker import broker_for_tests
from tests.harness.up import Up, running

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "NOT RUN: the pages in a browser, since no Chromium was found. Install it (Debian and Ubuntu: apt install "
    "chromium) or name one in FRONTLINE_CHROMIUM"
)
# Chromium heeds the last list alone, so it begins with what Playwright switches off. The rest would start two more
# processes for each context: suggestions under an address bar that nobody sees, and a page in reserve.
SWITCHED_OFF = (
    "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "SpareRendererForSitePerProcess", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxPopup",
)  # fmt: skip
# It asks no other host for anything, and runs as root in a container.
OPTIONS = [
    f"--disable-features={','.join(SWITCHED_OFF)}",
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@dataclass(frozen=True)
class System:
    """A running system."""

    up: Up
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        """The address of the pages."""
        return str(self.ready["intake_url"])

    @property
    def board_url(self) -> str:
        """The address of the board."""
        return str(self.ready["urls"]["board"])

    def desk(self) -> httpx.AsyncClient:
        """An HTTP client that may do everything: the support desk."""
        headers = {"Authorization": f"Bearer {self.ready['admin_key']}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)

    async def advance(self, by: timedelta) -> datetime:
        """Let so much time pass, where the system has a test clock. Returns what time it is then."""
        async with self.desk() as http:
            answer = await http.post("/v1/test-clock", json={"advance_seconds": by.total_seconds()})
        assert answer.status_code == 200, answer.text
        return datetime.fromisoformat(answer.json()["now"])


def installed() -> str | None:
    """The path of the Chromium of this machine."""
    return os.environ.get("FRONTLINE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


OpenAs = Callable[..., Awaitable[Page]]


# Each until the last test of this folder: while they idle they would take processor time from all other tests.
@pytest_asyncio.fixture(scope="package")
async def bootstrap() -> AsyncIterator[str]:
    """The address of a real Kafka."""
    async with broker_for_tests() as address:
        yield address


@pytest_asyncio.fixture(scope="package")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    found = installed()
    if found is None:
        if os.environ.get("FRONTLINE_REQUIRE_CHROMIUM"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package")
async def system(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """The whole system, with demo accounts, on the Kafka of the tests, under a namespace of its own."""
    folder: Path = tmp_path_factory.mktemp("up")
    async with running(folder, "--kafka", bootstrap, FRONTLINE_NAMESPACE=f"browser-{os.getpid()}") as up:
        yield System(up, await up.ready())


@pytest_asyncio.fixture(scope="package")
async def in_time(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """A whole system whose time the tests advance, each for itself: none relies on when it begins."""
    folder = tmp_path_factory.mktemp("up-test-clock")
    options = ("--kafka", bootstrap, "--test-clock")
    async with running(folder, *options, FRONTLINE_NAMESPACE=f"browser-clock-{os.getpid()}") as up:
        yield System(up, await up.ready())


OpenDesk = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def open_desk(open_as: OpenAs, system: System) -> OpenDesk:
    """Opens the board in a browser of its own, signed in as one of the demo agents."""

    async def opened(agent: str = "agent-1", language: str = "en", **given: Any) -> Page:
        page = await open_as(language=language, **given)
        await sign_in_as_agent(page, system.board_url, agent)
        return page

    return opened


@pytest_asyncio.fixture
async def open_as(chromium: Browser, system: System) -> AsyncIterator[OpenAs]:
    """Opens the form in a browser of its own: as nobody, or signed in as one of the demo people."""
    contexts: list[BrowserContext] = []

    async def opened(
        account: str | None = None, person: str = "admin-licensed", language: str = "en", **given: Any
    ) -> Page:
        usual = {"locale": language, "timezone_id": "Europe/Madrid", "viewport": {"width": 1280, "height": 900}}
        context = await chromium.new_context(**usual | given)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = await context.new_page()
        if account is None:
            await page.goto(system.url)
            return page
        await sign_in(page, system.url, account, person)
        return page

    yield opened
    for context in contexts:
        await context.close()
