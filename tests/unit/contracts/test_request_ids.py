"""Request ids: what they depend on, whose they are, and that nobody without a secret can make one."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.request_ids import (
    activity_id,
    day_of,
    is_of_account,
    is_of_client,
    is_request_id,
    key_valid_until,
    request_id,
)
from shared.sla.packing import pack_id, unpack_id

SECRET, OTHER, THIRD = (letter.encode() * 32 for letter in "abc")
TODAY = date(2026, 11, 23)
names = st.text(max_size=12)
days = st.dates(date(2000, 1, 1), date(2199, 12, 31))
occurrences = st.tuples(names, st.none() | names.filter(bool), names, days)


def _made(client: str, account_id: str | None, key: str, day: date, secret: bytes = SECRET) -> str:
    return request_id(secret, client=client, account_id=account_id, key=key, day=day)


@given(occurrences)
def test_an_id_has_the_day_and_only_lower_case_hexadecimal_digits(of: tuple[str, str | None, str, date]) -> None:
    """56 of them, whatever its owners and its key are called."""
    made = _made(*of)
    assert (len(made), is_request_id(made), day_of(made)) == (56, True, of[3])
    assert made == _made(*of)


@given(occurrences, occurrences)
def test_two_occurrences_never_share_an_id(
    one: tuple[str, str | None, str, date], other: tuple[str, str | None, str, date]
) -> None:
    """Not even where the end of one name is the beginning of the next."""
    assert (_made(*one) == _made(*other)) == (one == other)


def test_names_cannot_be_shifted_into_one_another() -> None:
    """`ab` and `c` are not `a` and `bc`."""
    named = [("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("abcd", None, "")]
    assert len({_made(client, account_id, key, TODAY) for client, account_id, key in named}) == 4


@given(occurrences, names, names, st.permutations([SECRET, OTHER, THIRD]))
def test_a_tag_verifies_for_its_owner_only_under_any_of_the_secrets(
    of: tuple[str, str | None, str, date], client: str, account_id: str, secrets: list[bytes]
) -> None:
    """Ownership needs no state, and survives a change of the secret that makes ids."""
    made = _made(*of)
    assert is_of_client(secrets, made, of[0])
    assert is_of_account(secrets, made, of[1])
    assert is_of_client(secrets, made, client) == (client == of[0])
    assert is_of_account(secrets, made, account_id) == (account_id == (of[1] or ""))
    assert not is_of_client([OTHER, THIRD], made, of[0])
    assert not is_of_account([OTHER, THIRD], made, of[1])
    assert not is_of_client([], made, of[0])


def test_a_tag_fits_no_other_id() -> None:
    """Whoever has ids of their own cannot put their tag, or anything else of them, into the id of another client."""
    mine = [_made("mallory", "m", str(number), TODAY) for number in range(2)]
    theirs = [_made("alice", "a", str(number), TODAY) for number in range(2)]
    parts = (slice(0, 8), slice(8, 32), slice(32, 44), slice(44, 56))
    for origin in product([*mine, *theirs], repeat=4):
        mixed = "".join(of[part] for of, part in zip(origin, parts, strict=True))
        if is_of_client([SECRET], mixed, "mallory"):
            assert origin[0][:8] + origin[1][8:32] + origin[2][32:44] in {each[:44] for each in mine}
        if is_of_account([SECRET], mixed, "m"):
            assert mixed in mine


@given(st.integers(0, 55), st.sampled_from("0123456789abcdef"))
def test_changing_any_digit_leaves_no_owner(place: int, digit: str) -> None:
    """An id is guessed as a whole or not at all."""
    made = _made("shop", "acme", "k", TODAY)
    changed = made[:place] + digit + made[place + 1 :]
    assert is_of_client([SECRET], changed, "shop") == (changed[:44] == made[:44])
    assert is_of_account([SECRET], changed, "acme") == (changed == made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 55,
        "0" * 57,
        "0" * 32,
        _made("shop", "acme", "k", TODAY).upper(),
        _made("shop", "acme", "k", TODAY) + "\n",
        "²" + _made("shop", "acme", "k", TODAY)[1:],
        "9" * 8 + "é" * 48,
    ],
)
def test_other_shapes_belong_to_nobody(text: str) -> None:
    """A producer that writes to Kafka by itself has ids of its own."""
    assert not is_request_id(text)
    assert not is_of_client([SECRET], text, "shop")
    assert day_of(text) is None


def test_a_day_that_does_not_exist_is_no_day() -> None:
    """Anybody may write such an id to Kafka."""
    assert [day_of(f"{day}{'0' * 48}") for day in ("20270229", "20280229", "00000101")] == [
        None,
        date(2028, 2, 29),
        None,
    ]


@given(days)
def test_a_key_is_valid_until_the_end_of_the_next_day(day: date) -> None:
    """So for 24 hours at least, and for 48 at most."""
    until = key_valid_until(day)
    assert (until - timedelta(microseconds=1)).date() == day + timedelta(days=1)
    assert until == datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=2)


def test_an_activity_id_cannot_be_derived_and_depends_on_all_that_names_it() -> None:
    """The same call has the same id, and nobody else's call has it."""
    made = {
        activity_id(secret, client=client, case_id=case_id, key=key)
        for secret in (SECRET, OTHER)
        for client, case_id, key in (("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "b", "d"))
    }
    assert len(made) == 8
    assert {len(each) for each in made} == {32}


@given(occurrences)
def test_a_packed_request_id_has_29_bytes(of: tuple[str, str | None, str, date]) -> None:
    """A million open cases are kept in memory."""
    made = _made(*of)
    assert len(pack_id(made)) == 29
    assert unpack_id(pack_id(made)) == made
