"""`python -m tests.contract.tree`: every file with the first sentence that it says of itself (`make tree`).

A Python file is described by its docstring, any other by its first comment or heading.
"""

import ast
import re
import subprocess
import sys
from itertools import dropwhile, takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OURS = {".git", ".venv", "dist", "__pycache__", ".frontline"}


def tracked_files(root: Path = ROOT) -> list[str]:
    """The project's files, by git; where there is no git checkout, all files but caches and environments."""
    if (root / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
        return sorted(name for name in listed.split("\0") if name and (root / name).exists())
    walked = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in walked if not NOT_OURS.intersection(path.parts) and not _is_cache(path))


def first_sentence(path: Path) -> str:
    """What a file says of itself, in one sentence; "" if it says nothing."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".py":
        description = ast.get_docstring(ast.parse(text)) or ""
    else:
        lines = [line for line in text.splitlines() if "$schema" not in line and not line.startswith("#!")]
        block = takewhile(lambda line: line.startswith("# "), dropwhile(lambda line: not line.startswith("# "), lines))
        description = " ".join(line.removeprefix("# ") for line in block)
    paragraph = " ".join(description.removeprefix("[pure] ").partition("\n\n")[0].split())
    sentence = re.split(r"(?<=\.) (?=[A-Z`])", paragraph)[0].rstrip(":")
    return sentence if not sentence or sentence.endswith((".", "!", "?")) else f"{sentence}."


def listing(files: list[str], root: Path = ROOT) -> str:
    """The files by folder, each with its sentence."""
    lines: list[str] = []
    for folder in sorted({str(Path(name).parent) for name in files}):
        lines += ["", "." if folder == "." else f"{folder}/"]
        inside = [Path(name) for name in files if str(Path(name).parent) == folder]
        lines += [f"  {path.name:32} {first_sentence(root / path)}".rstrip() for path in inside]
    return "\n".join(lines).lstrip("\n") + "\n"


def chosen_files(files: list[str], places: list[str]) -> list[str]:
    """The files in these folders, or of these names; without any, all but `__init__.py`."""
    names = [place.removeprefix("./").rstrip("/") for place in places]
    shown = [name for name in files if not name.endswith("__init__.py")]
    return [name for name in shown if not names or any(f"{name}/".startswith(f"{place}/") for place in names)]


def _is_cache(path: Path) -> bool:
    return path.parts[0] == "mutants" or any(
        part.endswith(("_cache", ".egg-info")) or part == ".hypothesis" for part in path.parts
    )


if __name__ == "__main__":
    chosen = chosen_files(tracked_files(), sys.argv[1:])
    if not chosen:
        sys.exit(f"no file or folder is called {' or '.join(sys.argv[1:])}")
    print(listing(chosen), end="")
