from __future__ import annotations

import pytest
from tests.helpers.sandbox_account import ActiveCampaign


def write(
    account: ActiveCampaign, contact_id: str, field_id: str, value: object, *, status: int = 200
) -> None:
    body = {"contact": {"fieldValues": [{"field": field_id, "value": value}]}}
    account.send("PUT", f"/contacts/{contact_id}", body, status=status)


def test_who_does_not_page_misses_fields(account: ActiveCampaign) -> None:
    first = account.get("/fields")
    assert len(first["fields"]) == 20 < int(first["meta"]["total"])
    rest = account.get("/fields", "offset=20&limit=100")["fields"]
    titles = [each["title"] for each in first["fields"] + rest]
    assert len(titles) == int(first["meta"]["total"]) == len(set(titles))


def test_options_and_relations_stand_beside_the_fields(account: ActiveCampaign) -> None:
    answer = account.get("/fields", "limit=100")
    fields = {each["title"]: each for each in answer["fields"]}
    options = {each["id"]: each for each in answer["fieldOptions"]}
    assert [options[each]["value"] for each in fields["Rating"]["options"]] == ["Hot", "Warm", "Cold"]
    assert [options[each]["value"] for each in fields["Partner"]["options"]] == ["true"]
    related = {each["field"] for each in answer["fieldRels"]}
    hidden = [title for title, each in fields.items() if each["id"] not in related]
    assert hidden == ["Old notes"], "a field without a relation shows nowhere"


def test_every_type_is_there(account: ActiveCampaign) -> None:
    types = {each["type"] for each in account.get("/fields", "limit=100")["fields"]}
    simple = {"text", "textarea", "number", "date", "datetime", "hidden"}
    assert types == simple | {"checkbox", "listbox", "dropdown", "radio"}


def test_a_field_is_found_by_its_merge_tag(account: ActiveCampaign) -> None:
    found = account.get("/fields", "filters[perstag]=LAST_MEETING")["fields"]
    assert [each["title"] for each in found] == ["Last meeting"]
    assert account.get(f"/fields/{found[0]['id']}")["field"] == found[0]


def test_a_new_field_gets_a_merge_tag_options_and_a_relation(account: ActiveCampaign) -> None:
    made = account.send(
        "POST", "/fields", {"field": {"type": "dropdown", "title": "Job Title!", "visible": 1}}, status=201
    )["field"]
    assert made["perstag"] == "JOB_TITLE_2", "the plain one is taken"
    items = [{"orderid": 1, "value": "hot", "label": "Hot", "isdefault": False, "field": made["id"]}]
    options = account.send("POST", "/fieldOption/bulk", {"fieldOptions": items}, status=201)["fieldOptions"]
    field_id = int(made["id"])
    relation = account.send("POST", "/fieldRels", {"fieldRel": {"field": field_id, "relid": 0}}, status=201)
    assert relation["fieldRel"]["field"] == field_id, "ids come back as they were sent"
    again = account.get(f"/fields/{field_id}")
    assert again["field"]["options"] == [options[0]["id"]]
    assert again["fieldRels"][0]["relid"] == "0"


def test_a_field_is_refused_with_what_is_wrong(account: ActiveCampaign) -> None:
    untitled = account.send("POST", "/fields", {"field": {"type": "text"}}, status=400)
    assert untitled == {"errors": ["Field name is required"]}
    taken = account.send("POST", "/fields", {"field": {"type": "text", "title": "company"}}, status=422)
    assert taken["errors"][0]["code"] == "duplicate"
    odd = account.send("POST", "/fields", {"field": {"type": "colour", "title": "New"}}, status=422)
    assert odd["errors"][0]["code"] == "field_invalid"


def test_options_are_refused_with_a_plain_text(account: ActiveCampaign) -> None:
    text_field = account.field_id("Company")
    for items in (
        [],
        [{"value": "x", "field": "999"}],
        [{"value": "x", "field": text_field}],
        [{"value": ""}],
    ):
        answer = account.send("POST", "/fieldOption/bulk", {"fieldOptions": items}, status=422)
        assert isinstance(answer["errors"], str)


def test_a_field_can_be_renamed_but_keeps_its_type(account: ActiveCampaign) -> None:
    company = account.field_id("Company")
    body = {"field": {"title": "Organisation", "type": "number"}}
    field = account.send("PUT", f"/fields/{company}", body, status=200)["field"]
    assert (field["title"], field["type"], field["perstag"]) == ("Organisation", "text", "COMPANY")


def test_a_deleted_field_takes_its_values_along(account: ActiveCampaign) -> None:
    company = account.field_id("Company")
    account.send("DELETE", f"/fields/{company}", status=200)
    account.send("GET", f"/fields/{company}", status=404)
    rows = account.get("/contacts", "limit=100&include=fieldValues")["fieldValues"]
    assert company not in {row["field"] for row in rows}
    write(account, "1", company, "x", status=422)


@pytest.mark.parametrize(
    ("title", "sent", "kept"),
    [
        ("Nickname", "  Ace 🦊\n", "  Ace 🦊\n"),
        ("Notes", "two\nlines", "two\nlines"),
        ("Source", "0", "0"),
        ("Nickname", 7, "7"),
        ("Score", "1234.5", "1234.5"),
        ("Score", 0, "0"),
        ("Score", " -3 ", "-3"),
        ("Birthday", "1984-02-29", "1984-02-29"),
        ("Last meeting", "2026-05-19T02:45:00-05:00", "2026-05-19T01:45:00-06:00"),
        ("Last meeting", "2026-05-19T07:45:00.5Z", "2026-05-19T01:45:00-06:00"),
        ("Last meeting", "2026-05-19 01:45:00", "2026-05-19T01:45:00-06:00"),
        ("Rating", "Hot", "Hot"),
        ("Region", "Europe", "Europe"),
        ("Interests", "||Email||Phone||", "||Email||Phone||"),
        ("Interests", "||Events||", "||Events||"),
        ("Interests", "||Email||Nothing||Email||", "||Email||"),
        ("Partner", "||true||", "||true||"),
        ("Partner", "true", "||true||"),
    ],
)
def test_values_are_kept_as_text_of_their_type(
    account: ActiveCampaign, title: str, sent: object, kept: str
) -> None:
    contact_id, field_id = account.new_contact(), account.field_id(title)
    write(account, contact_id, field_id, sent)
    assert account.values(contact_id) == {field_id: kept}


@pytest.mark.parametrize(
    ("title", "sent"),
    [
        ("Score", "many"),
        ("Score", "1,5"),
        ("Birthday", "2026-02-30"),
        ("Birthday", "02/03/2026"),
        ("Birthday", "2026-03-02T00:00:00Z"),
        ("Last meeting", "tomorrow"),
        ("Last meeting", "2026-03-02"),
        ("Partner", True),
        ("Interests", ["Email"]),
        ("Nickname", {"a": 1}),
    ],
)
def test_values_of_another_type_are_refused(account: ActiveCampaign, title: str, sent: object) -> None:
    contact_id, field_id = account.new_contact(), account.field_id(title)
    write(account, contact_id, field_id, sent, status=422)
    assert account.values(contact_id) == {}


def test_what_is_no_option_is_dropped_without_a_word(account: ActiveCampaign) -> None:
    contact_id, rating = account.new_contact(), account.field_id("Rating")
    write(account, contact_id, rating, "Lukewarm")
    assert account.values(contact_id) == {}
    write(account, contact_id, rating, "Hot")
    write(account, contact_id, rating, "hot")
    assert account.values(contact_id) == {rating: "Hot"}


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_text_clears_a_value(account: ActiveCampaign, empty: str | None) -> None:
    contact_id, city = account.new_contact(), account.field_id("City")
    write(account, contact_id, city, "Oslo")
    write(account, contact_id, city, empty)
    assert account.values(contact_id) == {city: ""}


def test_emptying_what_was_never_filled_makes_no_row(account: ActiveCampaign) -> None:
    contact_id, city = account.new_contact(), account.field_id("City")
    write(account, contact_id, city, "")
    assert account.values(contact_id) == {}


def test_an_empty_multiple_value_keeps_its_form(account: ActiveCampaign) -> None:
    contact_id, interests = account.new_contact(), account.field_id("Interests")
    write(account, contact_id, interests, "||||")
    assert account.values(contact_id) == {interests: "||||"}


def test_a_value_of_its_own_does_not_move_the_contacts_stamp(account: ActiveCampaign) -> None:
    contact_id, city = account.new_contact(), account.field_id("City")
    account.advance(60)
    body = {"fieldValue": {"contact": int(contact_id), "field": city, "value": "Oslo"}}
    made = account.send("POST", "/fieldValues", body, status=201)
    assert made["fieldValue"]["contact"] == int(contact_id), "ids come back as they were sent"
    assert made["contacts"][0]["udate"] == "2026-03-02T06:00:00-06:00"
    assert made["fieldValue"]["udate"] == "2026-03-02T06:01:00-06:00"
    assert account.found("filters[updated_after]=2026-03-02T06:00:00-06:00") == []
    body["fieldValue"]["value"] = "Bergen"
    account.send("POST", "/fieldValues", body, status=200)
    assert account.values(contact_id) == {city: "Bergen"}


def test_a_put_value_changes_what_its_body_names(account: ActiveCampaign) -> None:
    first, second = account.new_contact("a@example.org"), account.new_contact("b@example.org")
    city, company = account.field_id("City"), account.field_id("Company")
    for contact_id in (first, second):
        write(account, contact_id, city, "Oslo")
    row = account.get(f"/contacts/{first}/fieldValues")["fieldValues"][0]
    path = f"/fieldValues/{row['id']}"
    account.send("PUT", path, {"fieldValue": {"contact": second, "field": company, "value": "X"}}, status=200)
    assert account.values(first) == {city: "Oslo"}
    assert account.values(second) == {city: "Oslo", company: "X"}
    account.send("PUT", path, {"fieldValue": {"value": "Rome"}}, status=200)
    assert account.values(first) == {city: "Rome"}


def test_values_are_listed_read_and_deleted(account: ActiveCampaign) -> None:
    contact_id, city = account.new_contact(), account.field_id("City")
    write(account, contact_id, city, "Nowhere")
    listed = account.get("/fieldValues", f"filters[fieldid]={city}&filters[val]=Nowhere")
    assert listed["meta"]["total"] == "1"
    row = listed["fieldValues"][0]
    assert account.get(f"/fieldValues/{row['id']}")["fieldValue"] == row
    account.send("DELETE", f"/fieldValues/{row['id']}", status=200)
    assert account.values(contact_id) == {}
    account.send("GET", f"/fieldValues/{row['id']}", status=403)


def test_values_for_what_is_not_there_are_refused(account: ActiveCampaign) -> None:
    city = account.field_id("City")
    for body, status in (
        ({"contact": "999", "field": city, "value": "x"}, 404),
        ({"contact": "1", "field": "999", "value": "x"}, 422),
        ({"contact": "1", "field": city}, 422),
    ):
        account.send("POST", "/fieldValues", {"fieldValue": body}, status=status)


def test_an_amount_keeps_its_decimal_places_two_at_least(account: ActiveCampaign) -> None:
    field = account.send("POST", "/fields", {"field": {"type": "currency", "title": "Deposit"}}, status=201)[
        "field"
    ]["id"]
    contact = account.new_contact(fieldValues=[{"field": field, "value": "1234.5"}])
    assert account.values(contact)[field] == "1234.50"
    body = {"contact": {"fieldValues": [{"field": field, "value": "1,234"}]}}
    account.send("PUT", f"/contacts/{contact}", body, status=422)
