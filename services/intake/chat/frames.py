"""[pure] What the client of a chat sends: one JSON object for each message of the WebSocket, told apart by its `type`.

Whatever is answered has an `id`, a random text of the client: the answer has it as `to`, and a message that is sent
again with the same id counts once.
"""

from typing import Annotated, Any, Literal, Self, TypeVar

import msgspec
from pydantic import Field, SecretStr, ValidationError, model_validator

from services.intake.activity import Activity
from services.intake.fields import Body, Country, Subject, Text, Words
from shared.contracts.vocabulary import Language
from shared.help_topics.model import TopicId
from shared.web.errors import FieldError, InvalidFields, field_errors, json_error
from shared.web.fields import Id, WrongValue

B = TypeVar("B", bound=Body)
MOST_TURNS = 400  # of a transcript
MOST_PENDING = 100


class Hello(Body):
    """The first message: who is asking. A page of ours is known by its cookies, everybody else sends a signed token.

    `identity` is who the page was shown to; `zone` an IANA name, by default that of the page's cookie.
    """

    type: Literal["hello"]
    token: SecretStr | None = None
    language: Language | None = None
    zone: Annotated[str, Field(max_length=64)] | None = None
    identity: Annotated[str, Field(max_length=64)] | None = None


class _TextOrTopic(Body):
    """What is said in words, or by the id of a topic: one of both."""

    text: Text | None = None
    topic: TopicId | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) == (self.topic is None):
            raise WrongValue("field.needs_one_of", type="message", fields=("text", "topic"))
        return self


class Ask(_TextOrTopic):
    """A question to the bot in the customer's words, or the topic that an answer links to."""

    type: Literal["ask"]
    id: Id


class Turn(_TextOrTopic):
    """One message of the conversation with the bot: the customer's text, or the topic that the bot answered with."""


class HandOver(Body):
    """Pass the conversation on to a person: a request on the channel of the live chat."""

    type: Literal["hand_over"]
    id: Id
    subject: Subject
    transcript: Annotated[tuple[Turn, ...], Field(max_length=MOST_TURNS)] = ()
    fields: Words = Field(default_factory=dict)
    country: Country | None = None


class Follow(Body):
    """Go on with a case: what was said after `seen`, the id of the last message that the client has.

    `pending` are the ids of reports that it has no answer to, so that it recognises its own messages.
    """

    type: Literal["follow"]
    request_id: Id
    seen: Id | None = None
    pending: Annotated[tuple[Id, ...], Field(max_length=MOST_PENDING)] = ()


class Report(Body):
    """An activity of the customer on the case that is followed, as for POST /v1/cases/{id}/activity."""

    type: Literal["report"]
    id: Id
    activity: Activity


Frame = Ask | HandOver | Follow | Report
_FRAMES: dict[str, type[Frame]] = {"ask": Ask, "hand_over": HandOver, "follow": Follow, "report": Report}
_LONGEST_ID = 200


class _Head(msgspec.Struct):
    type: Any = None
    id: Any = None


def frame_of(text: str) -> Frame:
    """The message. Raises MalformedJson or InvalidFields, whose fields are those of the message."""
    head = _head(text)
    if head is None:
        return parsed(Ask, text)  # says what is wrong: it is no JSON object
    kind = _FRAMES.get(head.type) if isinstance(head.type, str) else None
    if kind is None:
        raise InvalidFields([FieldError("type", "field.one_of", {"allowed": [*_FRAMES]})])
    return parsed(kind, text)


def parsed(model: type[B], text: str) -> B:
    """The message as `model`, as in `frame_of`."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise json_error(error) or InvalidFields(field_errors(error)) from None


def id_of(text: str) -> str | None:
    """The id of a message that is refused, so that the client knows which it is; None if it has none."""
    head = _head(text)
    return head.id if head is not None and isinstance(head.id, str) and len(head.id) <= _LONGEST_ID else None


def _head(text: str) -> _Head | None:
    """What tells messages apart; None for what is no JSON object."""
    try:
        return msgspec.json.decode(text, type=_Head)
    except (msgspec.DecodeError, RecursionError):  # the latter of thousands of brackets
        return None
