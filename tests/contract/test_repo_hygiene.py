"""What is committed works on any machine, names no one's machine, and gives nothing away."""

import re
from pathlib import Path

import pytest

from tests.contract.tree import ROOT, tracked_files

LARGEST = 512 * 1024  # bytes; more is not source
PATTERNS = {
    "a path of somebody's machine": r"(?<![\w.~}$-])/(?:work|root|home/\w+|Users/\w+|private/var)/\w",
    "a package index or its host": r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|(?:^|\s)--(?:extra-)?index-url",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a cloud or forge credential": r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|glpat-[\w-]{20}|xox[abpr]-[\w-]{10,})",
    "a signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.",
    "credentials in an address": r"\w+://[^/\s:@{}<>$\"']+:[^/\s:@{}<>$\"']+@",
    "a mark of unfinished work": r"\b(?:TODO|FIXME|HACK|NotImplementedError)\b",
    "a word that needed a glossary": r"(?i)\bput[ _]aside\b|\bkafka[ _.]?away\b|\bheeded\b|\bleash\b",
    "a merge conflict": r"^(?:<{7} |>{7} |={7}$)",
    "a space at the end of a line": r"[ \t]+$",
}
IGNORED_TYPE = re.compile(r"# type: ignore(?!\[[a-z-]+(?:, ?[a-z-]+)*\]  # \S)")
UNEXPLAINED = re.compile(r"# noqa(?!: [A-Z]+\d+(?:, ?[A-Z]+\d+)* - \S)")
STORED = "tests/contract/saved/"  # its .bin files are bytes as a store keeps them
PICTURES = "docs/images/"
LARGEST_PICTURE = 200 * 1024
FILES = [
    name
    for name in tracked_files()
    if name != Path(__file__).relative_to(ROOT).as_posix()
    and not (name.startswith(STORED) and name.endswith(".bin"))
    and not (name.startswith(PICTURES) and name.endswith(".png"))
]


def test_pictures_are_small_and_all_of_them_are_shown() -> None:
    """A clone stays small, and no page shows an old one: `make screenshots` takes those that are here."""
    pages = "".join((ROOT / name).read_text(encoding="utf-8") for name in FILES if name.endswith(".md"))
    pictures = [name for name in tracked_files() if name.startswith(PICTURES)]
    assert pictures
    for name in pictures:
        assert (ROOT / name).stat().st_size < LARGEST_PICTURE
        assert name.removeprefix("docs/") in pages


def mistakes(name: str, content: bytes) -> list[str]:
    """What should not be in this file, with its lines."""
    found = [] if len(content) <= LARGEST else [f"{name} has {len(content)} bytes"]
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return [*found, f"{name} is not text in UTF-8"]
    for what, pattern in PATTERNS.items():
        found += [f"{name}:{at}: {what}" for at, line in enumerate(lines, 1) if re.search(pattern, line)]
    if name.endswith(".py"):
        for at, line in enumerate(lines, 1):
            if IGNORED_TYPE.search(line):
                found.append(f"{name}:{at}: a type error ignored without its code and a reason")
            explained_above = any(above.lstrip().startswith("# ") for above in lines[max(at - 4, 0) : at - 1])
            if UNEXPLAINED.search(line) and not explained_above:
                found.append(f"{name}:{at}: a lint exception without its code and a reason")
    return found


def test_no_file_says_what_it_should_not() -> None:
    """A clone works anywhere, and can be shown to anyone."""
    found = [line for name in FILES for line in mistakes(name, (ROOT / name).read_bytes())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('ROOT = "/home/ada/frontline"', "machine"),
        ("see /root/notes", "machine"),
        ("curl https://files.pythonhosted.org/x", "index"),
        ("--index-url https://mirror.example/simple", "index"),
        ("-----BEGIN RSA PRIVATE KEY-----", "key"),
        ("AKIAABCDEFGHIJKLMNOP", "credential"),
        ("https://user:hunter2@example.com/", "credentials"),
        ("x = 1  # TODO later", "unfinished"),
        ("the record is put aside", "glossary"),
        ('action="kafka.away"', "glossary"),
        ("<<<<<<< HEAD", "conflict"),
        ("trailing ", "space"),
        ("x: int = y()  # type: ignore", "without its code"),
        ("x: int = y()  # type: ignore[assignment]", "without its code"),
        ("import os  # noqa", "lint exception"),
        ("import os  # noqa: F401", "lint exception"),
    ],
)
def test_each_of_these_is_found(line: str, what: str) -> None:
    """The check itself works."""
    assert any(what in mistake for mistake in mistakes("planted.py", f"first\n{line}\nlast\n".encode()))


@pytest.mark.parametrize(
    "line",
    [
        'path = tmp_path / "work" / "x"',
        "curl http://localhost:8080/work/x",
        "COPY . /app",
        "https://${USER}:${PASSWORD}@host/",
        "uv pip compile --no-emit-index-url",
        "x: int = y()  # type: ignore[assignment]  # y is untyped",
        "import os  # noqa: F401 - used by users",
    ],
)
def test_what_only_looks_alike_is_left_alone(line: str) -> None:
    """Nobody is made to write around a check."""
    assert mistakes("planted.py", f"{line}\n".encode()) == []


@pytest.mark.parametrize("name", [name for name in FILES if Path(name).name.startswith("requirements")])
def test_a_lock_file_has_versions_and_hashes_and_no_address(name: str) -> None:
    """It installs the same files from whatever index a machine uses."""
    requirements = re.sub(r"\\\n", " ", (ROOT / name).read_text()).splitlines()
    pins = [line for line in requirements if line.strip() and not line.lstrip().startswith("#")]
    assert pins
    for pin in pins:
        assert re.match(r"[\w.\[\],-]+==[\w.!+]+\s", pin), pin
        assert "--hash=sha256:" in pin, pin
        assert "://" not in pin, pin


def test_no_file_of_a_machine_is_committed() -> None:
    """Settings with secrets, keys, caches, editors' folders."""
    kinds = re.compile(r"(^|/)(\.env|\.idea|\.vscode|\.DS_Store|__pycache__|\.venv)(/|$)|\.(pem|key|p12|jks|pyc|log)$")
    assert [name for name in FILES if kinds.search(name)] == []
