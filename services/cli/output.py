"""Standard output for people: whoever closes the pipe early (`| head`) has read enough, and that is no error."""

from typing import NoReturn

from rich.console import Console


class _Output(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Rich would end the process with exit code 1 here; the entry of the program ends quietly."""
        raise BrokenPipeError


def output() -> Console:
    """A console that breaks no line by itself, marks no numbers, and raises BrokenPipeError."""
    return _Output(soft_wrap=True, highlight=False)
