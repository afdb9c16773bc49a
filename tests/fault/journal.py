"""The rounds that have been run, one JSON line each, so that a long run goes on where it was stopped."""

from pathlib import Path

import msgspec

from tests.fault.fault_round import RoundResult

_decode = msgspec.json.Decoder(RoundResult).decode


class Journal:
    """The results in a file, by seed and number."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            path.unlink(missing_ok=True)
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]
        if len(whole) < len(lines):  # a run was killed while it wrote
            path.write_bytes(b"".join(whole))
        self.results = [_decode(line) for line in whole]

    def add(self, result: RoundResult) -> None:
        """A round has ended."""
        self.results.append(result)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")

    def of(self, seed: int, version: str) -> dict[int, RoundResult]:
        """The rounds of a seed, by number, that tested this version; what others did proves nothing of it."""
        return {result.number: result for result in self.results if result.seed == seed and result.version == version}
