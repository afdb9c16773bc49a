"""Turns the errors of Kafka into the one line that ends a command: the same sentence in every command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError

from services.cli.options import CommandFailed, language_of
from shared.kafka.faults import NoTopics
from shared.kafka.settings import KafkaSettings
from shared.messages.catalogues import messages_in


class KafkaCallFailed(CommandFailed):
    """Kafka does not answer, reports an error or has no topics of Frontline; exit code 1."""


def no_answer(address: str, language: str | None = None) -> str:
    """The sentence for a Kafka that does not answer. `language` None = that of the environment."""
    return messages_in(language or language_of(os.environ))("kafka.no_answer", address=address)


@contextmanager
def kafka_errors(settings: KafkaSettings, language: str | None = None) -> Iterator[None]:
    """Raise KafkaCallFailed for whatever the block cannot get from Kafka. `language` None = that of the environment."""
    messages, address = messages_in(language or language_of(os.environ)), settings.kafka_bootstrap
    try:
        yield
    except (KafkaConnectionError, NodeNotReadyError):
        raise KafkaCallFailed(no_answer(address, language)) from None
    except NoTopics:
        code = "kafka.no_topics_in_namespace" if settings.namespace else "kafka.no_topics"
        raise KafkaCallFailed(messages(code, address=address, namespace=settings.namespace)) from None
    except (KafkaError, OSError, TimeoutError) as error:
        problem = str(error) or type(error).__name__
        raise KafkaCallFailed(messages("kafka.failed", address=address, problem=problem)) from None
