"""The secret of ids that `frontline up` makes: kept with the data, since the ids in the log were made by it."""

import stat
from pathlib import Path

import pytest

from services.cli.id_secret import id_secret
from shared.contracts.request_ids import MIN_SECRET


def test_the_secret_stays_with_the_data_folder_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """After a restart, a repeated call has the id of the first, and clients have access to their cases."""
    made = id_secret(tmp_path)
    assert len(made) >= MIN_SECRET
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert id_secret(tmp_path) == made


def test_a_start_that_was_killed_leaves_no_secret_that_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intake refuses an empty one, so no later start would succeed."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            id_secret(tmp_path)
    made = id_secret(tmp_path)
    assert len(made) >= MIN_SECRET
    assert id_secret(tmp_path) == made
    assert [file.name for file in tmp_path.iterdir()] == ["id-secret"]


def test_an_empty_file_counts_as_missing(tmp_path: Path) -> None:
    """A full disk or a crash of the machine may leave one."""
    (tmp_path / "id-secret").touch()
    made = id_secret(tmp_path)
    assert len(made) >= MIN_SECRET
    assert id_secret(tmp_path) == made


def test_without_a_data_folder_each_start_has_a_secret_of_its_own() -> None:
    """As its log is."""
    assert id_secret(None) != id_secret(None)
