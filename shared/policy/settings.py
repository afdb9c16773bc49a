"""The setting that names the editions of a service."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


PolicyNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]


class PolicySettings(BaseSettings):
    """FRONTLINE_POLICIES: names or files, separated by commas. With several, `effective_from` chooses."""

    model_config = SettingsConfigDict(env_prefix="FRONTLINE_", extra="ignore", frozen=True)

    policies: PolicyNames = ("guidelines-2021",)
