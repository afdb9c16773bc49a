"""The tables of the board, in one file of SQLite: all of it follows from the log, and can be made again from it.

- `meta`: `file`, a word that no other file has; `dictionary`, by which records are compressed (`codec.py`).
- `sources`: which topics it is a view of, by the ids that Kafka gave them. `offsets`: what comes next of each
  partition, written in the same transaction as everything that follows from the records below it.
- `cases`: a row for each case, with what lists and filters need. `clocks`: one for each clock of a case.
  `purged`: 1 = the texts of the case were deleted, 2 = there were new ones since.
- `kinds`: what reports count clocks by. A number stands for all of it, so that a million clocks are counted at once.
- `records`: the records of a case, byte for byte but compressed, from which its page is worked out. `editions`: those
  of the log.
- `words`: what was written on cases, for the search; `desk` is what only agents see.
- `activity_ids`: hashes of the ids of a case's activity, since pages show the first of each id, and of those that were
  taken back, which they do not show (`ingest.py`).
- `dirty`: cases whose row is older than their records.
- `lateness`, `breaches`: what is known of timers (`timers.py`).

Instants are microseconds since 1970 UTC.
"""

import os
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

from services.board.faults import AnotherVersion, UnusableFile
from services.board.store import timers
from services.board.store.codec import new_dictionary

VERSION = 2  # of the tables: a file of another version is rebuilt
UNKNOWN = 1 << 62  # `order_at` of a case of which neither the request nor the decision is there: no list shows it
PREFIX = 3  # characters: the shortest beginning of a word that a search finds
MESSAGES = 1 << 12  # rows of `words` for each case, at most

_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (topic TEXT PRIMARY KEY, topic_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE offsets (
  topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE editions (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
  case_no INTEGER NOT NULL, topic INTEGER NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (case_no, topic, partition, position)
) WITHOUT ROWID;
CREATE TABLE cases (
  case_no INTEGER PRIMARY KEY,
  case_id TEXT NOT NULL UNIQUE,
  change INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL DEFAULT 0,
  account_id TEXT, client TEXT, requester_id TEXT, requester TEXT, subject TEXT,
  received_at INTEGER, anonymous INTEGER NOT NULL DEFAULT 0, by_agent INTEGER NOT NULL DEFAULT 0,
  edition TEXT, policy_sha256 TEXT, plan TEXT, account_type TEXT, channel TEXT, tier TEXT, calendar TEXT,
  triage INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'undecided', status TEXT, priority TEXT,
  milestone TEXT, started_at INTEGER, due_at INTEGER, order_at INTEGER NOT NULL DEFAULT {UNKNOWN},
  paused INTEGER NOT NULL DEFAULT 0, breached INTEGER NOT NULL DEFAULT 0, asked TEXT,
  assigned_to TEXT, last_at INTEGER, turn TEXT, changes_at INTEGER, ended_at INTEGER,
  texts INTEGER NOT NULL DEFAULT 0, purged INTEGER NOT NULL DEFAULT 0,
  stored BLOB, folded_to INTEGER NOT NULL DEFAULT -1
);
CREATE TABLE kinds (
  kind INTEGER PRIMARY KEY, plan TEXT NOT NULL, priority TEXT NOT NULL, calendar TEXT NOT NULL,
  milestone TEXT NOT NULL, promise TEXT NOT NULL, hours TEXT NOT NULL,
  UNIQUE (plan, priority, calendar, milestone, promise, hours)
);
CREATE TABLE clocks (
  case_no INTEGER NOT NULL, milestone TEXT NOT NULL, instance INTEGER NOT NULL, kind INTEGER NOT NULL,
  promise TEXT NOT NULL, target INTEGER NOT NULL, hours TEXT, calendar TEXT, stage TEXT NOT NULL,
  started_at INTEGER NOT NULL, due_at INTEGER, stopped_at INTEGER, breached_at INTEGER,
  outcome TEXT NOT NULL, outcome_at INTEGER, took INTEGER, late INTEGER, cause TEXT,
  PRIMARY KEY (case_no, milestone, instance)
) WITHOUT ROWID;
CREATE TABLE activity_ids (
  case_no INTEGER NOT NULL, activity INTEGER NOT NULL, PRIMARY KEY (case_no, activity)
) WITHOUT ROWID;
CREATE TABLE dirty (case_no INTEGER PRIMARY KEY);
CREATE VIRTUAL TABLE words USING fts5(
  text, desk, tokenize = "unicode61 remove_diacritics 2", prefix = {PREFIX}
);
{timers.TABLES}"""
# A list walks one of the first three in its order. They have what lists filter by: no row is read to be left out.
_FILTERED = (
    "state, status, plan, priority, channel, tier, milestone, paused, breached, triage, account_id, assigned_to, asked"
)
_INDEXES = f"""
CREATE INDEX cases_by_time_left ON cases (order_at, case_no, {_FILTERED});
CREATE INDEX cases_by_receipt ON cases (received_at, case_no, order_at, {_FILTERED});
CREATE INDEX cases_by_change ON cases (change, case_no, order_at, client, {_FILTERED});
CREATE INDEX cases_of_account ON cases (account_id, order_at);
CREATE INDEX cases_of_client ON cases (client, order_at);
CREATE INDEX cases_that_change ON cases (changes_at) WHERE changes_at IS NOT NULL;
CREATE INDEX cases_that_ended ON cases (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX cases_with_text ON cases (ended_at) WHERE ended_at IS NOT NULL AND purged <> 1;
CREATE INDEX cases_unfolded ON cases (policy_sha256) WHERE stored IS NULL AND policy_sha256 IS NOT NULL;
CREATE INDEX clocks_by_outcome ON clocks (kind, outcome, outcome_at, took) WHERE outcome IN ('met', 'breached');
CREATE INDEX clocks_by_near_miss ON clocks (kind, outcome_at) WHERE outcome = 'met' AND took * 10 > target * 9;
CREATE INDEX clocks_breached ON clocks (outcome_at, case_no, milestone, instance, kind) WHERE outcome = 'breached';
CREATE INDEX clocks_nearly_breached ON clocks (outcome_at, case_no, milestone, instance, kind)
  WHERE outcome = 'met' AND took * 10 > target * 9;
"""

_OWNER_ONLY = 0o600  # it has what customers wrote
# Codes of SQLite that say something of the file or the disk; the others are mistakes of ours.
_OF_THE_FILE = frozenset(
    (
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB),
    )
)


def connect(file: Path, *, writes: bool = False) -> sqlite3.Connection:
    """A connection to the board's file; the one that writes makes the tables of a new file.

    Any thread may use it, one at a time. Raises AnotherVersion, and sqlite3.Error for a file that is no database
    (`unusable` has the words for it).
    """
    if writes:
        with suppress(OSError):  # SQLite says what is wrong
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
    mode = "rw" if writes else "ro"
    found = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
    try:
        _set_up(found, writes=writes)
        version = found.execute("PRAGMA user_version").fetchone()[0]
    except BaseException:
        found.close()
        raise
    if version != VERSION:
        found.close()
        raise AnotherVersion(f"{file} was made by another version of Frontline: run `frontline board rebuild`")
    return found


def _set_up(database: sqlite3.Connection, *, writes: bool) -> None:
    database.isolation_level = None  # transactions are begun and ended by name
    database.row_factory = None if writes else sqlite3.Row
    database.execute("PRAGMA busy_timeout = 5000")
    database.execute("PRAGMA cache_size = -32000")  # KiB
    database.execute("PRAGMA temp_store = MEMORY")
    if not writes:
        return
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA journal_size_limit = 67108864")  # what catching up made it, it need not stay
    database.execute("PRAGMA synchronous = NORMAL")  # after a power cut the last records are read from Kafka again
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("PRAGMA secure_delete = ON")  # what is purged is gone from the file
    if not database.execute("SELECT 1 FROM sqlite_schema").fetchone():
        database.executescript(f"BEGIN; {_TABLES} {_INDEXES} PRAGMA user_version = {VERSION};")
        facts = (("file", secrets.token_hex(4)), ("dictionary", new_dictionary()))
        database.executemany("INSERT INTO meta VALUES (?, ?)", facts)
        database.execute("COMMIT")


def unusable(file: Path, error: sqlite3.Error) -> UnusableFile | None:
    """What is wrong with the file or its disk; None for an error that has another reason."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF not in _OF_THE_FILE:
        return None
    return UnusableFile(
        f"{file} cannot be used: {error}. If it is damaged, or no file of a board, `frontline board rebuild` makes "
        "it anew"
    )
