"""[pure] What every published event has in common: how it is frozen, how instants look, where it came from."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_reader = msgspec.json.Decoder(Annotated[datetime, msgspec.Meta(tz=True)])
_writer = msgspec.json.Encoder()


def parse_instant(text: str) -> datetime:
    """RFC 3339 text with a zone as an instant in UTC. Raises ValueError for anything else, naive times included."""
    try:
        if "\\" in text:
            raise ValueError
        at: datetime = _reader.decode(f'"{text}"')
    except ValueError:
        raise ValueError("must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z") from None
    return to_utc(at)


def to_utc(at: datetime) -> datetime:
    """`at` in UTC. Raises ValueError if it has no zone, or lies in UTC outside of the years that a datetime has."""
    if at.tzinfo is UTC:
        return at
    if at.tzinfo is None:
        raise ValueError("must have a zone; none is guessed")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999 in UTC") from None


def read_instant(value: Any) -> Any:
    """Parse as the hot path does, so that both accept the same texts.

    A number is refused: whether it counts seconds or milliseconds could only be guessed by its size. So is a date
    without a time. Raises ValueError.
    """
    if isinstance(value, datetime):
        return to_utc(value)
    return parse_instant(value if isinstance(value, str) else "")


def format_instant(at: datetime) -> str:
    """`at` as RFC 3339 text in UTC with a Z, with as many of its microseconds as it has."""
    return _writer.encode(to_utc(at))[1:-1].decode()


# An instant: aware, converted to UTC when read, RFC 3339 with a Z when written, microseconds kept.
Instant = Annotated[AwareDatetime, BeforeValidator(read_instant), PlainSerializer(format_instant, when_used="json")]

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
# Counts and offsets: no more than every JSON reader keeps exactly (I-JSON, RFC 7493 section 2.2).
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A frozen piece of an event. Unknown fields are ignored, so that readers outlive additions.

    Fields without a default are always written, null or not; a field with a default is written only when it says
    something (`exclude_defaults`, and `omit_defaults` on the derived structs).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class CausedBy(Part):
    """What made a task emit an event, precise enough to replay it.

    Either a source record (`topic`, `partition`, `offset`) or a timer (`timer` = case_id, `generation`). `positions`
    are, for each source topic but that of the cause, the offset of the next record that the task would have consumed
    when it had the cause. `unfired_from` is there if the task had due timers that it had not fired yet when it
    processed the record, since its clock had jumped or they were too many for one slice: those due from then on.
    """

    partition: Count
    topic: str | None = None
    offset: Count | None = None
    timer: str | None = None
    generation: Count | None = None
    positions: dict[str, Count] | None = None
    unfired_from: Instant | None = None


class Event(Part):
    """A fact in the past tense. `TYPE` is its CloudEvents type; the data of the event are the fields."""

    TYPE: ClassVar[str]
