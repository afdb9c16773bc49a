"""The settings of intake, read from its environment once at the start."""

from pydantic import Field, HttpUrl, field_validator

from shared.help_topics.mistakes import HelpTopicsError
from shared.help_topics.settings import HelpTopicsSettings
from shared.help_topics.topics import Topics
from shared.kafka.settings import BadSettings, KafkaSettings
from shared.policy.settings import PolicySettings
from shared.web.settings import WebSettings, checked_rate


class Settings(KafkaSettings, WebSettings, PolicySettings, HelpTopicsSettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""

    http_port: int = Field(8080, ge=0, le=65535, description="0 = a free port, which the log names")
    publish_timeout_seconds: float = Field(5.0, gt=0, le=60)
    publish_linger_ms: int = Field(2, ge=0, le=100, description="how long records wait to share a batch")
    recent_requests: int = Field(200_000, ge=1, le=5_000_000, description="how many recent requests have a status")
    recent_hours: float = Field(24.0, ge=0, le=720, description="how far back recent requests are read at the start")
    recent_cases_mb: int = Field(64, ge=0, le=100_000, description="how much of the log the pages keep in memory")
    known_request_ids: int = Field(
        1_000_000, ge=1, le=50_000_000, description="of yesterday and today, to recognise an Idempotency-Key by"
    )
    chat_rate: str = Field("120/minute", description="messages of one person, or of the visitors of one address")
    board_address: HttpUrl | None = Field(None, description="where browsers find the board; None = there is none")
    chat_idle_minutes: float = Field(30.0, gt=0, le=1440, description="without a message, then a chat is closed")

    _chat_rate = field_validator("chat_rate")(checked_rate)

    def read_topics(self) -> Topics:
        """What the bot of the chat answers from. Raises BadSettings with one line for each mistake."""
        try:
            return Topics(self.topics())
        except HelpTopicsError as error:
            raise BadSettings("\n".join(f"FRONTLINE_HELP_TOPICS: {each}" for each in error.mistakes)) from None
