"""Removes what has been kept for long enough, a piece at a time.

Kept for as long as its connection says (`settings.journal_days`, `settings.runs_days`), and longer where somebody
relies on it: the last writes of each link, which `explain` shows; the forms in which vendors keep what was sent, by
which `verify` judges; each connection's last run, and the last one that was done, without which a first sync would be
due again. Evidence of consent is never removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.keeping import DRAFT_DAYS, EXPLAINED, JOURNAL_DAYS, RUNS_DAYS

PIECE = 2_000  # rows that are looked at in one transaction
REST = timedelta(days=1)  # between two rounds over a table

_LIMITS = f"""
    limits AS (
        SELECT id AS connection_id,
               %(now)s - make_interval(days => coalesce((settings ->> 'journal_days')::int, {JOURNAL_DAYS})) AS journal,
               %(now)s - make_interval(days => coalesce((settings ->> 'runs_days')::int, {RUNS_DAYS})) AS runs
        FROM connection)
"""
_ANSWER = """
    SELECT (SELECT count(*) FROM gone), (SELECT max(id) FROM piece), (SELECT min(at) < (SELECT {newest}) FROM piece)
"""
# A kept form has served when later ones name all of its fields.
_JOURNAL = f"""
    WITH {_LIMITS},
    piece AS (
        SELECT id, connection_id, link_id, side, op, fields, at FROM journal WHERE id > %(after)s
        ORDER BY id LIMIT %(size)s),
    gone AS (
        DELETE FROM journal j USING piece p, limits l
        WHERE j.id = p.id AND l.connection_id = p.connection_id AND p.at < l.journal
          AND {EXPLAINED} = (SELECT count(*) FROM (
                 SELECT FROM journal n WHERE n.link_id = p.link_id AND n.id > p.id LIMIT {EXPLAINED}) later)
          AND (p.op <> 'kept' OR NOT EXISTS (
                 SELECT FROM json_object_keys(convert_from(p.fields, 'UTF8')::json) AS name
                 WHERE NOT EXISTS (
                   SELECT FROM journal n, json_object_keys(convert_from(n.fields, 'UTF8')::json) AS later
                   WHERE n.link_id = p.link_id AND n.side = p.side AND n.op = 'kept' AND n.id > p.id
                     AND later = name)))
        RETURNING j.id)
    {_ANSWER.format(newest="max(journal) FROM limits")}
"""
# What wrote something is kept as long as its journal.
_RUNS = f"""
    WITH {_LIMITS},
    piece AS (
        SELECT id, connection_id, state, counts, coalesce(ended_at, started_at) AS at FROM run WHERE id > %(after)s
        ORDER BY id LIMIT %(size)s),
    gone AS (
        DELETE FROM run r USING piece p, limits l
        WHERE r.id = p.id AND l.connection_id = p.connection_id AND p.state <> 'running'
          AND p.at < CASE WHEN p.counts = '{{}}' THEN l.runs ELSE least(l.runs, l.journal) END
          AND EXISTS (SELECT FROM run n WHERE n.connection_id = p.connection_id AND n.id > p.id)
          AND (p.state <> 'done' OR EXISTS (
                 SELECT FROM run n WHERE n.connection_id = p.connection_id AND n.id > p.id AND n.state = 'done'))
        RETURNING r.id)
    {_ANSWER.format(newest="max(runs) FROM limits")}
"""
# Kept as long as the journal of the connection that keeps it longest.
_ACTS = f"""
    WITH {_LIMITS},
    oldest AS (
        SELECT coalesce(min(journal), %(now)s - make_interval(days => {JOURNAL_DAYS})) AS journal FROM limits),
    piece AS (SELECT id, at FROM act WHERE id > %(after)s ORDER BY id LIMIT %(size)s),
    gone AS (DELETE FROM act a USING piece p, oldest WHERE a.id = p.id AND p.at < oldest.journal RETURNING a.id)
    {_ANSWER.format(newest="journal FROM oldest")}
"""
# Of a plan, its rows go first.
_PLANS = f"""
    WITH {_LIMITS},
    old AS (SELECT p.id FROM plan p JOIN limits l USING (connection_id) WHERE p.created_at < l.runs),
    piece AS (SELECT id FROM plan_row WHERE plan_id IN (SELECT id FROM old) ORDER BY id LIMIT %(size)s),
    rows_gone AS (DELETE FROM plan_row r USING piece p WHERE r.id = p.id RETURNING r.id),
    gone AS (
        DELETE FROM plan WHERE id IN (SELECT id FROM old) AND NOT EXISTS (SELECT FROM piece)
        RETURNING id)
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM rows_gone), 0, EXISTS (SELECT FROM piece)
"""
# Set-ups that nobody went on with hold secrets; so do sign-ins from which nobody came back. Who was signed in has a day
# more, in which a worker ends the access.
_DRAFTS = f"""
    WITH old AS (
        SELECT id FROM draft
        WHERE changed_at < %(now)s - make_interval(days => {DRAFT_DAYS} + (secrets <> '')::int)),
    ended AS (
        DELETE FROM browser_sign_in
        WHERE expires_at < %(now)s - interval '1 day' OR draft_id IN (SELECT id FROM old)),
    gone AS (DELETE FROM draft WHERE id IN (SELECT id FROM old) RETURNING id)
    SELECT (SELECT count(*) FROM gone), 0, false
"""
# Few, so all at once; a run says for as long as it is kept who asked for it.
_TASKS = f"""
    WITH {_LIMITS},
    gone AS (
        DELETE FROM task t USING limits l
        WHERE l.connection_id = t.connection_id AND t.ended_at < l.runs
          AND NOT EXISTS (SELECT FROM run r WHERE r.id = t.run_id)
        RETURNING t.id)
    SELECT (SELECT count(*) FROM gone), 0, false
"""
_TABLES: Mapping[str, str] = {
    "journal": _JOURNAL,
    "run": _RUNS,
    "plan": _PLANS,
    "act": _ACTS,
    "draft": _DRAFTS,
    "task": _TASKS,
}
_PLACE = "SELECT position FROM upkeep WHERE name = %s AND rests_until <= %s FOR UPDATE SKIP LOCKED"


class Removed(msgspec.Struct, kw_only=True):
    """How many rows went, and whether there is more to look at now."""

    rows: dict[str, int]
    more: bool


def step(now: datetime, *, rested: bool = True) -> Removed:
    """Look at one piece of each table whose round is due; several processes may do so, they leave each other's alone.

    Without `rested` a table is looked at that had its round today.
    """
    removed = Removed(rows=dict.fromkeys(_TABLES, 0), more=False)
    resting = _resting(now) if rested else set()
    for name in (each for each in _TABLES if each not in resting):
        removed.rows[name], unfinished = _piece(name, now, rested=rested)
        removed.more = removed.more or unfinished
    return removed


def _resting(now: datetime) -> set[str]:
    """Workers ask every few seconds, and mostly there is nothing to do."""
    with database.cursor() as cursor:
        cursor.execute("SELECT name FROM upkeep WHERE rests_until > %s", [now])
        return {name for (name,) in cursor.fetchall()}


def _piece(name: str, now: datetime, *, rested: bool) -> tuple[int, bool]:
    with transaction.atomic(), database.cursor() as cursor:
        begun = "INSERT INTO upkeep (name, position, rests_until) VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
        cursor.execute(begun, [name, now])
        cursor.execute(_PLACE, [name, now if rested else now + REST])
        if (place := cursor.fetchone()) is None:
            return 0, False
        cursor.execute(_TABLES[name], {"now": now, "after": place[0], "size": PIECE})
        removed, last, old = cursor.fetchone()
        more = bool(old)
        position, until = (last, now) if more else (0, now + REST)
        moved = "UPDATE upkeep SET position = %s, rests_until = %s WHERE name = %s"
        cursor.execute(moved, [position, until, name])
        return removed, more


def whole_round(now: datetime) -> dict[str, int]:
    """Go over all tables to the end; return how many rows went from each."""
    done = step(now, rested=False)
    total = dict(done.rows)
    while done.more:
        done = step(now)
        total = {name: count + done.rows[name] for name, count in total.items()}
    return total
