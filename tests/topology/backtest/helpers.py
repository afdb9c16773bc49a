"""Backtests of a recording, and the editions that they try."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from services.replay.backtest.backtest import Backtest, BacktestResult
from services.replay.recorded_log import Extent, RecordedLog
from shared.kafka.record import Record
from shared.policy.files import load_edition
from shared.policy.model import Edition
from tests.harness.recording import Recording, log_of
from tests.harness.shipped import shipped_edition, shipped_library

GUIDELINES = shipped_edition("guidelines-2021")
OBJECTIVES = shipped_edition("objectives-2024")
LIBRARY = shipped_library("guidelines-2021")
BOTH = shipped_library("guidelines-2021", "objectives-2024")

_HEAD = 'edition: tried\nextends: guidelines-2021\neffective_from: "2025-01-01T00:00:00Z"\n'


def edition_of(folder: Path, changes: str) -> Edition:
    """The guidelines with changes, as the author of an edition writes them."""
    file = folder / "tried.yaml"
    file.write_text(_HEAD + changes, encoding="utf-8")
    return load_edition(file)


def backtest(
    recording: Recording, edition: Edition, records: Iterable[Record] | None = None, **options: Any
) -> BacktestResult:
    """The result of a backtest on a recording, or on other `records` in its place."""
    usual: dict[str, Any] = {"configured": LIBRARY, "spool": RecordedLog.empty, "show": None}
    with log_of(Extent(recording.partitions), recording.all_records() if records is None else records) as log:
        return Backtest(edition, **(usual | options)).run(log)


def found(result: BacktestResult) -> dict[str, int]:
    """The counts that are not 0."""
    return {name: count for name, count in result.counts.items() if count}


def codes(result: BacktestResult) -> dict[str, int]:
    """Why cases are not compared, and how many of them."""
    return dict(result.not_comparable.by_code)


def at(text: str) -> datetime:
    """An instant of the day of the recordings, 23 November 2026, in UTC."""
    return datetime.fromisoformat(f"2026-11-23T{text}:00+00:00")
