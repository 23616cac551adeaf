"""The schema, as a list of migrations that only ever grows.

Each runs in one transaction with the record that it ran. Times are UTC, ISO 8601 with offset. Comments inside
CREATE stay in the file, for people who open a backup with another tool.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("pulse")


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the schema up to date; a migration that fails leaves the file as it was."""
    migrations.apply(Database(connection, execute_plugins=False))


def _run(db: Database, script: str) -> None:
    """Runs statement by statement: `executescript` would commit the migration's transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


@migrations()
def m0001_first_release(db: Database) -> None:
    _run(
        db,
        """
CREATE TABLE setup (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  schedule TEXT NOT NULL,          -- JSON: the cadence, as the manager set it
  items INTEGER NOT NULL CHECK (items BETWEEN 2 AND 4),   -- items a wave
  minimum INTEGER NOT NULL CHECK (minimum >= 5),          -- answers below which nothing is shown
  since TEXT NOT NULL              -- when the schedule was saved: earlier openings are not its own
) STRICT;

CREATE TABLE pause (
  since TEXT PRIMARY KEY,
  until TEXT                       -- empty while it lasts
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
  channel_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('marketing', 'it', 'results')),
  PRIMARY KEY (channel_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE wave (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  cadence TEXT NOT NULL CHECK (cadence IN ('schedule', 'hand')),
  local_date TEXT NOT NULL,        -- the due date in the schedule's zone
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'skipped')),
  opens_at TEXT NOT NULL,
  closes_at TEXT NOT NULL,
  reminders TEXT NOT NULL DEFAULT '[]',   -- JSON list of moments
  opened_at TEXT,
  closed_at TEXT,                  -- of a skipped wave: when that was decided
  reminded INTEGER NOT NULL DEFAULT 0,    -- number of the last reminder sent
  reminded_at TEXT,
  reason TEXT NOT NULL DEFAULT '',        -- why it was skipped
  missed INTEGER NOT NULL DEFAULT 0 CHECK (missed IN (0, 1)),  -- skipped because its time had passed
  minimum INTEGER NOT NULL CHECK (minimum >= 5),   -- frozen at opening
  key BLOB,                        -- keys the pseudonyms; destroyed at close
  CHECK (state = 'open' OR key IS NULL)
) STRICT;
CREATE UNIQUE INDEX one_wave_a_due_date ON wave (cadence, local_date) WHERE cadence = 'schedule';
CREATE UNIQUE INDEX one_open_wave ON wave (state) WHERE state = 'open';

CREATE TABLE wave_item (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  position INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  series TEXT NOT NULL,            -- changes with the wording
  PRIMARY KEY (wave_id, item_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE wave_side (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  people INTEGER NOT NULL,         -- who could answer: roster at opening, joiners who answered at close
  answered INTEGER,                -- people who answered anything; empty while open and under the minimum
  index_people INTEGER,            -- the side's index, 0 to 100, from 20 people
  index_mean REAL,
  index_deviation REAL,
  PRIMARY KEY (wave_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE wave_channel (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  channel_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  PRIMARY KEY (wave_id, channel_id)
) STRICT, WITHOUT ROWID;

-- While a wave is open, and only then.
CREATE TABLE participant (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  person BLOB NOT NULL,            -- HMAC-SHA-256 (wave key, user id)
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  joined INTEGER NOT NULL DEFAULT 0 CHECK (joined IN (0, 1)),  -- came after the opening
  PRIMARY KEY (wave_id, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (
  wave_id INTEGER NOT NULL,
  person BLOB NOT NULL,
  item_id TEXT NOT NULL,
  boxes TEXT NOT NULL,             -- keys of the boxes, joined by commas
  PRIMARY KEY (wave_id, person, item_id),
  FOREIGN KEY (wave_id, person) REFERENCES participant (wave_id, person),
  FOREIGN KEY (wave_id, item_id) REFERENCES wave_item (wave_id, item_id)
) STRICT, WITHOUT ROWID;

-- After the close: what may be published, and nothing else. A side and item without a row was withheld.
CREATE TABLE score (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  item_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  n INTEGER NOT NULL CHECK (n >= 5),
  band TEXT CHECK (band IN ('few', 'about half', 'most')),   -- from 5 to 9 answers, instead of shares
  PRIMARY KEY (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE score_share (
  wave_id INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  side TEXT NOT NULL,
  measure TEXT NOT NULL,
  people_low INTEGER NOT NULL,     -- differs from people_high where 0 and 1, or n-1 and n, are merged
  people_high INTEGER NOT NULL,
  PRIMARY KEY (wave_id, item_id, side, measure),
  FOREIGN KEY (wave_id, item_id, side) REFERENCES score (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE score_bar (
  wave_id INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  side TEXT NOT NULL,
  position INTEGER NOT NULL,
  boxes TEXT NOT NULL,             -- one box, or neighbours merged, joined by commas
  people INTEGER NOT NULL CHECK (people NOT IN (1, 2)),
  PRIMARY KEY (wave_id, item_id, side, position),
  FOREIGN KEY (wave_id, item_id, side) REFERENCES score (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

-- What is to be posted, written before it is posted.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,            -- travels in the message's metadata
  wave_id INTEGER REFERENCES wave (id),
  kind TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'sending', 'done', 'failed')),
  ts TEXT,                         -- Slack's id of the message
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at TEXT NOT NULL,
  problem TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_try_at) WHERE state IN ('due', 'sending');

-- Wishes and duties of people, under HMAC-SHA-256 (secret, user id): no list of names.
CREATE TABLE secret (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  value BLOB NOT NULL
) STRICT;

CREATE TABLE wish (
  person BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('manager', 'no reminders', 'greeted')),
  PRIMARY KEY (person, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  id INTEGER PRIMARY KEY,
  day TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  what TEXT NOT NULL               -- what a manager changed; never who, never an answer
) STRICT;
""",
    )
