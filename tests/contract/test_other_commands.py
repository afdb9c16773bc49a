"""Commands of other programs can be typed as they stand in the documents: curl, docker, the scripts of Kafka."""

import re

import pytest

from tests.contract.documents import DOCUMENTS, KAFKA_SCRIPTS, OTHER_PROGRAMS, PROGRAMS, Command, commands, read
from tests.contract.other_commands import mistakes_of, unknown_profiles
from tests.contract.test_env_example import EXAMPLE
from tests.contract.tree import ROOT

# Also as people write them from memory.
NAMES = (*OTHER_PROGRAMS, *(name.removesuffix(".sh") for name in KAFKA_SCRIPTS))
OF_THE_TESTS = {"FRONTLINE_TEST_KAFKA"}  # `tests/harness/broker.py` reads it: no setting of Frontline, so no example


def mistakes_in(text: str) -> list[str]:
    """Those of all commands of other programs."""
    return [mistake for command in commands(text, NAMES) for mistake in mistakes_of(command)]


def unknown_settings(command: Command) -> set[str]:
    """The variables before a command that are named as ours, and that nothing reads."""
    ours = {each.partition("=")[0] for each in command.variables if each.startswith("FRONTLINE_")}
    return ours - EXAMPLE.keys() - OF_THE_TESTS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_another_program_can_be_typed_as_it_stands(document: str) -> None:
    """Calls that moved, parameters that were renamed, services and topics that are gone."""
    assert mistakes_in(read(document)) == []


def test_the_commands_that_the_compose_file_shows_can_be_typed() -> None:
    """It is where whoever changes the stack looks."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    shown = re.findall(r"#.*?(docker compose [^:.\n]*)", text)
    assert len(shown) >= 2
    assert [mistake for each in shown for mistake in mistakes_in(f"    {each}")] == []


def test_commands_are_found_where_documents_show_them() -> None:
    """Else the tests above would find no mistake, whatever was written."""
    found = [command for document in DOCUMENTS for command in commands(read(document), NAMES)]
    assert {command.program for command in found if command.whole} == {"curl", "kafka-acls.sh"}
    assert sum(command.program == "curl" for command in found) >= 20
    assert any(command.program == "docker" for command in found)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_variables_before_a_command_are_those_that_something_reads(document: str) -> None:
    """A setting that was renamed does nothing there, and says nothing."""
    for command in commands(read(document), PROGRAMS + OTHER_PROGRAMS):
        assert unknown_profiles(command) == set()
        assert unknown_settings(command) == set()


KEY = '-H "Authorization: Bearer $KEY"'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (f'curl {KEY} "http://127.0.0.1:8081/v1/cases?stat=open"', "no parameter stat"),
        (f'curl {KEY} "http://127.0.0.1:8081/v1/cases?state=opened"', "state has no opened"),
        (f'curl {KEY} "http://127.0.0.1:8081/v1/cases?limit=501"', "at most 500"),
        (f"curl {KEY} http://127.0.0.1:8081/v1/case", "no /v1/case"),
        (f"curl {KEY} http://127.0.0.1:8080/v1/cases", "no /v1/cases"),
        (f"curl -X PUT {KEY} http://127.0.0.1:8081/v1/cases", "has no PUT"),
        (f"curl {KEY} http://127.0.0.1:9/v1/cases", "the address is none of"),
        (f'curl {KEY} -H "Idempotence-Key: 1" "$FRONTLINE_URL/v1/editions/current"', "no header idempotence-key"),
        ("curl http://127.0.0.1:8081/v1/operations", "nobody's key"),
        (f"curl {KEY} -d '{{}}' \"$FRONTLINE_URL/v1/support-requests\"", "Content-Type is one of application/json"),
        (f'curl -X POST {KEY} "$FRONTLINE_URL/v1/support-requests"', "a body is needed"),
        (f"curl --slient {KEY} http://127.0.0.1:8081/v1/cases", "--slient"),
        ("docker compose --profile observabilty up", "the profiles are observability"),
        ("docker compose logs rooter", "the stack has no rooter"),
        ("docker compose up --detach --scale rooter=3", "--scale"),
        ("docker compose upp", "no upp"),
        ("kafka-acls --list", "kafka-acls.sh"),
        ("kafka-acls.sh ... --operation Reed --group router", "--operation has no Reed"),
        ("kafka-acls.sh ... --operation Read --topic support.case.v1", "--topic has no support.case.v1"),
        ("kafka-acls.sh ... --operation Read --topic router-", "--topic has no router-"),
        ("kafka-acls.sh ... --operation Read --groop router", "--groop"),
    ],
)
def test_each_kind_of_mistake_is_found(text: str, mistake: str) -> None:
    """The check itself works."""
    (found,) = mistakes_in(f"    {text}")
    assert mistake in found


def test_a_profile_that_is_not_there_is_found() -> None:
    """It is a variable, not an option."""
    (command,) = commands("    COMPOSE_PROFILES=observability,other make up")
    assert unknown_profiles(command) == {"other"}


def test_a_setting_that_is_not_there_is_found() -> None:
    """Also if its name is the beginning of another one."""
    (command,) = commands("    FRONTLINE_KAFKA=127.0.0.1:9092 FRONTLINE_PARTITIONS=6 frontline up", PROGRAMS)
    assert unknown_settings(command) == {"FRONTLINE_KAFKA"}
