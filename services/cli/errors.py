"""The root of what ends a command with one line on standard error, and how Kafka's failures become that line."""

import contextlib
import sys
from collections.abc import Iterator

from aiokafka.errors import KafkaConnectionError, KafkaError

from shared.kafka.faults import NoTopics
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.kafka.topic_admin import TopicNotMade

FAILED, BAD_INPUT = 1, 2


class CommandError(Exception):
    """The command cannot do what it was asked to; the message is for people, `exit_code` that of the process."""

    exit_code = FAILED

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        if exit_code is not None:
            self.exit_code = exit_code


def report(error: CommandError) -> int:
    """Print the error; returns the exit code."""
    print(error, file=sys.stderr)
    return error.exit_code


def kafka_settings(kafka: str | None) -> KafkaSettings:
    """The settings from the environment, with `--kafka` in place of FRONTLINE_KAFKA_BOOTSTRAP. Raises CommandError."""
    try:
        return load(KafkaSettings) if kafka is None else load(KafkaSettings, kafka_bootstrap=kafka)
    except BadSettings as error:
        raise CommandError(str(error), BAD_INPUT) from None


@contextlib.contextmanager
def kafka_errors(settings: KafkaSettings) -> Iterator[None]:
    """Raise CommandError for what goes wrong with Kafka inside the block."""
    where = f"Kafka at {settings.kafka_bootstrap}"
    try:
        yield
    except KafkaConnectionError:
        raise CommandError(f"{where} does not answer; set its address with --kafka HOST:PORT") from None
    except NoTopics:
        raise CommandError(f"{where} has no topics of Frontline; run `frontline topics apply`") from None
    except (KafkaError, TopicNotMade, OSError) as error:
        raise CommandError(f"{where} failed: {str(error) or type(error).__name__}") from None
