"""The settings of the board, read from its environment once at the start."""

from pathlib import Path
from typing import Self

from pydantic import Field, HttpUrl, model_validator

from shared.kafka.settings import KafkaSettings
from shared.policy.settings import PolicySettings
from shared.web.settings import WebSettings


class Settings(KafkaSettings, WebSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them.

    Keys, host applications and secrets are those of intake: whoever is known there is known here.
    """

    board_file: Path = Field(Path("board.sqlite"), description="what the board knows; made anew if it is not there")
    intake_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), description="where the board reports what agents do")
    intake_address: HttpUrl | None = Field(
        None, description="the same for browsers; None = as the board itself calls it"
    )
    intake_timeout_seconds: float = Field(8.0, gt=0, le=60, description="for one report")

    @model_validator(mode="after")
    def _has_a_folder(self) -> Self:
        if not self.board_file.absolute().parent.is_dir():
            raise ValueError(f"board_file={self.board_file}: its folder is not there")
        return self
