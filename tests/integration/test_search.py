"""Looking for records: pages of addresses, and the index that answers among very many."""

from __future__ import annotations

import pytest

MANY = 5_000


@pytest.fixture
def connection_number(django_database: str) -> int:
    """A connection whose CRM has very many records, and ActiveCampaign one contact for each but a few."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenant (system, identity, credentials, tokens, created_at)"
            " VALUES ('salesforce', 'sought', '', '', now()), ('activecampaign', 'sought', '', '', now()) RETURNING id"
        )
        crm, contacts = (row[0] for row in cursor.fetchall())
        cursor.execute(
            "INSERT INTO connection (name, crm_id, activecampaign_id, settings, created_at, global_sync, initial_sync)"
            " VALUES ('sought', %s, %s, '{}', now(), true, true) RETURNING id",
            [crm, contacts],
        )
        ((number,),) = cursor.fetchall()
        for tenant, object, prefix, count in (
            (crm, "lead", "00Q", MANY),
            (contacts, "contact", "", MANY - 10),
        ):
            cursor.execute(
                "INSERT INTO directory (tenant_id, object, record_id, key, stamp, digest, deleted)"
                " SELECT %s, %s, %s || n, 'person' || lpad(n::text, 6, '0') || '@example.org', now(), '', false"
                " FROM generate_series(1, %s) n",
                [tenant, object, prefix, count],
            )
        cursor.execute(
            "INSERT INTO link (connection_id, object, crm_id, activecampaign_id, key, state, is_primary, crm_shadow,"
            " activecampaign_shadow, crm_unconfirmed, activecampaign_unconfirmed, selected, opened_at)"
            " SELECT %s, 'lead', '00Q' || n, n::text, 'person' || lpad(n::text, 6, '0') || '@example.org', 'open',"
            " true, '', '', '', '', true, now() FROM generate_series(1, %s) n",
            [number, MANY - 10],
        )
        cursor.execute("ANALYZE directory")
        cursor.execute("ANALYZE link")
    return int(number)


def test_pages_follow_each_other_without_gap_and_ids_are_found(connection_number: int) -> None:
    from crosswalk.store import search
    from crosswalk.store.connections import by_number

    connection = by_number(connection_number)
    assert connection is not None
    seen: list[str | None] = []
    after = ""
    while True:
        found = search.by_key(connection, "PERSON00001", after=after, limit=4)
        seen += [each.key for each in found.links]
        if found.after is None:
            break
        after = found.after
    assert seen == [f"person{n:06}@example.org" for n in range(10, 20)]
    (free,) = search.by_key(connection, f"person{MANY:06}").records
    assert (free.side, free.record_id) == ("crm", f"00Q{MANY}")
    assert [each.activecampaign_id for each in search.by_id(connection, "00Q17").links] == ["17"]
    assert [each.crm_id for each in search.by_id(connection, "17").links] == ["00Q17"]
    assert search.by_key(connection, "%").links == []


def test_the_beginning_of_an_address_is_found_through_the_index(connection_number: int) -> None:
    from django.db import connection

    from crosswalk.store import search
    from crosswalk.store.connections import by_number

    sought = by_number(connection_number)
    assert sought is not None
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN " + search._BY_KEY,
            {
                "crm": sought.crm_id,
                "activecampaign": sought.activecampaign_id,
                "like": "person0001%",
                "after": "",
                "limit": 101,
            },
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("directory_key") == 2, plan
    assert "Seq Scan" not in plan
