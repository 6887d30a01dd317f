"""What is decided never hangs on the order in which the database happens to give its rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from crosswalk.core.mapping import Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

ANA = "ana@example.org"


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_link_that_waits_takes_the_contact_that_has_the_address_now(both: TwoSystems, first: str) -> None:
    """Between two readings one contact gave its address up and another took it: the directory knows both by it."""
    from crosswalk.store import identity, models

    both.crm_new(FirstName="Ana", Email=ANA)
    both.connect()
    both.wire.refuse_address(ANA)
    both.sync()  # held: its link waits for a contact
    context = both.context()
    tenant, now = context.tenants[Side.ACTIVECAMPAIGN], both.clock.now()
    stamps = {"old": now - timedelta(hours=1), "new": now}
    for name in sorted(stamps, reverse=first == "old"):
        models.Directory.objects.create(
            tenant_id=tenant, object="contact", record_id=name, key=ANA, stamp=stamps[name], digest=b""
        )

    assert identity.adopt_contacts(context.connection_id, tenant, now) == 1

    assert [link.activecampaign_id for link in both.links(state="open")] == ["new"]


def test_a_run_tells_its_counts_in_one_order_whatever_plan_the_database_takes(both: TwoSystems) -> None:
    from django.db import connection

    for n in range(4):
        both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org")
        both.contact_new(f"q{n}@example.org", firstName=f"Q{n}", lastName="Ruiz")
    both.crm_new(Email="q1@example.org", Phone="+34 1")
    both.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_hashagg = on; SET enable_sort = off")
    result = both.sync()
    assert list(result.counts) == ["activecampaign create", "activecampaign update", "crm update"]


def test_contacts_that_an_import_does_not_show_are_asked_for_in_the_order_of_their_addresses(
    both: TwoSystems,
) -> None:
    for number in range(12):
        both.crm_new(Email=f"p{number:02}@example.org")
    both.connect()

    def rename() -> None:
        edits = {row["id"]: {"email": f"renamed-{row['email']}"} for row in both.contacts()}
        both.contacts_edit_all(edits)

    both.wire.after_import(rename)
    marks = both.marks()
    both.sync()

    asked = [query for query in both.queries_since(marks) if "email=p" in query]
    assert len(asked) == 12
    assert asked == sorted(asked)
