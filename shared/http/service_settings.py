"""What every service takes from its environment as a process: where it listens, and how it logs."""

from pydantic import Field

from shared.observability.logs import LogFormat, LogLevel
from shared.settings import EnvironmentSettings


class ServiceSettings(EnvironmentSettings):
    """Each field is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""

    http_host: str = "127.0.0.1"
    http_port: int = Field(8081, ge=0, le=65_535, description="0 = a free one, which the log names")
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
