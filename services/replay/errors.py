"""[pure] The root of what keeps a log from being replayed."""


class ReplayError(Exception):
    """A log, one of its events, or what a replay needs beside it cannot be used."""
