"""What every service that runs tasks takes from its environment; apart from `service.py`, which loads a web server."""

from pydantic import Field

from shared.kafka.settings import KafkaSettings
from shared.observability.logs import LogFormat, LogLevel


class TaskServiceSettings(KafkaSettings):
    """What every service that runs tasks takes from its environment, beside Kafka's settings."""

    http_host: str = "127.0.0.1"
    http_port: int = Field(8081, ge=0, le=65_535, description="for /livez /readyz /metrics /asyncapi; 0 = a free one")
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
