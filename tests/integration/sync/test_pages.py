"""A page of a feed and the cursor behind it are stored together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crosswalk.core.mapping import Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("begun", [False, True], ids=["first reading", "later reading"])
def test_a_page_whose_storing_broke_off_is_read_again(
    both: TwoSystems, monkeypatch: pytest.MonkeyPatch, side: Side, begun: bool
) -> None:
    """Consent is the last of a page that is stored: its rows were there already."""
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.contact_new("ana@example.org", firstName="Ana", lastName="Ruiz")
    both.connect()
    if begun:
        both.sync()
        both.wait(10)
    both.crm_new(FirstName="Ben", Email="ben@example.org")
    both.contact_new("ben@example.org", lastName="Ruiz")
    both.wait(3600)  # longer than a reading looks back

    def die(_cursor: object, _tenant: int, of: Side, *_: Any) -> None:
        if of is side:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("crosswalk.store.consents.take", die)
        with pytest.raises(Killed):
            both.sync()
    both.reopen()
    both.wait(3600)

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Ana"
    assert both.contact("ben@example.org")["firstName"] == "Ben"
    both.assert_quiet()
