"""An installation as it is after years: rows by the hundred thousand, copied from what one small sync left behind."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

_NUMBERED = "'person' || g || '@example.com'"
LINKED: Mapping[str, Mapping[str, str]] = {
    "link": {
        "crm_id": "'0035g0' || lpad(g::text, 12, '0')",
        "activecampaign_id": "(10000000 + g)::text",
        "key": _NUMBERED,
    },
}
# table → what a copied row differs in; `l` is its link, `g` its number
OF_LINKS: Mapping[str, Mapping[str, str]] = {
    "link_consent": {"link_id": "l.id"},
    "consent_evidence": {"link_id": "l.id", "seen_at": "now() - g * interval '1 second'"},
    "journal": {"link_id": "l.id", "record_id": "l.crm_id", "at": "now() - g * interval '10 seconds'"},
}
_HOLDS = """
    INSERT INTO hold (connection_id, link_id, side, object, record_id, field, kind, code, reason, cure, values,
                      fingerprint, held_at)
    SELECT l.connection_id, l.id, 'crm', l.object, l.crm_id, 'Phone',
           CASE WHEN l.n %% 3 = 0 THEN 'conflict' ELSE 'rejected' END,
           CASE WHEN l.n %% 3 = 0 THEN 'CW-4101' ELSE 'CW-4001' END,
           'The value ' || l.n || ' is longer than the field.', 'Shorten it on either side.',
           convert_to('{"crm": "before ' || l.n || '", "activecampaign": "after"}', 'UTF8'), '', now()
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM link WHERE connection_id = %(connection)s
          ORDER BY id LIMIT %(holds)s) l
    ON CONFLICT DO NOTHING
"""
_INBOX = """
    INSERT INTO inbox (connection_id, side, object, record_id, version, to_fetch, requested_at, deleted)
    SELECT connection_id, 'crm', object, crm_id, nextval('inbox_version'), true, now(), false
    FROM link WHERE connection_id = %(connection)s ORDER BY id DESC LIMIT %(holds)s ON CONFLICT DO NOTHING
"""
_ACTS = """
    INSERT INTO act (at, person, door, what, connection_id, connection_name, detail)
    SELECT now() - g * interval '1 minute', 'grace', 'web', 'mapping.changed', %(connection)s, 'web', '{}'
    FROM generate_series(1, %(holds)s) g
"""
_PLAN = (
    "INSERT INTO plan (connection_id, created_at, counts, applied) VALUES (%s, now(), %s, '{}') RETURNING id"
)
_PLAN_ROWS = """
    INSERT INTO plan_row (plan_id, side, object, op, record_id, key, fields)
    SELECT %s, side, 'contact', 'update', record_id, 'person' || id || '@example.com', fields
    FROM journal WHERE connection_id = %s ORDER BY id LIMIT %s
"""


def fill(database: psycopg.Connection, connection: int, links: int) -> None:
    """Let a connection that was synced once look as if it had so many links."""
    copied(database, "link", connection, LINKED["link"], links)
    for side, tenant in (("crm", "crm_id"), ("activecampaign", "activecampaign_id")):
        _directory(database, connection, side, tenant)
    for table, changed in OF_LINKS.items():
        copied(database, table, connection, changed, links, of_links=True)
    copied(
        database,
        "run",
        connection,
        {"started_at": "now() - g * interval '5 minutes'", "ended_at": "now() - g * interval '4 minutes'"},
        links // 50,
    )
    values = {"connection": connection, "holds": links // 20}
    for statement in (_HOLDS, _INBOX, _ACTS):
        database.execute(statement, values)
    plan(database, connection, links // 5)
    database.execute("VACUUM ANALYZE")


def copied(
    database: psycopg.Connection,
    table: str,
    connection: int,
    changed: Mapping[str, str],
    count: int,
    *,
    of_links: bool = False,
) -> None:
    """Insert so many copies of the first row that a connection has in a table; one a link with `of_links`."""
    found = database.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attname <> 'id' AND attgenerated = ''",
        [table],
    ).fetchall()
    columns = [str(name) for (name,) in found]
    shown = sql.SQL(", ").join(
        sql.SQL(changed[name]) if name in changed else sql.Identifier("t", name) for name in columns
    )
    source = (
        sql.SQL("(SELECT *, row_number() OVER (ORDER BY id) AS g FROM link WHERE connection_id = %s) l")
        if of_links
        else sql.SQL("generate_series(1, %s) g")
    )
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {shown} FROM"
        " (SELECT * FROM {table} WHERE connection_id = %s {first} LIMIT 1) t, {source} ON CONFLICT DO NOTHING"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        shown=shown,
        first=sql.SQL("ORDER BY 1"),
        source=source,
    )
    database.execute(statement, [connection, connection if of_links else count])


def _directory(database: psycopg.Connection, connection: int, side: str, tenant: str) -> None:
    database.execute(
        f"INSERT INTO directory (tenant_id, object, record_id, key, stamp, created, digest, deleted)"
        f" SELECT c.{tenant}, 'contact', l.{side}_id, l.key, now(), now(), '', false"
        f" FROM link l JOIN connection c ON c.id = l.connection_id WHERE c.id = %s AND l.{side}_id IS NOT NULL"
        f" ON CONFLICT DO NOTHING",
        [connection],
    )


def plan(database: psycopg.Connection, connection: int, rows: int) -> int:
    """Store a plan of so many updates; return its number."""
    told = f'{{"update crm contact": {rows}}}'
    found = database.execute(_PLAN, [connection, told]).fetchone()
    assert found is not None
    database.execute(_PLAN_ROWS, [found[0], connection, rows])
    return int(found[0])
