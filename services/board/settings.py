"""The settings of the board, read from its environment once at the start."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import Field, HttpUrl

from services.board.store.retention import Keeping
from shared.kafka.settings import KafkaSettings
from shared.policy.settings import PolicySettings
from shared.settings import WrongSetting
from shared.web.settings import WebSettings


class Settings(KafkaSettings, WebSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them.

    Keys, host applications and secrets are those of intake: whoever is known there is known here.
    """

    board_file: Path = Field(Path("board.sqlite"), description="what the board knows; made anew if it is not there")
    board_keep_days: int = Field(400, ge=1, description="how long the board has cases after they ended")
    board_text_days: int = Field(90, ge=1, description="how long it has what people wrote on them, after they ended")
    intake_url: HttpUrl = Field(HttpUrl("http://127.0.0.1:8080"), description="where the board reports what agents do")
    intake_address: HttpUrl | None = Field(
        None, description="the same for browsers; None = as the board itself calls it"
    )
    intake_timeout_seconds: float = Field(8.0, gt=0, le=60, description="for one report")

    @property
    def keeping(self) -> Keeping:
        """Both together."""
        return Keeping(timedelta(days=self.board_keep_days), timedelta(days=self.board_text_days))

    def contradictions(self) -> Iterator[WrongSetting]:
        """The file has a folder to be in."""
        yield from super().contradictions()
        if not self.board_file.absolute().parent.is_dir():
            yield WrongSetting(("board_file",), f"FRONTLINE_BOARD_FILE={self.board_file}: its folder is not there")
