"""Lists ask the database as often for fifty rows as for five."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tests.acceptance.web.conftest import Site

# Asks for pages as an administrator within one process, and prints how many statements each took.
_COUNTED = """
import django, json, os, sys
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS.append("testserver")
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from crosswalk.web.models import User
client = Client()
client.force_login(User.objects.get(name="administrator"), backend="django.contrib.auth.backends.ModelBackend")
counted = {}
for address in json.loads(sys.stdin.read()):
    for _again in range(2):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    counted[address] = len(asked.captured_queries)
print(json.dumps(counted))
"""
_ROWS = {
    "hold": "INSERT INTO hold (connection_id, side, object, record_id, field, kind, code, reason, cure, values,"
    " fingerprint, held_at) SELECT %(connection)s, 'crm', 'contact', 'counted' || g, '', 'rejected', 'CW-4001',"
    " 'too long', '', '', '', now() FROM generate_series(%(first)s::int, %(last)s::int) g",
    "run": "INSERT INTO run (connection_id, kind, state, started_at, ended_at, counts, error, failure)"
    " SELECT %(connection)s, 'manual', 'done', now(), now(), '{}', '', ''"
    " FROM generate_series(%(first)s::int, %(last)s::int) g",
    "act": "INSERT INTO act (at, person, door, what, connection_id, connection_name, detail) SELECT now(), 'x', 'web',"
    " 'run.asked', %(connection)s, 'counted', '{}' FROM generate_series(%(first)s::int, %(last)s::int) g",
    "person": "INSERT INTO person (name, role, password, is_active, theme, language, changed_at)"
    " SELECT 'counted' || g, 'user', '!', true, 'system', '', now()"
    " FROM generate_series(%(first)s::int, %(last)s::int) g",
    "access": "INSERT INTO person_access (user_id, connection_id) SELECT id, %(connection)s FROM person"
    " WHERE name LIKE 'counted%%' ON CONFLICT DO NOTHING",
    "member": "INSERT INTO crm_member (connection_id, crm_user, name, email, user_id)"
    " SELECT %(connection)s, name, name, '', id FROM person WHERE name LIKE 'counted%%' ON CONFLICT DO NOTHING",
    "connection": "INSERT INTO connection (name, crm_id, activecampaign_id, settings, created_at, global_sync,"
    " initial_sync) SELECT 'counted ' || g, crm_id, activecampaign_id, settings, now(), true, true FROM connection,"
    " generate_series(%(first)s::int, %(last)s::int) g WHERE id = %(connection)s",
}
PAGES = (
    "/",
    "/users",
    "/settings",
    "/audit",
    "/connections/{connection}/",
    "/connections/{connection}/holds",
    "/connections/{connection}/runs",
    "/connections/{connection}/plans",
    "/connections/{connection}/set-up/users",
)


def counted(site: Site, number: int) -> dict[str, int]:
    addresses = [page.format(connection=number) for page in PAGES]
    environment = {
        **site.crosswalk.environment(),
        "DJANGO_SETTINGS_MODULE": "crosswalk.web.settings",
        "CROSSWALK_SECRET_KEY": "x",
    }
    done = subprocess.run(
        [sys.executable, "-c", _COUNTED],
        input=json.dumps(addresses),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def number(site: Site) -> int:
    return site.add("counted")


def test_no_list_asks_the_database_once_a_row(site: Site, number: int) -> None:
    _fill(site, number, 1, 5)
    few = counted(site, number)
    _fill(site, number, 6, 50)
    many = counted(site, number)
    for table in ("crm_member", "hold", "run"):
        site.database.execute(f"DELETE FROM {table} WHERE connection_id = %s", [number])
    site.database.execute("DELETE FROM person_access WHERE connection_id = %s", [number])
    site.database.execute("DELETE FROM person WHERE name LIKE 'counted%'")
    site.database.execute("DELETE FROM connection WHERE name LIKE 'counted %'")
    assert many == few
    assert max(many.values()) <= 40


def _fill(site: Site, number: int, first: int, last: int) -> None:
    for statement in _ROWS.values():
        site.database.execute(statement, {"connection": number, "first": first, "last": last})
