"""The view of entitlements has the last write of each account, from a call or from the topic."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.intake.accounts import Accounts
from services.intake.entitlement import entitlement_withdrawn
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.topics import ENTITLEMENTS
from shared.kafka import serde
from shared.kafka.record import Output, Record
from tests.harness.asking import account
from tests.harness.asking import entitlement_set as set_event

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COUNTRIES = ("ES", "FR", "US", "MX")


def _record(output: Output, offset: int) -> Record:
    return Record(output.topic, 0, offset, 0, output.key, output.value, output.headers)


def _log(steps: list[str]) -> list[Record]:
    """What intake writes for each step: a country = set to it, "-" = withdraw (two records)."""
    outputs = []
    for step in steps:
        event = entitlement_withdrawn(account_id="acme", at=NOW) if step == "-" else set_event(account(country=step))
        envelope = serde.Envelope("e", "/test", type_of(event), NOW, "acme", None)
        outputs.append(serde.to_output(ENTITLEMENTS, "acme", envelope, wire.encode(event)))
        if step == "-":
            outputs.append(serde.tombstone(ENTITLEMENTS, "acme"))
    return [_record(output, offset) for offset, output in enumerate(outputs)]


histories = st.lists(st.sampled_from([*COUNTRIES, "-"]), min_size=1, max_size=8)


@given(histories)
def test_the_last_write_counts(steps: list[str]) -> None:
    """Set, set again, withdrawn, set once more."""
    view = Accounts()
    for record in _log(steps):
        view.take(record)
    found = view.find("acme")
    assert (found.country if found else "-") == steps[-1]


@given(histories, st.data())
def test_an_older_record_does_not_replace_a_newer_write(steps: list[str], data: st.DataObject) -> None:
    """A PUT is known at once, while the topic is still being read from its beginning."""
    log = _log(steps)
    view = Accounts()
    ahead = data.draw(st.integers(0, len(log) - 1))
    for record in [*log[: ahead + 1][-1:], *log]:  # the newest of a prefix first, then everything from the start
        view.take(record)
    found = view.find("acme")
    assert (found.country if found else "-") == steps[-1]


@given(histories, st.data())
def test_compaction_changes_nothing(steps: list[str], data: st.DataObject) -> None:
    """Kafka drops older records of a key whenever it likes, but never the last one."""
    log = _log(steps)
    kept = data.draw(st.lists(st.booleans(), min_size=len(log), max_size=len(log)))
    kept[-1] = True
    view = Accounts()
    for record, keep in zip(log, kept, strict=True):
        if keep:
            view.take(record)
    found = view.find("acme")
    assert (found.country if found else "-") == steps[-1]
