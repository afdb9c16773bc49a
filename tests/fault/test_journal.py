"""A long run goes on where it was stopped, and says what it has done."""

from pathlib import Path

import pytest

from shared.embedded_kafka.errors import PortTaken
from tests.fault.__main__ import main, summary
from tests.fault.fault_round import Progress, RoundResult
from tests.fault.journal import Journal


def result(number: int, violations: tuple[str, ...] = (), seed: int = 1) -> RoundResult:
    """A round with two faults."""
    return RoundResult(seed, number, 3, {"kill": 1, "cut": 1}, 10, 5, 20, 1.0, [], list(violations), "abc")


@pytest.fixture(autouse=True)
def tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit of the results."""
    monkeypatch.setattr("tests.fault.__main__.version", lambda: "abc")


def test_rounds_that_are_done_are_known_to_the_next_run(tmp_path: Path) -> None:
    """By seed and version, also after a line that a kill left unfinished. What old code did proves nothing of new."""
    path = tmp_path / "new" / "journal.jsonl"
    Journal(path).add(result(0))
    Journal(path).add(result(4, seed=2))
    with path.open("a", encoding="ascii") as file:
        file.write('{"seed":1,"num')
    again = Journal(path)
    assert again.of(1, "abc") == {0: result(0)}
    assert again.of(1, "def") == {}
    assert again.of(2, "abc") == {4: result(4, seed=2)}
    again.add(result(1))
    assert set(Journal(path).of(1, "abc")) == {0, 1}
    assert Journal(path, fresh=True).results == []


def test_the_summary_counts_each_kind_of_fault() -> None:
    """A kind that did not happen is shown as 0, not left out."""
    lines = dict(line.rsplit(maxsplit=1) for line in summary([result(0), result(1, ("it was lost",))]).splitlines())
    counts = {name.strip(): count for name, count in lines.items()}
    assert (counts["kill"], counts["freeze"], counts["faults"], counts["violations"]) == ("2", "0", "4", "1")


@pytest.mark.parametrize(("violations", "code"), [((), 0), (("order: x",), 1)])
def test_the_exit_code_is_the_verdict(
    tmp_path: Path, violations: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With everything done, nothing runs again."""
    path = tmp_path / "journal.jsonl"
    Journal(path).add(result(0, violations))
    assert main(["--faults", "20", "--journal", str(path)]) == code
    assert all(violation in capsys.readouterr().out for violation in violations)


def test_a_round_that_is_named_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names one wants to see again what it has found."""
    ran: list[int] = []

    async def run(seed: int, number: int, *_: object) -> RoundResult:
        ran.append(number)
        return result(number, seed=seed)

    monkeypatch.setattr("tests.fault.__main__.run_round", run)
    path = tmp_path / "journal.jsonl"
    Journal(path).add(result(1, ("it was lost",)))
    assert main(["--round", "1", "--journal", str(path)]) == 0
    assert main(["--faults", "60", "--journal", str(path)]) == 0
    assert ran == [1, 0, 2]


def test_a_round_whose_port_is_taken_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program of the machine may take a port between its choice and its use. A third time is no chance."""
    begun = []

    async def taken_once(seed: int, number: int, faults: int, folder: Path, progress: Progress) -> RoundResult:
        begun.append(number)
        if begun.count(number) <= busy[number]:
            raise PortTaken(port=4711, host="127.0.0.1")
        return result(number)

    busy = {0: 1, 1: 2}
    monkeypatch.setattr("tests.fault.__main__.run_round", taken_once)
    arguments = ["--faults", "40", "--journal", str(tmp_path / "journal.jsonl"), "--keep", str(tmp_path)]
    assert main([*arguments, "--seed", "1"]) == 0
    assert begun == [0, 0, 1, 1, 1]
    busy[0] = 9
    with pytest.raises(PortTaken):
        main([*arguments, "--seed", "1", "--round", "0"])
