"""`frontline --version`: what somebody writes into a report of a defect."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from services.cli.version import frontline_version
from tests.harness.command_line import frontline_text

ROOT = Path(__file__).parents[3]
FILES = ("pyproject.toml", "README.md", "LICENSE")


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "tag.gpgSign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def _version_in(folder: Path) -> str:
    """What a build of the files in `folder` would be."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "version"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the files that a build reads, and one commit."""
    for name in FILES:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--no-gpg-sign", "--message", "files")
    return tmp_path


def test_the_command_says_the_version_of_the_package() -> None:
    """In one line, without the name: scripts compare it."""
    assert frontline_text("--version").stdout.strip() == version("frontline")


def test_a_tag_is_the_version(repository: Path) -> None:
    """A release is made by a tag alone: nothing has to be edited, and nothing can be forgotten."""
    _git(repository, "tag", "v1.2.0")
    assert _version_in(repository) == "1.2.0"


def test_commits_after_a_tag_are_told_apart(repository: Path) -> None:
    """A report of a defect between two releases names the commit."""
    _git(repository, "tag", "v1.2.0")
    (repository / "new").touch()
    _git(repository, "add", ".")
    _git(repository, "commit", "--quiet", "--no-gpg-sign", "--message", "new")
    assert re.fullmatch(r"1\.2\.1\.dev1\+g[0-9a-f]+", _version_in(repository))


def test_a_clone_without_tags_can_be_installed(repository: Path) -> None:
    """As a shallow clone, or a fork that took no tags."""
    assert re.match(r"0\.0\.\d+\.dev1\+g[0-9a-f]+", _version_in(repository))


def test_files_without_a_repository_can_be_installed(tmp_path: Path) -> None:
    """An archive of the source has no .git."""
    for name in FILES:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    assert _version_in(tmp_path) == "0.0.0"


def test_the_image_has_the_version_that_its_build_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs the files, and no package is installed in it; the command ended with a traceback."""
    monkeypatch.setenv("FRONTLINE_VERSION", "1.2.0")
    assert frontline_version("no-such-package") == "1.2.0"
    monkeypatch.setenv("FRONTLINE_VERSION", "")
    assert frontline_version("no-such-package") == "0.0.0"
