"""[pure] The base of the models of answers in an OpenAPI document."""

from pydantic import BaseModel, ConfigDict


class AnswerModel(BaseModel):
    """An answer of a call, or a part of one: nothing but its fields."""

    model_config = ConfigDict(extra="forbid")
