"""[pure] The pages of a running system that people open in a browser."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Page(NamedTuple):
    """What it is for, as the table of addresses says it; the service that has it; its path."""

    name: str
    service: str
    path: str


PAGES = (
    Page("web form", "intake", "/"),
    Page("live chat", "intake", "/chat"),
    Page("board", "board", "/"),
    Page("API documentation", "intake", "/docs"),
)


def addresses(urls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each page with its address. `urls` has the address of each service."""
    for page in PAGES:
        yield page.name, f"{urls[page.service]}{page.path}"


def without_pages(urls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The services whose address no page has, each with its address: people open nothing there, and programs may."""
    with_pages = {page.service for page in PAGES}
    return ((name, address) for name, address in urls.items() if name not in with_pages)
