"""A struct is derived only from what pydantic and msgspec read alike; the rest is refused with the way out."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Optional

import msgspec
import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    create_model,
    field_serializer,
    field_validator,
)

from shared.contracts import wire
from shared.contracts.base import CausedBy, Count, CountryCode, Event, Identifier, Instant, Part, format_instant
from shared.contracts.derive import UnsupportedContract
from shared.contracts.escalation import ClockEvent, ClockStarted
from shared.contracts.intake import Account, EntitlementWithdrawn
from shared.contracts.registry import MODELS
from shared.contracts.router import CaseRouted, Decision


class Measured(Part):
    """Every kind of field that can be derived."""

    ratio: float
    above: Annotated[float, Field(gt=0.5, lt=2)]
    count: Count
    name: Identifier
    country: CountryCode | None
    when: Instant
    until: Optional[Instant] = None  # noqa: UP045 - both spellings are read
    words: tuple[Literal["a", "b"], ...] = ()
    table: dict[Literal["a", "b"], Count] = {}  # noqa: RUF012 - pydantic copies a default
    certain: bool = False
    word: Literal["a", "b"] = "b"


MEASURED: dict[str, Any] = {
    "ratio": 1.0,
    "above": 1,
    "count": 3,
    "name": "n",
    "country": None,
    "when": "2026-11-23T10:00:00Z",
}


def read_both(**fields: Any) -> tuple[Measured, Measured] | None:
    """The model and the struct of these fields, or None where both refuse them."""
    data = msgspec.json.encode({**MEASURED, **fields})
    try:
        model = Measured.model_validate_json(data)
    except ValidationError:
        with pytest.raises(wire.MalformedData):
            wire.decode(wire.struct(Measured), data)
        return None
    return model, wire.decode(wire.struct(Measured), data)


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({}, True),
        ({"above": 0.5}, False),
        ({"above": 0.50001}, True),
        ({"above": 2}, False),
        ({"count": 2**53 - 1}, True),
        ({"count": 2**53}, False),
        ({"name": ""}, False),
        ({"name": "𐀀" * 200}, True),
        ({"name": "𐀀" * 201}, False),
        ({"country": "ES"}, True),
        ({"country": "ES\n"}, False),
        ({"words": ["a", "b", "a"], "table": {"b": 0}}, True),
        ({"words": ["a", "c"]}, False),
        ({"table": {"c": 0}}, False),
        ({"until": "2026-11-23T10:00:00+01:00", "certain": True, "word": "b"}, True),
    ],
)
def test_a_constraint_of_the_model_is_a_constraint_of_the_struct(fields: dict[str, Any], accepted: bool) -> None:
    """One source of truth: nobody repeats a bound."""
    both = read_both(**fields)
    assert (both is not None) == accepted
    if both:
        assert wire.from_model(wire.struct(Measured), both[0]) == both[1]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", '"NaN"', '"Infinity"'])
def test_a_number_is_finite(number: str) -> None:
    """JSON has no infinity, and a number that turns into one when read would not survive being written."""
    data = msgspec.json.encode(MEASURED).replace(b'"ratio":1.0', b'"ratio":' + number.encode())
    with pytest.raises(ValidationError):
        Measured.model_validate_json(data)
    with pytest.raises(wire.MalformedData):
        wire.decode(wire.struct(Measured), data)
    with pytest.raises(ValidationError):
        Measured.model_validate({**MEASURED, "ratio": math.inf})


@pytest.mark.parametrize("model", [*MODELS, Account, Decision, CausedBy], ids=lambda model: model.__name__)
def test_fields_keep_their_order_and_their_defaults(model: type[Part]) -> None:
    """So the bytes are the ones that the model would write, which makes replay comparable."""
    struct: Any = wire.struct(model)
    assert struct.__struct_fields__ == tuple(model.model_fields)
    config = struct.__struct_config__
    assert config.frozen
    assert config.omit_defaults
    assert not config.forbid_unknown_fields


def test_structs_are_related_as_their_models_are() -> None:
    """`isinstance` must answer as mypy believes that it does."""
    assert wire.struct(CaseRouted) is wire.struct(CaseRouted)
    assert issubclass(wire.struct(CaseRouted), wire.struct(Event))
    assert issubclass(wire.struct(ClockStarted), wire.struct(ClockEvent))
    assert issubclass(wire.struct(ClockStarted), wire.struct(Event))
    assert wire.struct(ClockStarted).TYPE == ClockStarted.TYPE


def test_a_struct_is_frozen_and_compares_by_value() -> None:
    """Events are facts."""
    cause = wire.struct(CausedBy)(partition=1, topic="t", offset=2)
    assert cause == wire.struct(CausedBy)(partition=1, topic="t", offset=2)
    assert cause != wire.struct(CausedBy)(partition=1, topic="t", offset=3)
    with pytest.raises(AttributeError):
        cause.partition = 2


def test_an_instant_is_in_utc_whether_it_was_read_or_given() -> None:
    """The same instant is written alike wherever it came from; the model does the same."""
    madrid = datetime(2026, 11, 23, 11, tzinfo=timezone(timedelta(hours=1)))
    fields = {"account_id": "acme", "withdrawn_at": madrid}
    made = wire.struct(EntitlementWithdrawn)(account_id="acme", withdrawn_at=madrid)
    assert made.withdrawn_at.tzinfo is UTC
    assert wire.encode(made) == b'{"account_id":"acme","withdrawn_at":"2026-11-23T10:00:00Z"}'
    assert wire.encode(made) == EntitlementWithdrawn.model_validate(fields).model_dump_json().encode()


def test_a_time_without_a_zone_is_refused_and_none_is_guessed() -> None:
    """The machine's zone must never decide when a promise is due."""
    naive = datetime(2026, 11, 23, 11)  # noqa: DTZ001 - that is what is tried
    with pytest.raises(ValueError, match="must have a zone"):
        wire.struct(EntitlementWithdrawn)(account_id="acme", withdrawn_at=naive)
    with pytest.raises(ValidationError, match="must have a zone"):
        EntitlementWithdrawn(account_id="acme", withdrawn_at=naive)
    with pytest.raises(ValueError, match="must have a zone"):
        format_instant(naive)


class Loose(BaseModel):
    """Not strict, not frozen."""

    name: str


class Checked(Part):
    """Has a rule that msgspec cannot run."""

    name: str

    @field_validator("name")
    @classmethod
    def _named(cls, name: str) -> str:
        return name


class Written(Part):
    """Has a rule for writing that msgspec cannot run."""

    name: str

    @field_serializer("name")
    def _shout(self, name: str) -> str:
        return name.upper()


def part(annotation: Any, *default: Any) -> type[Part]:
    """A model with one field."""
    return create_model("Toy", __base__=Part, field=(annotation, *(default or (...,))))


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        (part(int), r"Toy\.field: an int needs bounds within 64 bits"),
        (part(Annotated[int, Field(ge=0)]), "needs bounds"),
        (part(Annotated[int, Field(ge=0, le=2**64)]), "needs bounds"),
        (part(datetime), "must be an Instant"),
        (part(tuple[Instant, ...]), "put it into a Part"),
        (part(dict[str, Instant | None]), "put it into a Part"),
        (part(Annotated[str, Field(pattern=r"^\d+$")]), "no backslash"),
        (part(Annotated[str, Field(pattern="^a$|^b$")]), "must read"),
        (part(Annotated[str, Field(pattern="[a-z]+")]), r"must read \^…\$"),
        (part(Annotated[int, Field(ge=0, le=9, multiple_of=3)]), "is not understood"),
        (part(Annotated[str, Field(pattern="^[a-z]+$", strict=False)]), "is not understood"),
        (part(Annotated[str, AfterValidator(str.strip)]), "is not understood"),
        (part(Annotated[str, BeforeValidator(str.strip)]), "functions that validate"),
        (part(str | int), "needs bounds"),
        (part(str | float), "cannot be one of several"),
        (part(tuple[str, ...] | tuple[Count, ...]), "is not supported"),
        (part(list[str]), "is not supported"),
        (part(set[str]), "is not supported"),
        (part(Sequence[str]), "is not supported"),
        (part(tuple[str, str]), "is not supported"),
        (part(Decimal), "is not supported"),
        (part(bytes), "is not supported"),
        (part(Any), "is not supported"),
        (part(Literal[1, 2]), "must be of words"),
        (part(dict[Count, str]), "a dict is keyed by words"),
        (part(str, "x"), "a default must be"),
        (part(Count, 0), "a default must be"),
        (part(str, Field(alias="other")), "aliases"),
        (part(Loose), "Loose must derive from Part"),
        (Checked, "validators of its own"),
        (Written, "serializers of its own"),
    ],
)
def test_what_would_be_read_differently_is_refused_with_the_way_out(model: type[Part], complaint: str) -> None:
    """Better an error when the contract is written than two readers who disagree about a customer."""
    with pytest.raises(UnsupportedContract, match=complaint):
        wire.struct(model)


def test_an_unset_type_is_no_field() -> None:
    """`TYPE` belongs to the envelope, not to the data."""

    class Happened(Event):
        """A fact."""

        TYPE: ClassVar[str] = "frontline.toy.happened.v1"
        name: str

    assert wire.encode(wire.struct(Happened)(name="x")) == b'{"name":"x"}'
