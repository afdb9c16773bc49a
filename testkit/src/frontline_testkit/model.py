"""The base of all event data: frozen, and unknown fields are ignored."""

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    """The data of an event, or a part of it. Unknown fields are ignored, so that readers outlive additions."""

    model_config = ConfigDict(frozen=True, extra="ignore")
