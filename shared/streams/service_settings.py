"""What every service that runs tasks takes from its environment; apart from `service.py`, which loads a web server."""

from shared.http.service_settings import ServiceSettings
from shared.kafka.settings import KafkaSettings


class TaskServiceSettings(KafkaSettings, ServiceSettings):
    """Kafka's settings, and those of a process; its HTTP port is for /livez, /readyz, /metrics and /asyncapi."""
