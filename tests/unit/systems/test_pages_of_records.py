"""Where people see a record in the systems themselves."""

from __future__ import annotations

import pytest

from crosswalk.systems import activecampaign, dynamics, salesforce


@pytest.mark.parametrize(
    ("base", "page"),
    [
        ("https://acme.api-us1.com", "https://acme.activehosted.com/app/contacts/7"),
        ("https://acme.activehosted.com/api/3", "https://acme.activehosted.com/app/contacts/7"),
        ("http://127.0.0.1:8080", None),
        ("https://acme.api-us1.com.example.org", None),
    ],
)
def test_a_contact_is_seen_at_the_accounts_own_host(base: str, page: str | None) -> None:
    assert activecampaign.page_of(base, "contact", "7") == page


def test_records_of_crms_are_seen_at_the_orgs_address_and_ids_are_escaped() -> None:
    assert (
        salesforce.page_of("https://acme.my.salesforce.com/", "lead", "00Q1")
        == "https://acme.my.salesforce.com/00Q1"
    )
    assert salesforce.page_of("https://acme.example.org", "lead", "../x") == "https://acme.example.org/..%2Fx"
    page = dynamics.page_of("https://acme.crm.dynamics.com", "lead", "4f&x")
    assert page == "https://acme.crm.dynamics.com/main.aspx?pagetype=entityrecord&etn=lead&id=4f%26x"
