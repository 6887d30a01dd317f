"""What vendors call things."""

from __future__ import annotations

import pytest

from crosswalk.systems import VENDORS, tenant_word


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_vendor_has_a_word_for_the_place_that_somebody_signs_in_to(vendor: str) -> None:
    words = {"activecampaign": "account", "dynamics": "environment", "salesforce": "org"}
    assert tenant_word(vendor) == words[vendor]
