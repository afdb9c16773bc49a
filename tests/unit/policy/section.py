"""One section of a policy file, as text."""


def section(name: str, text: str) -> str:
    """A section of the text, with its heading."""
    lines = text.splitlines(keepends=True)
    start = next(index for index, line in enumerate(lines) if line.startswith(f"{name}:"))
    length = next((index for index, line in enumerate(lines[start + 1 :], 1) if line[0] not in " -"), None)
    return "".join(lines[start:] if length is None else lines[start : start + length])
