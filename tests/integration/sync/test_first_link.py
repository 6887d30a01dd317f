from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


def test_it_works(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.contact_new("Ana@example.org", phone="+34 600 123 456")
    both.connect()

    result = both.sync()

    assert result.counts == {"crm update": 1, "activecampaign update": 1}
    assert both.crm("contact", crm_id)["Phone"] == "+34 600 123 456"
    assert both.contact("ana@example.org")["firstName"] == "Ana"
    both.assert_quiet()
