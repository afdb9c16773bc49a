"""`frontline replay`: the interface that people and scripts rely on."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.replay.command import replay
from services.replay.log_file import lines_of
from shared.contracts.topics import EDITIONS, ESCALATIONS
from shared.kafka.record import Record
from tests.harness.asking import account
from tests.harness.command_line import frontline, frontline_anew
from tests.harness.recording import Recording, log_of
from tests.topology.replay.helpers import LIBRARY, NEXT, edited, find_event, without


def recorded(library: Any = LIBRARY) -> Recording:
    """A case that nobody answers."""
    recording = Recording(library)
    recording.sets_entitlement(account())
    recording.asks(1, subject="my password is hunter2")
    recording.runs(service=None if library is LIBRARY else "router")
    recording.passes(timedelta(days=1))
    return recording


def written(path: Path, recording: Recording, records: list[Record] | None = None) -> Path:
    """The file of a log."""
    with recording.log() as log:
        extent = log.extent
    with log_of(extent, recording.all_records() if records is None else records) as log, path.open("wb") as file:
        file.writelines(lines_of(log))
    return path


def complaints(done: subprocess.CompletedProcess[bytes]) -> list[bytes]:
    """The lines on standard error without those of progress, which appear on a busy machine."""
    return [line for line in done.stderr.splitlines() if not line.startswith((b"reading the log: ", b"replaying: "))]


def test_an_untouched_log_is_identical(tmp_path: Path) -> None:
    """Exit code 0, the same bytes each time, from a file or from standard input, and nothing to complain about."""
    file = written(tmp_path / "log", recorded())
    done = [
        frontline_anew("replay", "--from-file", str(file), "--json"),
        frontline_anew("replay", "--from-file", str(file), "--json"),
        frontline_anew("replay", "--from-file", "-", "--json", stdin=file.read_bytes()),
    ]
    assert [(each.returncode, complaints(each)) for each in done] == [(0, [])] * 3
    assert len({each.stdout for each in done}) == 1
    found = json.loads(done[0].stdout)
    assert found["identical"] is True
    assert found["digest"] == found["published_digest"]
    router, escalation = found["services"]["router"], found["services"]["escalation"]
    assert (router["published"], router["replayed"], router["identical"]) == (1, 1, 1)
    assert escalation["identical"] == escalation["published"] > 5
    assert {escalation[name] for name in ("differing", "missing", "unexpected", "not_replayable")} == {0}
    assert (found["differences"], found["more_differences"], found["notes"]) == ([], 0, [])


def test_people_get_a_table_and_a_verdict(tmp_path: Path) -> None:
    """The numbers, both digests, and one sentence."""
    done = frontline("replay", "--from-file", str(written(tmp_path / "log", recorded())))
    text = done.stdout.decode()
    assert (done.returncode, complaints(done)) == (0, [])
    assert "events published" in text
    assert "identical: " in text.splitlines()[-1]
    assert "hunter2" not in text


def test_a_difference_is_shown_and_the_exit_code_is_1(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Which event, where, which field, both values; for people and for programs."""
    recording = recorded()
    old = find_event(recording.published(ESCALATIONS), "clock.breached")
    records = edited(recording.all_records(), old, lambda data: data.update(due_at=None))
    file = written(
        tmp_path / "log", recording, without(records, find_event(recording.published(ESCALATIONS), "raised"))
    )
    assert replay(from_file=file, as_json=True) == 1
    found = json.loads(capsysbinary.readouterr().out)
    assert found["identical"] is False
    assert found["digest"] != found["published_digest"]
    differing, missing = found["differences"]
    assert (differing["kind"], differing["type"]) == ("differing", "frontline.clock.breached.v1")
    assert differing["place"] == f"{ESCALATIONS.name}[{old.partition}]@{old.offset}"
    assert differing["id"] == dict(old.headers)["ce_id"].decode()
    assert [each["field"] for each in differing["fields"]] == ["due_at"]
    assert (missing["kind"], missing["place"]) == ("missing", None)
    assert replay(from_file=file) == 1
    text = capsysbinary.readouterr().out.decode()
    assert f"frontline.clock.breached.v1 {differing['id']} differs at {differing['place']}" in text
    assert "due_at: published null, replayed 2026-" in text
    assert "is missing" in text
    assert text.splitlines()[-1].startswith("2 differences")


def test_only_so_many_differences_are_shown(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """--show says how many; the others are counted."""
    recording = recorded()
    file = written(tmp_path / "log", recording, without(recording.all_records(), *recording.published(ESCALATIONS)[:3]))
    assert replay(from_file=file, show_at_most=1) == 1
    assert "and 2 more" in capsysbinary.readouterr().out.decode()
    assert replay(from_file=file, show_at_most=0, as_json=True) == 1
    found = json.loads(capsysbinary.readouterr().out)
    assert (found["differences"], found["more_differences"]) == ([], 3)


def test_an_event_that_cannot_be_replayed_is_counted_and_the_exit_code_is_1(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Nothing differs, and yet not everything was compared: a script must not take that for an identical log."""
    recording = recorded()
    asked = next(record for record in recording.all_records() if record.topic == "support.requests.v1")
    file = written(tmp_path / "log", recording, without(recording.all_records(), asked))
    assert replay(from_file=file, as_json=True) == 1
    found = json.loads(capsysbinary.readouterr().out)
    assert (found["identical"], found["differences"]) == (False, [])
    reasons = found["services"]["router"]["not_replayable_reasons"]
    facts = {"topic": "support.requests.v1"}
    assert reasons == [{"code": "replay.lost.cause_missing", "facts": facts, "count": 1}]
    assert replay(from_file=file) == 1
    text = capsysbinary.readouterr().out.decode()
    assert "router: 1 cannot be replayed: the log does not have" in text
    assert replay(from_file=file, lang="es") == 1
    text = capsysbinary.readouterr().out.decode()
    assert "router: 1 no se puede reproducir: el registro no tiene el mensaje de support.requests.v1" in text
    assert text.splitlines()[-1].endswith("eventos son idénticos; 1 no se puede reproducir")


def test_a_file_does_not_control_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name in a line that is refused is shown, and its control characters are not."""
    file = written(tmp_path / "log", recorded())
    line = {"topic": "a\x1b[2J", "partition": 0, "offset": 0, "timestamp": 0, "key": None, "value": None, "headers": []}
    file.write_bytes(file.read_bytes() + json.dumps(line).encode() + b"\n")
    assert replay(from_file=file) == 2
    assert "topic a\N{REPLACEMENT CHARACTER}[2J is not part of a log" in capsys.readouterr().err


def test_an_edition_may_be_named_besides_those_of_the_log(tmp_path: Path) -> None:
    """By --policy, repeated or with commas, or by the environment; without it, the error names it and its digest.

    The decisions are then replayed, and the only difference is the edition that the log should have.
    """
    recording = recorded(NEXT)
    records = without(recording.all_records(), *recording.published(EDITIONS))
    file = written(tmp_path / "log", recording, records)
    missing = frontline("replay", "--from-file", str(file))
    assert (missing.returncode, missing.stdout) == (2, b"")
    assert b"objectives-2024 (policy_sha256 " in missing.stderr
    for arguments in (
        ("--policy", "objectives-2024"),
        ("--policy", "guidelines-2021,objectives-2024"),
        ("--policy", "guidelines-2021", "--policy", "objectives-2024"),
    ):
        assert only_the_edition_is_missing(frontline("replay", "--from-file", str(file), "--json", *arguments))
    assert only_the_edition_is_missing(
        frontline("replay", "--from-file", str(file), "--json", environment={"FRONTLINE_POLICIES": "objectives-2024"})
    )


def only_the_edition_is_missing(done: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether everything else was replayed."""
    types = [each["type"] for each in json.loads(done.stdout)["differences"]]
    return (done.returncode, types) == (1, ["frontline.edition.published.v1"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the source of the log"),
        (("--from-topic", "--from-file", "x"), "name the source of the log"),
        (("--from-file", "{tmp}/nowhere"), "cannot read {tmp}/nowhere: No such file"),
        (("--from-file", "{tmp}"), "cannot read {tmp}: Is a directory"),
        (("--from-file", "{tmp}/log", "--save", "{tmp}/other"), "--save needs --from-topic"),
        (("--from-file", "{tmp}/log", "--show", "-1"), "--show -1: must not be negative"),
        (("--from-file", "{tmp}/log", "--policy", "nowhere"), "there is no edition 'nowhere'"),
        (("--from-file", "{tmp}/bad"), "{tmp}/bad, line 2: is not JSON"),
        (("--from-topic", "--save", "-"), "--save needs the name of a file"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_message(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    """Nothing on standard output: there is no answer."""
    file = written(tmp_path / "log", recorded())
    (tmp_path / "bad").write_bytes(file.read_bytes().splitlines(keepends=True)[0] + b"{")
    done = frontline("replay", *(each.replace("{tmp}", str(tmp_path)) for each in arguments))
    assert (done.returncode, done.stdout) == (2, b"")
    assert message.replace("{tmp}", str(tmp_path)) in " ".join(done.stderr.decode().split())


def test_an_unavailable_kafka_is_one_line() -> None:
    """And exit code 1: the arguments were right, there is no result."""
    done = frontline("replay", "--from-topic", "--kafka", "127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, b"")
    assert len(done.stderr.splitlines()) == 1
    assert b"127.0.0.1:1 does not answer" in done.stderr
