"""Which folder imports which: what the picture in CONTRIBUTING.md shows, worked out from the imports.

The picture leaves out what follows from it: where A imports B and B imports C, an arrow from A to C says nothing new.
"""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

Graph = dict[str, set[str]]  # folder -> the folders that it imports
ARROW = re.compile(r"^\s+(\w+) --> (.+)$")


def imported(root: Path) -> Graph:
    """The folders of the product, by their last name, and what each imports directly."""
    graph: Graph = {}
    for base in ("services", "shared"):
        for path in sorted((root / base).rglob("*.py")):
            folder = path.relative_to(root).with_suffix("").parts[1]
            modules = _modules(ast.parse(path.read_text(encoding="utf-8")))
            targets = {name.split(".")[1] for name in modules if name.startswith(("services.", "shared."))}
            graph.setdefault(folder, set()).update(targets - {folder})
    graph.pop("__init__", None)
    return graph


def reduced(graph: Mapping[str, set[str]]) -> Graph:
    """Without the arrows that follow from others; `graph` has no cycle."""
    reach: Graph = {}

    def below(folder: str) -> set[str]:
        if folder not in reach:
            reach[folder] = set().union(*({target} | below(target) for target in graph.get(folder, ())))
        return reach[folder]

    return {folder: targets - set().union(*(below(target) for target in targets)) for folder, targets in graph.items()}


def drawn(text: str) -> Graph:
    """The arrows of the mermaid picture in a page."""
    picture = text.partition("```mermaid")[2].partition("```")[0]
    found: Graph = {}
    for line in picture.splitlines():
        if arrow := ARROW.match(line):
            found.setdefault(arrow[1], set()).update(name.strip() for name in arrow[2].split("&"))
    return found


def picture(graph: Graph) -> str:
    """The graph as mermaid."""
    lines = [f"    {folder} --> {' & '.join(sorted(targets))}" for folder, targets in graph.items() if targets]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def _modules(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


if __name__ == "__main__":
    print(picture(reduced(imported(Path(__file__).parents[2]))))
