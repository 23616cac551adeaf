"""The schema, as a list of migrations. New ones are appended; released ones never change.

Each runs in one transaction with the record that it ran. Times are UTC, in ISO 8601 with an offset. SQLite
keeps the comments inside CREATE, for people who open a backup with another tool. They stay in one module,
because only their order tells what a file has been through.
"""

from __future__ import annotations

import json
import re
import sqlite3

from pulse.storage.sqlite.tables import Database, Migrations

migrations = Migrations("pulse")


def migrate(connection: sqlite3.Connection) -> None:
    """Runs the migrations that are missing. One that fails leaves the file as it was."""
    migrations.apply(Database(connection, execute_plugins=False))


def _run(db: Database, script: str) -> None:
    """Runs a script statement by statement: `executescript` would commit the migration's transaction."""
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
  since TEXT NOT NULL,             -- when the schedule was saved: earlier openings are not its own
  language TEXT NOT NULL DEFAULT 'en'     -- of what is posted in channels
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


@migrations()
def m0002_views_for_people(db: Database) -> None:
    """Views for whoever reads a backup with another tool, and the items and published figures they need."""
    _run(
        db,
        """
-- The items and published figures as the bot last started with them; its data files are the truth.
CREATE TABLE item (
  item_id TEXT NOT NULL,
  series TEXT NOT NULL,            -- names the wording: older waves may have asked another
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  dimension TEXT NOT NULL,
  question TEXT NOT NULL,          -- the side's wording
  PRIMARY KEY (item_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE baseline (
  baseline_key TEXT PRIMARY KEY,
  study TEXT NOT NULL,
  published_year INTEGER NOT NULL,
  statement TEXT NOT NULL,
  measure TEXT NOT NULL,
  percent REAL NOT NULL,
  percent_low REAL NOT NULL,
  percent_high REAL NOT NULL,
  people_n INTEGER,                -- empty where it was not published
  grade TEXT NOT NULL CHECK (grade IN ('A', 'B', 'C')),
  surveyed TEXT NOT NULL,
  source TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE item_baseline (
  item_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  baseline_key TEXT NOT NULL REFERENCES baseline (baseline_key),
  measure TEXT,                    -- the share that it stands beside; empty for background only
  complement INTEGER NOT NULL CHECK (complement IN (0, 1)),  -- 1: it counts those not in the measure
  verdict INTEGER NOT NULL CHECK (verdict IN (0, 1)),        -- 0: background, no "higher" or "lower"
  caveat TEXT NOT NULL,
  PRIMARY KEY (item_id, side, baseline_key)
) STRICT, WITHOUT ROWID;

CREATE VIEW participation AS
-- One row a closed pulse and side. Under the minimum the number of answers is not in the file.
SELECT
  wave.id AS pulse, wave.opened_at AS opened_at_utc, wave.closed_at AS closed_at_utc, wave_side.side,
  wave_side.people AS people_asked_n,
  wave_side.answered AS people_answered_n,
  CAST(round(100.0 * wave_side.answered / wave_side.people) AS INTEGER) AS people_answered_percent,
  CASE WHEN wave_side.answered IS NULL THEN 'withheld' ELSE 'shown' END AS status
FROM wave JOIN wave_side ON wave_side.wave_id = wave.id
WHERE wave.state = 'closed';

CREATE VIEW pulse_scores AS
-- One row a closed pulse, item, side and share. Fewer answers than the minimum: withheld, without a number.
-- 5 to 9 answers: a word. From 10: a share; low and high differ where 0 and 1, or n-1 and n, are merged.
SELECT
  wave.id AS pulse, wave.opened_at AS opened_at_utc, wave.closed_at AS closed_at_utc,
  wave_item.item_id, wave_item.series, item.dimension, wave_side.side, item.question,
  CASE
    WHEN score.n IS NULL THEN 'withheld' WHEN score.band IS NOT NULL THEN 'in words' ELSE 'counted'
  END AS status,
  wave_side.people AS people_asked_n,
  score.n AS answers_n,
  score.band AS share_in_words,
  score_share.measure,
  score_share.people_low AS people_low_n,
  score_share.people_high AS people_high_n,
  CAST(round(100.0 * score_share.people_low / score.n) AS INTEGER) AS share_low_percent,
  CAST(round(100.0 * score_share.people_high / score.n) AS INTEGER) AS share_high_percent
FROM wave
JOIN wave_item ON wave_item.wave_id = wave.id
JOIN wave_side ON wave_side.wave_id = wave.id
LEFT JOIN item
  ON item.item_id = wave_item.item_id AND item.series = wave_item.series AND item.side = wave_side.side
LEFT JOIN score
  ON score.wave_id = wave.id AND score.item_id = wave_item.item_id AND score.side = wave_side.side
LEFT JOIN score_share
  ON score_share.wave_id = wave.id AND score_share.item_id = wave_item.item_id
  AND score_share.side = wave_side.side
WHERE wave.state = 'closed';

CREATE VIEW baseline_comparison AS
-- A share beside each published figure of its item. Only where comparison_allowed is 1 may it be called
-- higher or lower, and only by an interval; else the figure is background. Both are samples.
SELECT
  s.pulse, s.closed_at_utc, s.item_id, s.side, s.question, s.answers_n, s.people_asked_n,
  b.measure, b.complement AS share_is_complement,
  CASE b.complement WHEN 1 THEN 100 - s.share_high_percent ELSE s.share_low_percent END AS share_low_percent,
  CASE b.complement WHEN 1 THEN 100 - s.share_low_percent ELSE s.share_high_percent END AS share_high_percent,
  baseline.baseline_key, baseline.study AS published_study, baseline.published_year,
  baseline.percent AS published_percent, baseline.percent_low AS published_low_percent,
  baseline.percent_high AS published_high_percent, baseline.people_n AS published_n,
  baseline.surveyed AS published_surveyed, baseline.grade, b.caveat,
  CASE WHEN b.verdict = 1 AND 10 * s.answers_n >= 3 * s.people_asked_n THEN 1 ELSE 0 END AS comparison_allowed
FROM pulse_scores AS s
JOIN item ON item.item_id = s.item_id AND item.series = s.series AND item.side = s.side
JOIN item_baseline AS b ON b.item_id = s.item_id AND b.side = s.side AND b.measure = s.measure
JOIN baseline ON baseline.baseline_key = b.baseline_key;
""",
    )


@migrations()
def m0003_one_rule_for_shares(db: Database) -> None:
    """The second edition publishes 0 to 2, and n - 2 to n, as one figure each, and has no index.

    What the first edition kept is widened to the new figures, never narrowed: "few" is 0 to 2, "most" n - 2
    to n, "about half" of 7 to 9 people 3 to n - 3. "About half" of 5 or 6 people may mean any of the three
    figures and says nothing under the new rule: it is withheld. A word did not name its measure: it gets the
    one that other pulses have for that series, else that of the shipped item; without either it is withheld.
    """
    _run(
        db,
        """
DROP VIEW baseline_comparison;
DROP VIEW pulse_scores;

CREATE TEMP TABLE first_measure AS
-- From 10 to 19 answers an item has its first share alone; one with a single share has no other.
SELECT series, min(measure) AS measure
FROM score_share JOIN score USING (wave_id, item_id, side) JOIN wave_item USING (wave_id, item_id)
GROUP BY series HAVING count(DISTINCT measure) = 1
UNION
SELECT series, min(measure)
FROM score_share JOIN score USING (wave_id, item_id, side) JOIN wave_item USING (wave_id, item_id)
WHERE n < 20 GROUP BY series HAVING count(DISTINCT measure) = 1;
CREATE TEMP TABLE shipped_measure (item_id TEXT PRIMARY KEY, measure TEXT NOT NULL);
INSERT INTO shipped_measure VALUES
  ('T01', 'top2box'), ('T02', 'top2box'), ('T04', 'top2box'), ('A01', 'top2box'),
  ('A02', 'choice_share:about_right'), ('A04', 'choice_share:improved'), ('E01', 'top1box'),
  ('G01', 'top2box'), ('G02', 'top2box'), ('R01', 'top2box'), ('R03', 'top2box'), ('C01', 'top2box'),
  ('C02', 'top2box'), ('I01', 'top2box'), ('I02', 'top2box'), ('I03', 'top2box'), ('D01', 'top2box'),
  ('D02', 'top2box'), ('L01', 'top2box'), ('L02', 'top2box'), ('L03', 'choice_share:CMO'),
  ('P01', 'top2box'), ('P02', 'top2box'), ('S01', 'top1box');

CREATE TEMP TABLE first_share AS
SELECT wave_id, item_id, side, n, measure, people_low, people_high
FROM score JOIN score_share USING (wave_id, item_id, side)
UNION ALL
SELECT wave_id, item_id, side, n, coalesce(first_measure.measure, shipped_measure.measure),
  CASE band WHEN 'few' THEN 0 WHEN 'most' THEN n - 2 ELSE 3 END,
  CASE band WHEN 'few' THEN 2 WHEN 'most' THEN n ELSE n - 3 END
FROM score JOIN wave_item USING (wave_id, item_id)
LEFT JOIN first_measure USING (series) LEFT JOIN shipped_measure USING (item_id)
WHERE (band IN ('few', 'most') OR band = 'about half' AND n >= 7)
  AND coalesce(first_measure.measure, shipped_measure.measure) IS NOT NULL;
CREATE TEMP TABLE first_bar AS SELECT * FROM score_bar;
CREATE TEMP TABLE first_side AS SELECT * FROM wave_side;

DROP TABLE score_bar;
DROP TABLE score_share;
DROP TABLE score;
DROP TABLE wave_side;

CREATE TABLE wave_side (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  people INTEGER NOT NULL,         -- who could answer: the roster at the opening
  answered INTEGER,                -- people with an opinion; empty while open and under the minimum
  PRIMARY KEY (wave_id, side)
) STRICT, WITHOUT ROWID;

-- After the close: what may be published, and nothing else. A side and item without a row was withheld.
CREATE TABLE score (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  item_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  n INTEGER NOT NULL CHECK (n >= 5),   -- people with an opinion on this item
  PRIMARY KEY (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

CREATE TABLE score_share (
  wave_id INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  side TEXT NOT NULL,
  measure TEXT NOT NULL,
  people_low INTEGER NOT NULL,     -- 0 to 2, and n - 2 to n, are one figure each; under 10 answers so are
  people_high INTEGER NOT NULL,    -- 3 to n - 3; from 10 answers low and high are the same in between
  PRIMARY KEY (wave_id, item_id, side, measure),
  FOREIGN KEY (wave_id, item_id, side) REFERENCES score (wave_id, item_id, side),
  CHECK (people_low = 0 AND people_high = 2 OR 3 <= people_low AND people_low <= people_high)
) STRICT, WITHOUT ROWID;

CREATE TABLE score_bar (
  wave_id INTEGER NOT NULL,
  item_id TEXT NOT NULL,
  side TEXT NOT NULL,
  position INTEGER NOT NULL,
  boxes TEXT NOT NULL,             -- one option, or neighbours merged, joined by commas
  people INTEGER NOT NULL CHECK (people NOT IN (1, 2)),
  PRIMARY KEY (wave_id, item_id, side, position),
  FOREIGN KEY (wave_id, item_id, side) REFERENCES score (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

INSERT INTO wave_side (wave_id, side, people, answered)
SELECT wave_id, side, people, answered FROM first_side;

INSERT INTO score (wave_id, item_id, side, n)
SELECT DISTINCT wave_id, item_id, side, n FROM first_share;

INSERT INTO score_share (wave_id, item_id, side, measure, people_low, people_high)
SELECT wave_id, item_id, side, measure,
  CASE
    WHEN people_low <= 2 THEN 0
    WHEN people_high >= n - 2 THEN n - 2
    ELSE people_low
  END,
  CASE
    WHEN people_low <= 2 THEN 2
    WHEN people_high >= n - 2 THEN n
    ELSE people_high
  END
FROM first_share;

INSERT INTO score_bar (wave_id, item_id, side, position, boxes, people)
SELECT wave_id, item_id, side, position, boxes, people FROM first_bar;

DROP TABLE first_measure;
DROP TABLE shipped_measure;
DROP TABLE first_share;
DROP TABLE first_bar;
DROP TABLE first_side;

CREATE VIEW pulse_scores AS
-- One row a closed pulse, item, side and share. Fewer answers than the minimum: withheld, without a number.
-- 0 to 2 people, and n-2 to n, are one figure each; from 5 to 9 answers so are 3 to n-3. Per cents: half up.
SELECT
  wave.id AS pulse, wave.opened_at AS opened_at_utc, wave.closed_at AS closed_at_utc,
  wave_item.item_id, wave_item.series, item.dimension, wave_side.side, item.question,
  CASE WHEN score.n IS NULL THEN 'withheld' ELSE 'counted' END AS status,
  wave_side.people AS people_asked_n,
  score.n AS answers_n,
  score_share.measure,
  score_share.people_low AS people_low_n,
  score_share.people_high AS people_high_n,
  (200 * score_share.people_low + score.n) / (2 * score.n) AS share_low_percent,
  (200 * score_share.people_high + score.n) / (2 * score.n) AS share_high_percent
FROM wave
JOIN wave_item ON wave_item.wave_id = wave.id
JOIN wave_side ON wave_side.wave_id = wave.id
LEFT JOIN item
  ON item.item_id = wave_item.item_id AND item.series = wave_item.series AND item.side = wave_side.side
LEFT JOIN score
  ON score.wave_id = wave.id AND score.item_id = wave_item.item_id AND score.side = wave_side.side
LEFT JOIN score_share
  ON score_share.wave_id = wave.id AND score_share.item_id = wave_item.item_id
  AND score_share.side = wave_side.side
WHERE wave.state = 'closed';

CREATE VIEW baseline_comparison AS
-- A share beside each published figure of its item. Only where comparison_allowed is 1 may it be called
-- higher or lower, and only by an interval; else the figure is background. Both are samples.
SELECT
  s.pulse, s.closed_at_utc, s.item_id, s.side, s.question, s.answers_n, s.people_asked_n,
  b.measure, b.complement AS share_is_complement,
  CASE b.complement WHEN 1 THEN (200 * (s.answers_n - s.people_high_n) + s.answers_n) / (2 * s.answers_n)
    ELSE s.share_low_percent END AS share_low_percent,
  CASE b.complement WHEN 1 THEN (200 * (s.answers_n - s.people_low_n) + s.answers_n) / (2 * s.answers_n)
    ELSE s.share_high_percent END AS share_high_percent,
  baseline.baseline_key, baseline.study AS published_study, baseline.published_year,
  baseline.percent AS published_percent, baseline.percent_low AS published_low_percent,
  baseline.percent_high AS published_high_percent, baseline.people_n AS published_n,
  baseline.surveyed AS published_surveyed, baseline.grade, b.caveat,
  CASE WHEN b.verdict = 1 AND 10 * s.answers_n >= 3 * s.people_asked_n THEN 1 ELSE 0 END AS comparison_allowed
FROM pulse_scores AS s
JOIN item ON item.item_id = s.item_id AND item.series = s.series AND item.side = s.side
JOIN item_baseline AS b ON b.item_id = s.item_id AND b.side = s.side AND b.measure = s.measure
JOIN baseline ON baseline.baseline_key = b.baseline_key;
""",
    )


_AUDIT_SENTENCES = {
    "The pulse was set up.": "set up",
    "The set-up was saved without a change.": "set-up unchanged",
    "The schedule opened a pulse.": "opened by schedule",
    "A manager opened a pulse.": "opened by hand",
    "The pulse was closed when it was due.": "closed by schedule",
    "A manager closed the pulse.": "closed by hand",
    "A manager paused the schedule.": "paused",
    "A manager resumed the schedule.": "resumed",
    "A manager was named.": "manager named",
    "A manager was taken off the list.": "manager removed",
    "A manager made a note.": "note made",
    "Slack gave a channel a new id, and the set-up follows it.": "channel moved",
    "The rehearsal set the pulse up, with invented history.": "sample set up",
    "A note was invented.": "sample note made",
    "An invented wave was opened.": "sample opened",
    "It was closed.": "sample closed",
}
"""What the first release wrote, and the codes of `pulse.core.audit` as they were at this migration."""

_AUDIT_DATED = {
    r"A manager skipped the pulse of (\S+)\.": "skipped by hand",
    r"The pulse of (\S+) was skipped: it could not be opened in time\.": "skipped missed",
    r"The pulse of (\S+) was skipped: the schedule was paused\.": "skipped paused",
    r"The pulse of (\S+) was skipped: another pulse was still open\.": "skipped still open",
}

_AUDIT_PARTS = {
    "channels": "channels",
    "schedule": "schedule",
    "questions in a pulse": "items",
    "smallest group": "minimum",
    "language of the posts": "language",
}


def _audit_event(sentence: str) -> str | None:
    """The event of a sentence as JSON; None if no code of ours says it."""
    if sentence in _AUDIT_SENTENCES:
        return json.dumps({"code": _AUDIT_SENTENCES[sentence]})
    for pattern, code in _AUDIT_DATED.items():
        dated = re.fullmatch(pattern, sentence)
        if dated is not None:
            return json.dumps({"code": code, "date": dated[1]})
    changed = re.fullmatch(r"The set-up was changed: (.+)\.", sentence)
    words = changed[1].split(", ") if changed is not None else []
    if words and all(word in _AUDIT_PARTS for word in words):
        parts = " ".join(_AUDIT_PARTS[word] for word in words)
        return json.dumps({"code": "set-up changed", "parts": parts})
    return None


@migrations()
def m0004_audit_as_codes(db: Database) -> None:
    """Entries of the audit become JSON: a code and its values. A sentence without a code stays as it is."""
    for table, column in (("audit", "what"), ("wave", "reason")):
        kept = db.conn.execute(f"SELECT id, {column} FROM {table}").fetchall()  # noqa: S608 - names from above
        rows = [(event, row_id) for row_id, sentence in kept if (event := _audit_event(sentence))]
        db.conn.executemany(f"UPDATE {table} SET {column} = ? WHERE id = ?", rows)  # noqa: S608 - likewise


@migrations()
def m0005_sealed_ballots(db: Database) -> None:
    """A ballot for each person asked, and for each wave a token that no copy of the file uses again."""
    _run(
        db,
        """
ALTER TABLE wave ADD COLUMN token TEXT;      -- 16 random hexadecimal digits; null where it was skipped
ALTER TABLE wave ADD COLUMN first_edition INTEGER NOT NULL DEFAULT 0;  -- 1: opened before ballots were sealed
-- Messages that stand already name these waves by their numbers.
UPDATE wave SET token = printf('%016d', id) WHERE opened_at IS NOT NULL;
CREATE UNIQUE INDEX one_token_a_wave ON wave (token);

-- Names this database and the backups that are made of it: a key folder belongs to one of them.
CREATE TABLE installation (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  token TEXT NOT NULL
) STRICT;
INSERT INTO installation (id, token) VALUES (1, lower(hex(randomblob(8))));

-- While a wave is open, and only then: one row for each person of the roster at the opening, answered or not.
CREATE TABLE ballot (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  person BLOB NOT NULL,            -- HMAC-SHA-256 (key of the wave, user id); the key is not in this file
  sealed BLOB NOT NULL,            -- side and answers, encrypted, one length in a wave
  PRIMARY KEY (wave_id, person)
) STRICT, WITHOUT ROWID;
""",
    )


@migrations()
def m0006_questions(db: Database) -> None:
    _run(
        db,
        """
CREATE TABLE question_plan (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pinned TEXT NOT NULL,            -- JSON: ids of the items of every pulse, in this order
  off TEXT NOT NULL                -- JSON: ids of the items that are never asked; all others take turns
) STRICT;

CREATE TABLE own_question (
  item_id TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,  -- their order in the bank
  wording TEXT NOT NULL,           -- JSON: the columns of an own item, as in a file of items
  series TEXT NOT NULL             -- changes with the wording or the answers
) STRICT;

ALTER TABLE setup ADD COLUMN readers TEXT NOT NULL DEFAULT 'channels'
  CHECK (readers IN ('channels', 'workspace'));
ALTER TABLE setup ADD COLUMN sharing INTEGER NOT NULL DEFAULT 1 CHECK (sharing IN (0, 1));
""",
    )


@migrations()
def m0007_people_of_both_sides(db: Database) -> None:
    """The side for which people in channels of both sides count; empty while undecided."""
    rule = "TEXT NOT NULL DEFAULT '' CHECK (both_sides IN ('', 'marketing', 'it', 'nobody'))"
    for table in ("setup", "wave"):
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN both_sides {rule}")


@migrations()
def m0008_commitments(db: Database) -> None:
    """Commitments, and what each side expects of the other. Expectations leave the view of scores."""
    _run(
        db,
        """
CREATE TABLE commitment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),
  text TEXT NOT NULL,
  made_on TEXT NOT NULL,           -- a day of the schedule's zone, like the others
  due_on TEXT NOT NULL,
  written_by TEXT NOT NULL DEFAULT '',    -- the name that its writer gave; empty for none
  withdrawn_on TEXT
) STRICT;

-- After the close: how many of ten on the other side a side expects to agree. What is missing was withheld.
CREATE TABLE expectation (
  wave_id INTEGER NOT NULL REFERENCES wave (id),
  item_id TEXT NOT NULL,           -- the question that is guessed at
  side TEXT NOT NULL CHECK (side IN ('marketing', 'it')),   -- who guesses
  n INTEGER NOT NULL CHECK (n >= 11),
  half_people INTEGER NOT NULL CHECK (half_people BETWEEN 4 AND 16),   -- the mean in halves: 7 is 3.5 of ten
  PRIMARY KEY (wave_id, item_id, side)
) STRICT, WITHOUT ROWID;

CREATE VIEW pulse_expectations AS
-- One row a closed pulse, question and side: how many of ten on the other side it expects to agree.
-- 2 stands for 2 or fewer, 8 for 8 or more. A row that is missing was withheld.
SELECT
  wave.id AS pulse, wave.closed_at AS closed_at_utc, expectation.item_id, expectation.side,
  expectation.n AS answers_n, expectation.half_people / 2.0 AS expected_of_ten_n
FROM expectation
JOIN wave ON wave.id = expectation.wave_id;

DROP VIEW pulse_scores;

CREATE VIEW pulse_scores AS
-- One row a closed pulse, item, side and share. Fewer answers than the minimum: withheld, without a number.
-- 0 to 2 people, and n-2 to n, are one figure each; from 5 to 9 answers so are 3 to n-3. Per cents: half up.
SELECT
  wave.id AS pulse, wave.opened_at AS opened_at_utc, wave.closed_at AS closed_at_utc,
  wave_item.item_id, wave_item.series, item.dimension, wave_side.side,
  coalesce(item.question, commitment.text) AS question,
  CASE WHEN score.n IS NULL THEN 'withheld' ELSE 'counted' END AS status,
  wave_side.people AS people_asked_n,
  score.n AS answers_n,
  score_share.measure,
  score_share.people_low AS people_low_n,
  score_share.people_high AS people_high_n,
  (200 * score_share.people_low + score.n) / (2 * score.n) AS share_low_percent,
  (200 * score_share.people_high + score.n) / (2 * score.n) AS share_high_percent
FROM wave
JOIN wave_item ON wave_item.wave_id = wave.id
JOIN wave_side ON wave_side.wave_id = wave.id
LEFT JOIN item
  ON item.item_id = wave_item.item_id AND item.series = wave_item.series AND item.side = wave_side.side
LEFT JOIN commitment ON wave_item.item_id = 'commitment.' || commitment.id
LEFT JOIN score
  ON score.wave_id = wave.id AND score.item_id = wave_item.item_id AND score.side = wave_side.side
LEFT JOIN score_share
  ON score_share.wave_id = wave.id AND score_share.item_id = wave_item.item_id
  AND score_share.side = wave_side.side
WHERE wave.state = 'closed' AND wave_item.item_id NOT LIKE 'expected.%';
""",
    )
