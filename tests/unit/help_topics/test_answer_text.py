"""The form of an answer: paragraphs, steps and links, and nothing that a page could take for markup."""

import pytest

from shared.help_topics.answer_text import (
    Link,
    Paragraph,
    Steps,
    TopicLink,
    Words,
    blocks,
    linked_topics,
    mistakes_of,
    plain_text,
)

ANSWER = """\
Two lines
of one paragraph.

1. Open [the page](https://example.com/a?b=c).
2. Write to [us](mailto:help@example.com)
   or call [this number](tel:+34-932).

See [passcodes](topic:passcodes), or https://example.com/x.
"""


def test_an_answer_is_read_as_paragraphs_and_steps() -> None:
    """A page shows each block as what it is; lines are broken by whoever shows it."""
    first, steps, last = blocks(ANSWER)
    assert first == Paragraph((Words("Two lines of one paragraph."),))
    assert steps == Steps(
        (
            (Words("Open "), Link("the page", "https://example.com/a?b=c"), Words(".")),
            (
                *(Words("Write to "), Link("us", "mailto:help@example.com"), Words(" or call ")),
                *(Link("this number", "tel:+34-932"), Words(".")),
            ),
        )
    )
    assert isinstance(last, Paragraph)
    assert last.parts[1] == TopicLink("passcodes", "passcodes")


def test_a_plain_address_is_a_link_without_the_full_stop_behind_it() -> None:
    """People write addresses at the end of a sentence."""
    (block,) = blocks("See https://example.com/x.")
    address = "https://example.com/x"
    assert block == Paragraph((Words("See "), Link(address, address), Words(".")))


def test_plain_text_has_every_address() -> None:
    """A transcript or a terminal has no links to click."""
    assert plain_text(ANSWER) == (
        "Two lines of one paragraph.\n\n"
        "1. Open the page (https://example.com/a?b=c).\n"
        "2. Write to us (mailto:help@example.com) or call this number (tel:+34-932).\n\n"
        "See passcodes, or https://example.com/x."
    )


def test_linked_topics_are_listed() -> None:
    """The loader checks that they exist."""
    assert linked_topics(ANSWER) == ("passcodes",)
    assert list(mistakes_of(ANSWER)) == []


@pytest.mark.parametrize(
    "answer",
    [
        "a <script>alert(1)</script>",
        "an &nbsp; b",
        "[x](https://)",
        "[x](ftp://example.com/x)",
        "[x]()",
        "[x](data:text/html;x)",
        "2. second\n3. third",
    ],
)
def test_what_cannot_be_shown_is_a_mistake(answer: str) -> None:
    """Better at the check than on the page."""
    assert len(list(mistakes_of(answer))) == 1


@pytest.mark.parametrize("answer", ["1 < 2 and 3 > 2", "R&D", "[in brackets] (and these)", "2.5 Mbit/s are enough"])
def test_what_only_looks_like_markup_is_text(answer: str) -> None:
    """Nobody has to write around the format."""
    assert list(mistakes_of(answer)) == []
    assert plain_text(answer) == answer
