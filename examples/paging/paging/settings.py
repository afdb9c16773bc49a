"""The settings of the consumer, from variables of the environment such as PAGING_KAFKA."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`url`: where to post pages; None = print them. `journal`: the SQLite file of what was paged.

    `instance`: a name that is stable across restarts. With it, an instance that was killed and comes back goes on at
    once; without it, its partitions wait until Kafka has noticed its end.
    """

    model_config = SettingsConfigDict(env_prefix="PAGING_")

    kafka: str = "127.0.0.1:9092"
    topic: str = "support.escalations.v1"
    group: str = "paging"
    instance: str | None = None
    url: str | None = None
    journal: Path = Path("paging.db")
