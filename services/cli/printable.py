"""[pure] Text from a log, made safe for a terminal: what somebody wrote there is shown, never obeyed."""

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"  # before the sign for per cent, in many languages


def printable(text: str) -> str:
    """`text` on one line, with its control characters replaced."""
    return "".join(c if c.isprintable() or c == _NO_BREAK_SPACE else "\N{REPLACEMENT CHARACTER}" for c in text)
