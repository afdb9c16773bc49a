"""`python -m tests.contract.whats_here`: brings docs/whats-here.md up to date; the sentences that people wrote stay.

A new Python file is described by the first sentence of its docstring, other files by their first comment or heading;
what has neither is listed with `?`, which the test refuses until somebody says what it is.
"""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from itertools import dropwhile, takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "whats-here.md"
ENTRY = re.compile(r"^- `(?P<path>[^`]+)` — (?P<sentence>.+)$")
NOT_OURS = {".git", ".venv", "dist", "__pycache__", ".frontline"}
INTRODUCTION = """# What is here

Every file in one sentence. A pattern stands for files of one kind. `python -m tests.contract.whats_here` adds what is
new and drops what is gone; a test compares this page with the tree.
"""


def tracked_files(root: Path = ROOT) -> list[str]:
    """The project's files, by git; where there is no git checkout, all files but caches and environments."""
    if (root / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
        return sorted(name for name in listed.split("\0") if name and (root / name).exists())
    walked = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in walked if not NOT_OURS.intersection(path.parts) and not _is_cache(path))


def entries(page: str) -> dict[str, str]:
    """Path or pattern -> sentence. A path that is listed twice keeps its last sentence."""
    return {found["path"]: found["sentence"] for line in page.splitlines() if (found := ENTRY.match(line))}


def missing_and_stale(page: str, files: list[str]) -> tuple[list[str], list[str]]:
    """Files without an entry, and entries without a file."""
    listed = entries(page)
    missing = [file for file in files if not any(fnmatchcase(file, entry) for entry in listed)]
    stale = [entry for entry in listed if not any(fnmatchcase(file, entry) for file in files)]
    return missing, stale


def brought_up_to_date(page: str, files: list[str]) -> str:
    """The page with an entry for each file, in the order of folders, and none for files that are gone."""
    missing, stale = missing_and_stale(page, files)
    listed = {path: sentence for path, sentence in entries(page).items() if path not in stale}
    listed |= {path: sentence_about(ROOT / path) for path in missing}
    lines = [INTRODUCTION]
    for folder in sorted({str(Path(path).parent) for path in listed}):
        lines.append(f"## {'The root' if folder == '.' else f'`{folder}/`'}\n")
        inside = sorted(path for path in listed if str(Path(path).parent) == folder)
        lines += [f"- `{path}` — {listed[path]}" for path in inside]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def sentence_about(path: Path) -> str:
    """What a file says of itself, in one sentence, or `?`."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(text)) or "?"
    else:
        lines = [line for line in text.splitlines() if "$schema" not in line and not line.startswith("#!")]
        block = takewhile(lambda line: line.startswith("# "), dropwhile(lambda line: not line.startswith("# "), lines))
        said = " ".join(line.removeprefix("# ") for line in block) or "?"
    said = " ".join(said.removeprefix("[pure] ").partition("\n\n")[0].split())
    sentence = re.split(r"(?<=\.) (?=[A-Z`])", said)[0].rstrip(":")
    return sentence if sentence == "?" or sentence.endswith((".", "!")) else f"{sentence}."


def _is_cache(path: Path) -> bool:
    return path.parts[0] == "mutants" or any(
        part.endswith(("_cache", ".egg-info")) or part == ".hypothesis" for part in path.parts
    )


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(brought_up_to_date(before, tracked_files()), encoding="utf-8")
    unsaid = [path for path, sentence in entries(PAGE.read_text(encoding="utf-8")).items() if sentence == "?"]
    print("\n".join(f"say what {path} is, in {PAGE.relative_to(ROOT)}" for path in unsaid) or "up to date")
    sys.exit(1 if unsaid else 0)
