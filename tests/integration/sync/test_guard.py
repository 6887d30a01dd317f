"""People who edit a target between our reading and our write: nothing of theirs is overwritten unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.mappings import both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, Policy, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


def linked(both: TwoSystems, count: int = 1, settings: Settings | None = None) -> list[str]:
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(count)]
    both.connect(mapping_of(settings=settings))
    both.sync()
    both.wait(10)
    return ids


def test_an_edit_of_the_contact_before_our_put_is_merged(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's", Phone="+34 1")
    both.wait(20)

    def edit() -> None:
        both.wait(20)
        both.contact_edit(contact_id, firstName="Contact's")

    both.wire.once("GET /api/3/contacts", edit, after=True)  # the feed was read
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Contact's"
    assert both.contact("p0@example.org")["firstName"] == "Contact's"
    assert both.contact("p0@example.org")["phone"] == "+34 1"
    both.assert_quiet()


def test_a_slow_reading_of_one_target_does_not_make_another_one_old(both: TwoSystems) -> None:
    """One contact came with the feed, the other is read before the writes, which takes its time."""
    first, second = linked(both, 2)
    both.sync()
    contacts = [both.contact(f"p{number}@example.org")["id"] for number in range(2)]
    both.crm_edit("contact", first, FirstName="CRM's")
    both.crm_edit("contact", second, FirstName="CRM's")
    both.contact_edit(contacts[1], phone="+34 1")

    def edit() -> None:
        both.wait(20)
        both.contact_edit(contacts[1], firstName="Contact's")

    both.wire.once(f"GET /api/3/contacts/{contacts[0]}", edit)
    both.sync()

    assert both.contact("p0@example.org")["firstName"] == "CRM's"
    assert both.contact("p1@example.org")["firstName"] == "CRM's", "it wins the conflict"
    overwritten = [row["fields"].get("firstName", [None])[0] for row in both.journal()]
    assert "Contact's" in overwritten, "and the journal has what it won against"
    both.assert_quiet()


def test_an_edit_of_another_field_of_the_contact_does_not_stop_the_put(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.wire.once("GET /api/3/contacts", lambda: both.contact_edit(contact_id, phone="+34 1"), after=True)

    both.sync()
    both.sync()

    assert both.contact("p0@example.org")["firstName"] == "CRM's"
    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    both.assert_quiet()


def test_an_edit_of_the_crm_record_before_our_patch_is_merged(both: TwoSystems) -> None:
    ids = linked(both, 3)
    for number in range(3):
        both.contact_edit(both.contact(f"p{number}@example.org")["id"], firstName=f"C{number}")

    def edit() -> None:
        both.wait(20)
        both.crm_edit("contact", ids[1], FirstName="CRM's")

    both.wire.once("GET /api/3/contacts", edit, after=True)
    both.sync()

    assert [both.crm("contact", crm_id)["FirstName"] for crm_id in ids] == ["C0", "CRM's", "C2"]
    assert both.contact("p1@example.org")["firstName"] == "CRM's"
    both.assert_quiet()


def test_a_write_that_the_guard_drops_is_not_forgotten_with_the_other_sides_receipt(
    both: TwoSystems,
) -> None:
    """Both sides changed, and somebody edits the CRM record meanwhile: all three edits arrive."""
    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, Phone="+34 1")
    both.contact_edit(contact_id, firstName="Contact's", lastName="Lopez")

    def edit() -> None:
        both.wait(20)
        both.crm_edit("contact", crm_id, LastName="Berg")

    both.wire.once("GET /api/3/contacts", edit, after=True)

    both.sync()

    crm, contact = both.crm("contact", crm_id), both.contact("p0@example.org")
    assert (crm["FirstName"], crm["LastName"], crm["Phone"]) == ("Contact's", "Berg", "+34 1")
    assert (contact["firstName"], contact["lastName"], contact["phone"]) == ("Contact's", "Berg", "+34 1")
    both.assert_quiet()


def test_what_was_read_before_our_write_is_no_edit_after_it(both: TwoSystems) -> None:
    """Another connection of the account reads the contact, which somebody has just edited, and then we write it."""
    from crosswalk.sync.pull import pull

    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")

    def read() -> None:
        both.contact_edit(contact_id, lastName="Lopez")
        both.wait(2)
        pull(both.context(), Side.ACTIVECAMPAIGN, "contact")

    both.wire.once("PUT", read)
    both.sync()

    crm, contact = both.crm("contact", crm_id), both.contact("p0@example.org")
    assert (crm["LastName"], crm["FirstName"]) == ("Lopez", "CRM's")
    assert (contact["lastName"], contact["firstName"]) == ("Lopez", "CRM's")
    both.assert_quiet()


def test_a_target_deleted_before_our_write_closes_its_link(both: TwoSystems) -> None:
    ids = linked(both, 2)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", ids[0], FirstName="CRM's")
    both.contact_edit(both.contact("p1@example.org")["id"], firstName="Contact's")

    def delete() -> None:
        both.contact_delete(contact_id)
        both.crm_delete("contact", ids[1])

    both.wire.once("GET /api/3/contacts", delete, after=True)
    result = both.sync()

    assert result.counts == {}
    assert sorted(str(link.closed_reason) for link in both.links()) == [
        "deleted_activecampaign",
        "deleted_crm",
    ]
    assert both.contact("p1@example.org")["firstName"] == "Contact's"
    both.assert_quiet()


def test_a_target_deleted_between_the_guard_and_the_put_closes_its_link(both: TwoSystems) -> None:
    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.wire.once("PUT /api/3/contacts", lambda: both.contact_delete(contact_id))

    both.sync()

    assert [link.closed_reason for link in both.links()] == ["deleted_activecampaign"]
    both.assert_quiet()


def test_a_contact_made_after_our_reading_is_linked_and_not_overwritten_by_the_import(
    both: TwoSystems,
) -> None:
    for number in range(12):
        both.crm_new(FirstName=f"P{number}", Email=f"p{number}@example.org")
    both.connect()
    both.wire.once(
        "GET /api/3/contacts",
        lambda: both.contact_new("p3@example.org", firstName="Contact's", phone="+34 1"),
        after=True,
    )

    both.sync()

    assert [batch["contacts"] for batch in both.imports()] == [11]
    assert both.contact("p3@example.org")["firstName"] == "P3"  # first link: the winner, and in the journal
    assert ["Contact's", "P3", "first_link"] in [
        values for row in both.journal() for values in row["fields"].values()
    ]
    assert {row["Phone"] for row in both.crm_all()} == {None, "+34 1"}
    both.assert_quiet()


def test_a_contact_made_before_our_single_create_is_linked(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.wire.once("POST /api/3/contacts", lambda: both.contact_new("ana@example.org", phone="+34 1"))

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Ana"
    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    both.assert_quiet()


def test_an_edit_before_an_import_of_updates_is_merged(both: TwoSystems) -> None:
    ids = linked(both, 12, Settings(import_updates_above=5))
    for number, crm_id in enumerate(ids):
        both.crm_edit("contact", crm_id, FirstName=f"Q{number}")
    contact_id = both.contact("p3@example.org")["id"]

    def edit() -> None:
        both.wait(20)
        both.contact_edit(contact_id, firstName="Contact's")

    both.wire.once("GET /api/3/contacts", edit, after=True)
    both.sync()

    assert both.crm("contact", ids[3])["FirstName"] == "Contact's"
    assert both.contact("p3@example.org")["firstName"] == "Contact's"
    assert both.imports()[-1]["contacts"] == 11
    both.assert_quiet()


def test_a_contact_renamed_before_an_import_of_updates_is_no_second_contact(both: TwoSystems) -> None:
    """An import finds contacts by their address."""
    ids = linked(both, 12, Settings(import_updates_above=5))
    for number, crm_id in enumerate(ids):
        both.crm_edit("contact", crm_id, FirstName=f"Q{number}")
    contact_id = both.contact("p3@example.org")["id"]
    both.wire.once(
        "GET /api/3/contacts",
        lambda: both.contact_edit(contact_id, email="renamed@example.org"),
        after=True,
    )

    both.sync()
    both.sync()

    assert len(both.contacts()) == 12
    assert both.contact("renamed@example.org")["firstName"] == "Q3"
    assert both.crm("contact", ids[3])["Email"] == "renamed@example.org"
    both.assert_quiet()


def test_a_reading_that_is_seconds_old_guards_no_write(both: TwoSystems) -> None:
    """Between our reading of a record that changed on both sides and the write, a minute passes."""
    (crm_id,) = linked(both, settings=Settings(policy=Policy.ACTIVECAMPAIGN))
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.contact_edit(contact_id, phone="+34 1")

    def edit() -> None:
        both.wait(60)
        both.contact_edit(contact_id, firstName="Contact's")

    both.wire.once("PATCH /services/data", edit)
    both.sync()

    assert both.contact("p0@example.org")["firstName"] == "Contact's"
    assert both.crm("contact", crm_id)["FirstName"] == "Contact's"
    both.assert_quiet()


def test_what_one_run_cannot_settle_is_settled_by_the_next(both: TwoSystems) -> None:
    """Somebody edits before each of our writes, three times."""
    (crm_id,) = linked(both)
    contact_id = both.contact("p0@example.org")["id"]
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    edits = iter(range(9))

    def edit() -> None:
        both.wait(20)
        number = next(edits)
        both.contact_edit(contact_id, firstName=f"Contact {number}")
        both.crm_edit("contact", crm_id, FirstName=f"CRM {number}")

    for _ in range(3):
        both.wire.once("GET /api/3/contacts", edit)
        both.wire.once("POST /services/data/v60.0/composite/sobjects/Contact", edit)
    both.sync()
    both.wire.allow()
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == both.contact("p0@example.org")["firstName"]
    both.assert_quiet()


def test_two_kinds_of_creations_at_once_do_not_disturb_each_other(both: TwoSystems) -> None:
    settings = Settings(creation=CreationRule.ALL, creation_object="lead")
    objects = both_objects(creation_defaults={"Company": "unknown"})
    for number in range(12):
        both.crm_new(Email=f"crm{number}@example.org")
        both.contact_new(f"ac{number}@example.org", lastName=f"A{number}")
    both.connect(mapping_of(*objects, settings=settings))

    assert both.sync().counts == {"crm create": 12, "activecampaign create": 12}

    assert (len(both.contacts()), len(both.crm_all("lead")), len(both.crm_all())) == (24, 12, 12)
    both.assert_quiet()
