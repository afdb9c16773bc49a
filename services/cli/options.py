"""What the commands have in common: options, Kafka settings, and the error that ends a command."""

from typing import Annotated

from cyclopts import Parameter

from shared.contracts.vocabulary import Language
from shared.kafka.settings import BadSettings, KafkaSettings, load

BAD_INPUT = 2  # exit code

Flag = Annotated[bool, Parameter(negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of text.")]
Kafka = Annotated[str | None, Parameter(help="HOST:PORT of Kafka. By default FRONTLINE_KAFKA_BOOTSTRAP.")]
Lang = Annotated[Language | None, Parameter(name=["--lang", "--language"])]


class CommandFailed(Exception):
    """The root of what ends a command, with this message on standard error and this exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def kafka_settings(address: str | None) -> KafkaSettings:
    """The settings of the environment, with this address if one is given. Raises CommandFailed."""
    try:
        return load(KafkaSettings) if address is None else load(KafkaSettings, kafka_bootstrap=address)
    except BadSettings as error:
        raise CommandFailed(str(error), BAD_INPUT) from None
