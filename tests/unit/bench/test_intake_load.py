"""The load of intake is judged by what is in Kafka: each way of losing or doubling a request is planted, and found."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.bench.intake_account import Account
from tests.bench.intake_clients import Outcome
from tests.bench.intake_load import Load, Measured, as_json, table

RIGHT: Mapping[str, Mapping[str, int]] = {
    name: {"a": 1, "b": 1, "c": 1} for name in ("records", "contents", "decisions")
}


def outcomes(*ids: str | None, began: float = 10.0) -> list[Outcome]:
    """Submissions with these ids, one a second from `began` on, each answered after its number in milliseconds."""
    return [
        Outcome("form", began + n, began + n, began + n + (n + 1) / 1000, request_id, 303 if request_id else 403)
        for n, request_id in enumerate(ids)
    ]


def account(dead_letters: int = 0, **changed: Mapping[str, int]) -> Account:
    """What the topics have of three requests, but for what is `changed`."""
    parts = {name: Counter({**counts, **changed.get(name, {})}) for name, counts in RIGHT.items()}
    return Account(**{name: +counts for name, counts in parts.items()}, dead_letters=dead_letters)


def test_three_requests_that_are_there_once_are_right() -> None:
    """Else what is planted below would not be what is found."""
    assert list(account().wrong(outcomes("a", "b", "c"), once=True)) == []


@pytest.mark.parametrize(
    ("changed", "ids", "found"),
    [
        (
            {"records": {"c": 0}, "contents": {"c": 0}, "decisions": {"c": 0}},
            "abc",
            ["not in the topic", "not decided"],
        ),
        ({"decisions": {"c": 0}}, "abc", ["1 requests accepted and not decided"]),
        ({"decisions": {"c": 2}}, "abc", ["1 requests decided twice"]),
        ({"decisions": {"d": 1}}, "abc", ["1 requests decided that are not in the topic"]),
        ({}, "ab", ["1 requests in the topic that no client knows of"]),
        ({}, "abcc", ["1 ids given to two submissions"]),
        ({"records": {"c": 2}}, "abc", ["1 records of requests that are in the topic already"]),
        ({"records": {"c": 2}, "contents": {"c": 2}}, "abc", ["1 requests with two contents", "in the topic already"]),
        ({"dead_letters": 2}, "abc", ["2 requests dead-lettered"]),
    ],
)
def test_what_is_lost_or_doubled_is_found(changed: dict[str, Any], ids: str, found: list[str]) -> None:
    """A load that loses a request would look fast."""
    wrong = list(account(**changed).wrong(outcomes(*ids), once=True))
    assert len(wrong) == len(found)
    assert all(words in line for words, line in zip(found, wrong, strict=True))


def test_a_record_that_is_repeated_after_an_outage_counts_once() -> None:
    """Nobody could know whether the first one had been written; the router decides one of them."""
    again = account(records={"c": 2})
    assert list(again.wrong(outcomes("a", "b", "c"), once=False)) == []
    assert again.repeated == 1


def test_a_submission_that_was_refused_is_wrong() -> None:
    """Each of them is one that intake should have taken."""
    assert list(account().wrong([*outcomes("a", "b", "c"), *outcomes(None)], once=True)) == ["1 submissions refused"]


def test_figures_begin_after_the_warm_up_and_count_from_the_intended_start() -> None:
    """A process that has just started is slow, and a client that waits for a place must not hide the wait."""
    sent = [*outcomes("a", began=5.0), *outcomes("b", "c", began=10.0)]
    sent[2].began += 0.0005
    done = Measured(Load(1, 2, "intake"), sent, 10.0, 10.5, {}, 0.1, account())
    assert done.wrong == []
    assert replace(done, other_ids=1).wrong == ["1 submissions sent again got another id"]
    figures = as_json(done)
    assert figures["latency_ms"]["form"] == {"number": 2, "p50": 2.0, "p95": 2.0, "p99": 2.0, "max": 2.0}
    assert figures["late_start_ms"]["max"] == 0.5
    assert figures["outage_seconds"] == 0.5
    assert "3 accepted: each in Kafka under one id, each decided once" in table(done)
