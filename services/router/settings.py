"""What the router takes from its environment, read once at the start."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.kafka.service_settings import TaskServiceSettings
from shared.kafka.settings import PREFIX


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


PolicyNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]


class PolicySettings(BaseSettings):
    """Which editions decide: names or files, separated by commas. With several, `effective_from` chooses."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    policies: PolicyNames = ("guidelines-2021",)


class RouterSettings(TaskServiceSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""
