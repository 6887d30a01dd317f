"""What monitoring wants to know of a whole installation, in one statement a table, whatever there is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection as database

RUNS = """
    SELECT c.name, r.state, count(*), extract(epoch FROM max(coalesce(r.ended_at, r.started_at)))::float8,
           (array_agg(extract(epoch FROM r.ended_at - r.started_at)::float8 ORDER BY r.id DESC))[1]
    FROM run r JOIN connection c ON c.id = r.connection_id GROUP BY 1, 2 ORDER BY 1, 2
"""
WRITES = """
    SELECT c.name, split_part(written.key, ' ', 1), split_part(written.key, ' ', 2), sum(written.value::bigint)::float8
    FROM run r JOIN connection c ON c.id = r.connection_id, jsonb_each_text(r.counts) written
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
# One pass a table: a look at the inbox per connection would read it as often.
BACKLOG = """
    WITH waiting AS (
        SELECT connection_id, 'inbox' AS place, count(*), min(coalesce(waits_since, requested_at)) AS oldest
        FROM inbox GROUP BY 1
        UNION ALL
        SELECT connection_id, 'outbox', count(*), min(intended_at) FROM outbox GROUP BY 1
        UNION ALL
        SELECT connection_id, 'consent', count(*), min(intended_at) FROM consent_write GROUP BY 1)
    SELECT c.name, place.name, coalesce(waiting.count, 0),
           coalesce(extract(epoch FROM now() - waiting.oldest), 0)::float8
    FROM connection c CROSS JOIN unnest(ARRAY['inbox', 'outbox', 'consent']) AS place (name)
    LEFT JOIN waiting ON waiting.connection_id = c.id AND waiting.place = place.name ORDER BY 1, 2
"""
HOLDS = """
    SELECT c.name, h.code, count(*), extract(epoch FROM now() - min(h.held_at))::float8
    FROM hold h JOIN connection c ON c.id = h.connection_id GROUP BY 1, 2 ORDER BY 1, 2
"""
FEEDS = """
    SELECT t.system, t.identity, f.name, extract(epoch FROM now() - f.read_at)::float8
    FROM feed f JOIN tenant t ON t.id = f.tenant_id WHERE f.read_at IS NOT NULL ORDER BY 1, 2, 3
"""
BUDGETS = """
    SELECT t.system, t.identity, b.used_today::float8, b.limit_today::float8, b.per_second,
           greatest(extract(epoch FROM b.next_slot - now()), 0)::float8
    FROM budget b JOIN tenant t ON t.id = b.tenant_id ORDER BY 1, 2
"""
CALLS = """
    SELECT c.name, t.system, sum(k.calls)::float8
    FROM call_count k JOIN connection c ON c.id = k.connection_id JOIN tenant t ON t.id = k.tenant_id
    WHERE k.hour > now() - interval '1 day' GROUP BY 1, 2 ORDER BY 1, 2
"""
WORKERS = (
    "SELECT count(*)::float8 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"
)
JOBS = "SELECT status::text, count(*)::float8 FROM procrastinate_jobs GROUP BY 1 ORDER BY 1"


def rows(statement: str) -> Sequence[tuple[Any, ...]]:
    """Return the rows of one of these statements."""
    with database.cursor() as cursor:
        cursor.execute(statement)
        found: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return found
