"""Updates in volume go by import, but only those that an import can carry; every contact has its receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.helpers.mappings import mapping_of

from crosswalk.core.mapping import CreationRule, Settings

if TYPE_CHECKING:
    import httpx2
    from tests.helpers.two_systems import TwoSystems


def linked(both: TwoSystems, count: int, above: int = 5) -> list[str]:
    ids = [both.crm_new(FirstName=f"P{n}", Phone="+34 0", Email=f"p{n}@example.org") for n in range(count)]
    both.connect(mapping_of(settings=Settings(import_updates_above=above)))
    both.sync()
    both.wait(10)
    return ids


def test_above_the_threshold_updates_go_by_import(both: TwoSystems) -> None:
    ids = linked(both, 203, above=200)
    for crm_id in ids:
        both.crm_edit("contact", crm_id, FirstName="Edited")
    both.crm_edit("contact", ids[0], Phone=None)
    both.crm_edit("contact", ids[1], Email="renamed@example.org")
    marks = both.marks()

    assert both.sync().counts == {"activecampaign update": 203}

    routes = both.routes_since(marks)
    assert routes.count("PUT /contacts/{id}") == 2  # what an import cannot say
    assert [batch["contacts"] for batch in both.imports()[1:]] == [201]
    assert {row["firstName"] for row in both.contacts()} == {"Edited"}
    assert both.contact("p0@example.org")["phone"] == ""
    assert both.contact("renamed@example.org")["firstName"] == "Edited"
    both.assert_quiet()


def test_at_the_threshold_each_goes_by_itself(both: TwoSystems) -> None:
    for crm_id in linked(both, 5):
        both.crm_edit("contact", crm_id, FirstName="Edited")
    marks = both.marks()

    both.sync()

    assert both.routes_since(marks).count("PUT /contacts/{id}") == 5
    both.assert_quiet()


def tamper(both: TwoSystems, change: Any) -> None:
    """Let `change` edit the body of every answer to the question how an import ended."""
    import httpx2
    import msgspec

    inner = both.wire.inner

    class Tampered(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            response = inner.handle_request(request)
            if not request.url.path.endswith("/import/info"):
                return response
            body = msgspec.json.decode(response.read())
            change(body)
            return httpx2.Response(response.status_code, json=body)

    both.wire.inner = Tampered()


def test_an_expected_id_that_did_not_come_back_is_looked_at_again(both: TwoSystems) -> None:
    ids = linked(both, 12)
    for crm_id in ids:
        both.crm_edit("contact", crm_id, FirstName="Edited")
    contact_id = both.contact("p3@example.org")["id"]

    tamper(both, lambda body: body.update(success=[i for i in body["success"] if i != contact_id]))
    both.sync()

    assert both.contact("p3@example.org")["firstName"] == "Edited"
    both.assert_quiet()


def test_an_update_that_the_import_left_out_is_sent_again(both: TwoSystems) -> None:
    """The vendor says nothing of one contact, and did nothing to it."""
    ids = linked(both, 12)
    for crm_id in ids:
        both.crm_edit("contact", crm_id, FirstName="Edited")
    contact_id = both.contact("p3@example.org")["id"]
    both.wire.after_import(lambda: both.undo("p3@example.org", first_name="P3"))
    tamper(both, lambda body: body.update(success=[i for i in body["success"] if i != contact_id]))

    both.sync()

    assert both.contact("p3@example.org")["firstName"] == "Edited"
    both.assert_quiet()


def test_a_contact_that_the_import_could_not_make_is_held(both: TwoSystems) -> None:
    crm_id = [both.crm_new(Email=f"p{n}@example.org") for n in range(12)][3]
    both.connect()

    def fail(body: dict[str, Any]) -> None:
        body["failure"] = ["p3@example.org"]
        body["success"] = [i for i in body["success"] if i not in gone]

    gone: set[str] = set()

    def vanish() -> None:
        row = both.contact("p3@example.org")
        gone.add(row["id"])
        both.contact_delete(row["id"])

    both.wire.after_import(vanish)
    tamper(both, fail)
    both.sync()

    assert both.contacts("p3@example.org") == []
    (hold,) = both.holds()
    assert (hold["kind"], hold["record_id"]) == ("rejected", crm_id)
    assert "p3@example.org" in hold["reason"]
    marks = both.marks()
    both.assert_quiet()
    assert not any(route.startswith("POST") for route in both.routes_since(marks))

    both.wire.calm()
    both.retry()
    both.sync()
    assert both.contacts("p3@example.org") != []
    assert both.holds() == []
    both.assert_quiet()


def test_a_contact_that_an_import_neither_made_nor_refused_is_closed(both: TwoSystems) -> None:
    """It may have been deleted at once: it is not made again."""
    for number in range(12):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    both.wire.after_import(lambda: both.contact_delete(both.contact("p3@example.org")["id"]))
    tamper(both, lambda body: body["success"].remove("4") if "4" in body["success"] else None)

    both.sync()

    assert len(both.contacts()) == 11
    assert [link.key for link in both.links(state="closed")] == ["p3@example.org"]
    assert both.assert_quiet().excused == {"tombstone": 1}


def rename(both: TwoSystems, *numbers: int) -> None:
    for number in numbers:
        both.contact_edit(both.contact(f"p{number}@example.org")["id"], email=f"renamed{number}@example.org")


def test_contacts_renamed_between_import_and_confirmation_keep_their_links(both: TwoSystems) -> None:
    """They are found among the ids that the import returned, by all else that was sent."""
    ids = [both.crm_new(FirstName=f"P{number}", Email=f"p{number}@example.org") for number in range(12)]
    both.connect()
    both.wire.after_import(lambda: rename(both, 3, 5))

    both.sync()
    both.sync()

    assert both.crm("contact", ids[3])["Email"] == "renamed3@example.org"
    assert both.crm("contact", ids[5])["Email"] == "renamed5@example.org"
    assert len(both.contacts()) == 12
    assert both.assert_quiet().excused == {}


def test_of_renamed_contacts_that_are_alike_none_is_guessed(both: TwoSystems) -> None:
    for number in range(12):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()
    both.wire.after_import(lambda: rename(both, 3, 5))

    both.sync()

    assert sorted(str(link.key) for link in both.links(state="closed")) == [
        "p3@example.org",
        "p5@example.org",
    ]
    assert both.assert_quiet().excused["tombstone"] == 2


def test_a_batch_that_is_late_is_finished_by_the_next_run(both: TwoSystems) -> None:
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect()
    both.delay_imports(timedelta(minutes=20))

    first = both.sync()
    assert first.counts == {}
    assert first.waiting == 12
    assert both.contacts() == []
    both.crm_edit("contact", ids[3], FirstName="Edited")
    second = both.sync()

    assert second.counts["activecampaign create"] == 12
    assert len(both.imports()) == 1
    both.sync()
    assert both.contact("p3@example.org")["firstName"] == "Edited"
    assert len(both.contacts()) == 12
    both.assert_quiet()


def test_nothing_of_a_record_is_sent_while_its_import_is_under_way(both: TwoSystems) -> None:
    for number in range(12):
        both.crm_new(FirstName=f"P{number}", Email=f"p{number}@example.org")
    both.connect()
    both.delay_imports(timedelta(minutes=45))
    both.sync()
    marks = both.marks()

    both.sync()

    assert not any(route.startswith(("POST /contact", "PUT")) for route in both.routes_since(marks))
    both.wait(1800)
    both.sync()
    assert len(both.contacts()) == 12
    both.assert_quiet()


def test_an_import_whose_answer_was_lost_is_judged_only_when_nothing_is_outstanding(
    both: TwoSystems,
) -> None:
    """The vendor works on it for longer than a run waits: it is not sent again."""
    for number in range(12):
        both.crm_new(FirstName=f"P{number}", Email=f"p{number}@example.org")
    both.connect()
    both.delay_imports(timedelta(minutes=45))
    both.wire.lose_answer("POST /api/3/import/bulk_import")

    first = both.sync()
    second = both.sync()

    assert (first.counts, second.counts) == ({}, {})
    both.wait(3600)
    assert both.sync().counts == {"activecampaign create": 12}
    assert [batch["contacts"] for batch in both.imports()] == [12]
    both.assert_quiet()


def test_a_crm_record_deleted_while_its_contact_is_made_is_not_made_again_by_it(both: TwoSystems) -> None:
    """The link was closed before it knew the contact."""
    settings = Settings(creation=CreationRule.ALL, creation_object="contact")
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect(mapping_of(settings=settings))
    both.delay_imports(timedelta(minutes=20))
    both.sync()
    both.crm_delete("contact", ids[3])

    both.sync()
    both.wait(3600)
    both.sync()
    both.contact_edit(both.contact("p3@example.org")["id"], phone="+34 1")
    both.sync()

    assert len(both.crm_all()) == 11
    both.assert_quiet()


def test_creations_fill_their_imports(both: TwoSystems) -> None:
    for number in range(260):
        both.crm_new(Email=f"p{number}@example.org")
    both.connect()

    both.sync()

    assert sorted(batch["contacts"] for batch in both.imports()) == [10, 250]
    both.assert_quiet()
