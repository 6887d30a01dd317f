"""What verify must not excuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.mapping import FieldMapping, UpdateRule

if TYPE_CHECKING:  # needs a configured Django, which the fixture gives it
    from tests.helpers.two_systems import TwoSystems

ONE_WAY = FieldMapping(crm="Nickname__c", activecampaign="Nickname", to_crm=UpdateRule.NEVER)


def test_a_write_that_got_lost_is_not_excused_by_the_rule_of_the_other_direction(both: TwoSystems) -> None:
    from django.db import connection

    from crosswalk.sync.planning import make_plan
    from crosswalk.sync.verify import verify

    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Nickname__c="old")
    both.connect(mapping_of(fields=(*NAMES, ONE_WAY)))
    both.sync()
    assert verify(both.context()).unexcused == 0

    both.wait(60)
    both.crm_edit("contact", crm_id, Nickname__c="new")
    make_plan(both.context())  # reads the edit
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inbox")  # as a mistake of ours would

    found = verify(both.context())
    assert found.unexcused == 1
    (sample,) = [each for each in found.samples if each["excuse"] is None]
    assert (sample["field"], sample["crm"], sample["activecampaign"]) == ("Nickname__c", "new", "old")


def test_a_value_that_may_not_travel_is_excused(both: TwoSystems) -> None:
    from crosswalk.sync.verify import verify

    both.crm_new(FirstName="Ana", Email="ana@example.org", Nickname__c="old")
    both.connect(mapping_of(fields=(*NAMES, ONE_WAY)))
    both.sync()
    both.wait(60)
    both.contact_edit(both.contact("ana@example.org")["id"], Nickname="theirs")
    both.sync()

    found = verify(both.context())
    assert (found.unexcused, found.excused) == (0, {"never": 1})
