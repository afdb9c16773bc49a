"""The board's own application after a recorded day, without Kafka: its file is filled as the log would fill it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from services.board.app import create_app
from services.board.service import Service
from services.board.settings import Settings
from services.board.store.complete import AsOf
from services.board.store.schema import connect
from services.board.store.stored_record import NUMBERS
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from shared.http.limits import HttpLimits
from shared.http.server import WebServer
from shared.identity.person import Person
from shared.observability.health import AsgiApp
from shared.policy.editions import EditionLibrary
from shared.wall_clock import utc_now
from shared.web.edge import Edge
from tests.harness.demo_day import ENDS, demo_day
from tests.harness.intake import ID_SECRET, api_keys, editions
from tests.harness.recording import Recording
from tests.harness.sign_in import HOST, KEY, token_hosts
from tests.unit.http.serving import listening

VIEWER = Person(HOST, "lead-1", ("view",), name="Lea")
_DAY_LONG = 86_400_000_000


class BoardDay(NamedTuple):
    """The application, and the service behind it. Without a clock of its own, its time is the end of the day."""

    app: AsgiApp
    service: Service
    file: Path


def board_day(
    folder: Path,
    now: datetime = ENDS,
    recording: Recording | None = None,
    *,
    library: EditionLibrary | None = None,
    clock: Callable[[], datetime] | None = None,
) -> BoardDay:
    """A board that has read the day of the demo, or what was recorded; with these editions, and with time that goes on
    by a `clock`.
    """
    hosts = [{**entry, "scopes": ["submit", "agent", "view"]} for entry in json.loads(token_hosts(KEY))]
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1",
        api_keys=api_keys(),
        id_secret=ID_SECRET,
        token_hosts=json.dumps(hosts),
        board_file=folder / "board.sqlite",
    )
    service = Service(settings, settings.read_callers(), library or editions(), clock or (lambda: now))
    writer = Writer(connect(settings.board_file, writes=True), service.shelf)
    writer.take(
        [record for record in (recording or demo_day()).all_records() if record.topic in NUMBERS], to_micros(now)
    )
    service.reading.caught_up.set()
    service.reading.as_of = AsOf(to_micros(utc_now() + timedelta(days=1)), to_micros(now))  # and it stays fresh
    return BoardDay(Edge(create_app(service)), service, settings.board_file)


def repeat(day: BoardDay, days: int) -> None:
    """Let the same day, or a part of it, have happened on the days before, for pictures."""
    db = connect(day.file, writes=True)
    ((cases, names),) = db.execute(
        "SELECT (SELECT max(case_no) FROM cases), (SELECT group_concat(name) FROM pragma_table_info('clocks'))"
    )
    columns = names.split(",")
    for number in range(1, days):
        values = {name: name for name in columns}
        values["case_no"] = f"case_no + {number * cases}"
        values["outcome_at"] = f"outcome_at - {number * _DAY_LONG}"
        some = f"(case_no * 7 + {number} * 13) % 10 < {(number * 5) % 7 + 3}"
        late = f"AND (outcome = 'met' OR case_no % {number % 5 + 4} = 0)"
        db.execute(
            f"INSERT INTO clocks SELECT {', '.join(values[name] for name in columns)} FROM clocks"
            f" WHERE case_no <= {cases} AND {some} {late}"
        )
        db.execute(
            "INSERT INTO cases (case_no, case_id, account_id, subject, tier, state)"
            f" SELECT case_no + {number * cases}, case_id || {number}, account_id, subject, tier, state FROM cases"
            f" WHERE case_no <= {cases}"
        )
    db.close()


@asynccontextmanager
async def served(day: BoardDay) -> AsyncIterator[str]:
    """Its address while it listens."""
    async with listening(WebServer(day.app, HttpLimits(connections=64, per_client=64), grace_seconds=1)) as (url, _):
        yield url
