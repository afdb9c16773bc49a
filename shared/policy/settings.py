"""The settings that name the editions of a service or command."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.policy.editions import EditionLibrary
from shared.policy.files import load_library


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _folder(value: Path | None) -> Path | None:
    if value is not None and not value.is_dir():
        raise ValueError("is not a folder; it should be the folder of editions")
    return value


PolicyNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
PolicyFolder = Annotated[Path | None, BeforeValidator(_blank_is_none), AfterValidator(_folder)]


class PolicySettings(BaseSettings):
    """FRONTLINE_POLICIES: names or files, separated by commas. With several, `effective_from` chooses.

    FRONTLINE_POLICY_DIR: a folder of one's own editions, beside the shipped ones.
    """

    model_config = SettingsConfigDict(env_prefix="FRONTLINE_", extra="ignore", frozen=True)

    policies: PolicyNames = ("guidelines-2021",)
    policy_dir: PolicyFolder = None

    def editions(self) -> EditionLibrary:
        """The library of these editions. Raises PolicyError with the mistakes of all of them."""
        return load_library(self.policies, self.policy_dir)
