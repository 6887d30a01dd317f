"""What is urgent overtakes what is not, also while thousands of writes are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import Brake, Brakes, FieldMapping, Settings, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.helpers.two_systems import TwoSystems

PEOPLE = 600
PAGE = 25  # calls between two looks at what has come
BOX = "HasOptedOutOfEmail"
TITLE = "Job title"


def email(number: int) -> str:
    return f"p{number:04}@example.org"


@pytest.fixture
def filling(make_both: Callable[..., TwoSystems]) -> TwoSystems:
    """Linked pairs of which every contact is about to be given a field that is mapped anew, call by call."""
    both = make_both(limits="real")
    for number in range(PEOPLE):
        both.crm_new(Email=email(number), Title=f"T{number}", Phone="0")
    both.connect(mapping_of(settings=settings()))
    both.sync()
    for number in (3, 5):
        both.contact_edit(both.contact(email(number))["id"], lists={"1": 1})
    both.wait(3600)
    both.sync()
    title = FieldMapping(crm="Title", activecampaign=both.field(TITLE))
    both.set_mapping(mapping_of(settings=settings(), fields=(*NAMES, title)))
    return both


def settings() -> Settings:
    brakes = Brakes(changes=Brake(number=10_000, percent=100))
    return Settings(import_updates_above=1_000_000, sweep_share=0, brakes=brakes)


def crm_id(both: TwoSystems, number: int) -> str:
    return next(str(row["Id"]) for row in both.crm_all() if row["Email"] == email(number))


def calls_at(both: TwoSystems, act: Callable[[], Any], at: int) -> None:
    """Let `act` happen at the so-manieth update of the back-fill."""
    both.wire.once("PUT /api/3/contacts/", act, at=at)


def updates(both: TwoSystems, marks: dict[str, int]) -> list[str]:
    """The writes to ActiveCampaign in their order: `list` for an opt-out, else the contact that was updated."""
    log = both.systems["activecampaign"].log(marks["activecampaign"])
    return [
        "list" if entry.route == "POST /contactLists" else "update"
        for entry in log
        if entry.route in {"POST /contactLists", "PUT /contacts/{id}"}
    ]


def test_an_opt_out_goes_out_with_the_next_page_of_a_back_fill(filling: TwoSystems) -> None:
    """It is read by another connection's run, say: it stands in the database."""
    from crosswalk.sync import pull

    both = filling
    ana = crm_id(both, 3)

    def opts_out() -> None:
        both.crm_edit("contact", ana, **{BOX: True})
        with both.another_session():
            pull.pull(both.context(), Side.CRM, "contact")

    calls_at(both, opts_out, at=200)
    marks = both.marks()
    both.sync()

    order = updates(both, marks)
    assert order.count("update") == PEOPLE
    assert 200 <= order.index("list") <= 200 + PAGE
    assert both.contact(email(3))["lists"]["1"] == "2"
    both.assert_quiet()


def test_what_happens_in_the_midst_of_a_long_push_is_seen_within_a_minute(filling: TwoSystems) -> None:
    """An opt-out and an edit, which nobody has read: five calls a second are 300 a minute, whatever waits."""
    both = filling
    ana, ben = crm_id(both, 3), crm_id(both, PEOPLE - 1)

    def happens() -> None:
        both.crm_edit("contact", ana, **{BOX: True})
        both.crm_edit("contact", ben, Phone="7")

    calls_at(both, happens, at=100)
    overtook: list[int] = []

    def written(route: str, request: Any) -> None:
        if route.startswith("PUT /api/3/contacts/"):
            seen["puts"] += 1
            if b'"phone":"7"' in request.content:
                overtook.append(seen["puts"])

    seen = {"puts": 0}
    both.wire.after.append(written)
    marks = both.marks()
    both.sync()

    assert updates(both, marks).index("list") <= 400 + PAGE
    assert overtook[0] <= 400 + PAGE
    assert both.contact(email(PEOPLE - 1))["phone"] == "7"
    assert {both.held(email(n), TITLE) for n in (0, 300, PEOPLE - 1)} == {"T0", "T300", f"T{PEOPLE - 1}"}
    both.wire.allow()
    both.assert_quiet()


def test_what_a_person_asks_for_goes_before_what_is_filled(filling: TwoSystems) -> None:
    """A record that waits for a new try as well as for its back-fill goes with the more urgent of both."""
    from crosswalk.core.lanes import Lane
    from crosswalk.store import inbox, lanes

    both = filling
    context = both.context()
    ids = [crm_id(both, number) for number in (10, 11)]
    now = both.clock.now()
    inbox.want(context.connection_id, Side.CRM, "contact", ids, now, Lane.BACK_FILL)
    inbox.want(context.connection_id, Side.CRM, "contact", ids[:1], now, Lane.LIVE)
    inbox.want(context.connection_id, Side.CRM, "contact", ids[:1], now, Lane.RETRY)
    found = {row["record_id"]: row["lane"] for row in both.rows("inbox")}
    assert found == {ids[0]: Lane.LIVE, ids[1]: Lane.BACK_FILL}
    assert lanes.overtaken(context.connection_id, Lane.RETRY, 0)
    assert not lanes.overtaken(context.connection_id, Lane.LIVE, 0)


def test_a_side_that_cannot_be_read_in_the_midst_of_a_push_does_not_stop_it(
    filling: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.sync import lanes

    read: list[None] = []

    def unreadable(context: object) -> None:
        read.append(None)
        raise SystemFailure(FailureKind.QUOTA, "No more calls for now.")

    monkeypatch.setattr(lanes, "pull_all", unreadable)
    both = filling
    result = both.sync()
    assert (result.state, result.counts) == ("done", {"activecampaign update": PEOPLE})
    assert 1 <= len(read) <= 4
