"""The published contract and the hot path are one: pydantic and the derived structs accept and refuse the same bytes.

What had to be done to get there is in `shared/contracts/base.py` and `derive.py`: strict models, bounds on whole
numbers, one parser of instants, no NaN, patterns that every dialect reads alike. Two habits of the parsers are left,
both about texts that RFC 8259 and RFC 7493 advise against; the last tests here pin them.
"""

import json
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts import structs, wire
from shared.contracts.base import Event
from shared.contracts.intake import EntitlementSet, EntitlementWithdrawn
from shared.contracts.registry import MODELS
from tests.contract.event_json import DROP, WRONG, Token, full_tree, paths, put, spoilt, text, trees
from tests.harness.examples import examples

every_event = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
some = settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_agreement(model: type[Event], data: bytes) -> bool:
    """Both refuse `data`, or both read the same event from it and write it alike. Returns whether it was accepted."""
    by_model: Event | None = None
    by_struct: structs.Event | None = None
    with suppress(ValidationError):
        by_model = model.model_validate_json(data)
    with suppress(wire.MalformedData):
        by_struct = wire.decode(wire.struct(model), data)
    assert (by_model is None) == (by_struct is None), f"pydantic: {by_model!r}, struct: {by_struct!r}, of {data!r}"
    if by_model is None or by_struct is None:
        return False
    assert wire.from_model(wire.struct(model), by_model) == by_struct
    assert wire.to_model(model, by_struct) == by_model
    written = wire.encode(by_struct)
    assert json.loads(written) == json.loads(by_model.model_dump_json(exclude_defaults=True))
    assert wire.decode(wire.struct(model), written) == by_struct
    return True


@every_event
def test_both_give_the_same_verdict_on_every_wrong_value_in_every_place(model: type[Event]) -> None:
    """Not a sample: each place of an event that has everything, with each thing that might be put there instead."""
    whole = full_tree(model)
    assert assert_agreement(model, text(whole).encode())
    refused = 0
    for path in paths(whole):
        for wrong in (*WRONG, DROP) if path else WRONG:
            refused += not assert_agreement(model, text(put(whole, path, wrong)).encode(errors="surrogatepass"))
    for wrong in WRONG:
        assert_agreement(model, text({**whole, "extra": wrong}).encode(errors="surrogatepass"))
    assert refused > len(WRONG)


@every_event
@some
@given(data=st.data())
def test_both_accept_an_event_and_agree_on_it(model: type[Event], data: st.DataObject) -> None:
    """Whatever order, zone, precision or explicit default a producer writes."""
    tree = data.draw(trees(model))
    document = text(tree, ascii_only=data.draw(st.booleans()))
    if not assert_agreement(model, document.encode()):
        # the only trees made here that are no events: instants in the hours that UTC does not have
        assert "0001-01-01" in document or "9999-12-31" in document


@every_event
@some
@given(data=st.data())
def test_both_give_the_same_verdict_on_a_spoilt_event(model: type[Event], data: st.DataObject) -> None:
    """Dropped, null, mistyped, wrapped, out of range, unknown, ill-formed: what one reader takes the other takes."""
    assert_agreement(model, data.draw(spoilt(model)).encode(errors="surrogatepass"))


@every_event
@some
@given(data=st.data())
def test_both_give_the_same_verdict_on_damaged_bytes(model: type[Event], data: st.DataObject) -> None:
    """A flipped, lost or added byte anywhere, UTF-8 broken included."""
    good = text(data.draw(trees(model)), ascii_only=data.draw(st.booleans())).encode()
    at = data.draw(st.integers(0, len(good)))
    cut = data.draw(st.integers(0, 2))
    damaged = good[:at] + data.draw(st.binary(max_size=2)) + good[at + cut :]
    if not _has_duplicate_names(damaged):
        assert_agreement(model, damaged)


def _has_duplicate_names(data: bytes) -> bool:
    duplicates = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        duplicates.append(len(dict(items)) != len(items))
        return dict(items)

    try:
        json.loads(data, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return False
    return any(duplicates)


@every_event
@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_both_refuse_bytes_that_are_not_utf_8_wherever_they_are(model: type[Event], broken: bytes) -> None:
    """Also where the contract does not look: what is not UTF-8 is not JSON (RFC 8259 section 8.1)."""
    whole = full_tree(model)
    for document in (put(whole, (next(iter(whole)),), "MARK"), {**whole, "extra": "MARK"}, {**whole, "MARK": 1}):
        assert not assert_agreement(model, text(document).encode().replace(b"MARK", broken))


WHOLE = full_tree(EntitlementWithdrawn)


def test_of_a_name_given_twice_the_last_counts_and_the_struct_also_checks_the_first() -> None:
    """Names in an object should be unique (RFC 8259 section 4). Both read the last one; only msgspec, which reads as
    it goes, refuses a first one of the wrong type. A service is never laxer than the contract here."""
    twice = '{"account_id": %s, "account_id": "second", "withdrawn_at": "2026-11-23T10:00:00Z"}'
    assert assert_agreement(EntitlementWithdrawn, (twice % '"first"').encode())
    assert EntitlementWithdrawn.model_validate_json(twice % "1").account_id == "second"
    with pytest.raises(wire.MalformedData, match=r"account_id: expected `str`, got `int`"):
        wire.decode(wire.struct(EntitlementWithdrawn), (twice % "1").encode())


@pytest.mark.parametrize(
    ("extra", "model_takes", "struct_takes"),
    [
        pytest.param("NaN", True, False, id="no JSON, but pydantic's parser knows the word"),
        pytest.param("-Infinity", True, False, id="likewise"),
        pytest.param("[" * 190 + "]" * 190, True, True, id="deep"),
        pytest.param("[" * 300 + "]" * 300, False, True, id="deeper than pydantic's parser goes"),
        pytest.param("[" * 100_000 + "]" * 100_000, False, False, id="deeper than any stack"),
        pytest.param("1" * 4300, True, True, id="long"),
        pytest.param("1" * 4301, False, True, id="longer than Python's limit for numbers"),
    ],
)
def test_what_neither_reads_may_stop_the_one_or_the_other(extra: str, model_takes: bool, struct_takes: bool) -> None:
    """In fields that the contract does not know, msgspec checks no more than that they are JSON, and pydantic's parser
    has limits of its own. Within fields of the contract all of these are refused by both."""
    data = text({**WHOLE, "extra": Token(extra)}).encode()
    for takes, read in (
        (model_takes, EntitlementWithdrawn.model_validate_json),
        (struct_takes, partial(wire.decode, wire.struct(EntitlementWithdrawn))),
    ):
        with nullcontext() if takes else pytest.raises((ValidationError, wire.MalformedData)):
            read(data)
    for path in paths(full_tree(EntitlementSet)):
        assert not assert_agreement(EntitlementSet, text(put(full_tree(EntitlementSet), path, Token(extra))).encode())
