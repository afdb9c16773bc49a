"""What every published event has in common: how it is frozen, how instants look, where it came from."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_RFC3339 = Annotated[datetime, msgspec.Meta(tz=True)]


def _instant(value: Any) -> Any:
    """Parse as the hot path does, so that both accept the same texts; a naive or malformed text is refused."""
    if isinstance(value, str):
        try:
            value = msgspec.convert(value, _RFC3339)
        except msgspec.ValidationError as error:
            raise ValueError(
                f"must be an RFC 3339 instant with a zone, such as 2026-11-23T10:00:00Z, not {value[:40]!r}"
            ) from error
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def format_instant(at: datetime) -> str:
    """`at` as RFC 3339 text in UTC with a Z, with as many of its microseconds as it has."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


# An instant: aware, converted to UTC when read, RFC 3339 with a Z when written, microseconds kept.
Instant = Annotated[AwareDatetime, BeforeValidator(_instant), PlainSerializer(format_instant, when_used="json")]

Identifier = Annotated[str, Field(min_length=1, max_length=200)]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2


class Part(BaseModel):
    """A frozen piece of an event. Unknown fields are ignored, so that readers outlive additions.

    Fields without a default are always written, null or not; a field with a default is written only when it says
    something (`exclude_defaults`, and `omit_defaults` on the derived structs).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, ser_json_inf_nan="strings")


class CausedBy(Part):
    """What made a task emit an event, precise enough to replay it.

    Either a source record (`topic`, `partition`, `offset`) or a timer (`timer` = case_id, `generation`) together with
    `positions`: for each source topic, the offset of the next record that the task would have consumed then.
    """

    partition: int
    topic: str | None = None
    offset: int | None = None
    timer: str | None = None
    generation: int | None = None
    positions: dict[str, int] | None = None


class Event(Part):
    """A fact in the past tense. `TYPE` is its CloudEvents type; the data of the event are the fields."""

    TYPE: ClassVar[str]
