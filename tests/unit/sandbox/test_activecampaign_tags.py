from __future__ import annotations

import pytest
from tests.helpers.sandbox_account import ActiveCampaign


def tag_id(account: ActiveCampaign, name: str) -> str:
    return str(account.get("/tags", f"filters[search][eq]={name}")["tags"][0]["id"])


def test_search_finds_parts_and_eq_whole_names(account: ActiveCampaign) -> None:
    assert [each["tag"] for each in account.get("/tags", "search=BETA")["tags"]] == ["beta"]
    account.send("POST", "/tags", {"tag": {"tag": "beta two", "tagType": "contact"}}, status=201)
    assert [each["tag"] for each in account.get("/tags", "search=beta")["tags"]] == ["beta", "beta two"]
    exact = account.get("/tags", "filters[search][eq]=beta")
    assert ([each["tag"] for each in exact["tags"]], exact["meta"]["total"]) == (["beta"], "1")
    assert account.get("/tags", "filters[search][starts_with]=beta")["meta"]["total"] == "2"


def test_a_new_tag_has_a_free_name(account: ActiveCampaign) -> None:
    body = {"tag": {"tag": "crm-synced", "tagType": "contact", "description": "by Crosswalk"}}
    made = account.send("POST", "/tags", body, status=201)["tag"]
    assert account.get(f"/tags/{made['id']}")["tag"] == made
    assert (made["tag"], made["description"], made["subscriber_count"]) == ("crm-synced", "by Crosswalk", "0")
    body["tag"]["tag"] = "CRM-synced"
    assert account.send("POST", "/tags", body, status=422)["errors"][0]["code"] == "duplicate"


@pytest.mark.parametrize(
    ("tag", "code"),
    [({}, "field_missing"), ({"tag": 7}, "field_invalid"), ({"tag": "x", "tagType": "y"}, "field_invalid")],
)
def test_a_tag_is_refused_with_a_code(account: ActiveCampaign, tag: object, code: str) -> None:
    assert account.send("POST", "/tags", {"tag": tag}, status=422)["errors"][0]["code"] == code


def test_a_tag_can_be_renamed_and_deleted(account: ActiveCampaign) -> None:
    vip = tag_id(account, "vip")
    renamed = account.send("PUT", f"/tags/{vip}", {"tag": {"tag": "VIP"}}, status=200)["tag"]
    assert (renamed["tag"], renamed["id"]) == ("VIP", vip)
    account.send("DELETE", f"/tags/{vip}", status=200)
    assert account.found(f"tagid={vip}") == []
    account.send("GET", f"/tags/{vip}", status=404)


def test_tagging_a_contact_does_not_move_its_stamp(account: ActiveCampaign) -> None:
    contact_id, vip = account.new_contact(), tag_id(account, "vip")
    account.advance(60)
    body = {"contactTag": {"contact": int(contact_id), "tag": vip}}
    made = account.send("POST", "/contactTags", body, status=201)["contactTag"]
    assert (made["contact"], made["tag"]) == (int(contact_id), vip), "ids come back as they were sent"
    assert account.contact(contact_id)["udate"] == "2026-03-02T06:00:00-06:00"
    assert contact_id in account.found(f"tagid={vip}")


def test_tagging_twice_is_harmless(account: ActiveCampaign) -> None:
    contact_id, vip = account.new_contact(), tag_id(account, "vip")
    body = {"contactTag": {"contact": contact_id, "tag": vip}}
    rows = [account.send("POST", "/contactTags", body, status=201)["contactTag"]["id"] for _ in range(2)]
    assert rows[0] == rows[1]
    assert len(account.get(f"/contacts/{contact_id}/contactTags")["contactTags"]) == 1


def test_a_tag_is_taken_away_by_the_id_of_its_association(account: ActiveCampaign) -> None:
    contact_id, vip = account.new_contact(), tag_id(account, "vip")
    account.send("POST", "/contactTags", {"contactTag": {"contact": contact_id, "tag": vip}}, status=201)
    row = account.get(f"/contacts/{contact_id}/contactTags")["contactTags"][0]
    assert account.send("DELETE", f"/contactTags/{row['id']}", status=200) == {}
    assert account.get(f"/contacts/{contact_id}/contactTags")["contactTags"] == []
    answer = account.send("DELETE", f"/contactTags/{row['id']}", status=404)
    assert answer["errors"][0]["detail"] == "ContactTag not found"


def test_tagging_what_is_not_there_is_404(account: ActiveCampaign) -> None:
    vip = tag_id(account, "vip")
    for contact, tag, detail in (("999", vip, "Contact not found"), ("1", "999", "Tag not found")):
        body = {"contactTag": {"contact": contact, "tag": tag}}
        error = account.send("POST", "/contactTags", body, status=404)["errors"][0]
        assert error == {"status": 404, "title": "Not Found", "detail": detail}


def test_lists_are_read_found_and_made(account: ActiveCampaign) -> None:
    newsletter = account.get("/lists", "filters[name][eq]=Newsletter")["lists"][0]
    assert account.get(f"/lists/{newsletter['id']}")["list"] == newsletter
    account.send("GET", "/lists/99", status=403)
    body = {
        "name": "Fair",
        "stringid": "fair",
        "sender_url": "https://news.example",
        "sender_reminder": "You came.",
    }
    made = account.send("POST", "/lists", {"list": body}, status=201)["list"]
    assert made["name"] == "Fair"
    del body["sender_url"]
    error = account.send("POST", "/lists", {"list": body}, status=422)["errors"][0]
    assert (error["code"], error["source"]["pointer"]) == ("field_missing", "/data/attributes/sender_url")


def test_who_unsubscribed_comes_back_only_by_source_4(account: ActiveCampaign) -> None:
    contact_id = account.new_contact()

    def status_after(**membership: object) -> str:
        body = {"contactList": {"contact": contact_id, "list": "1", **membership}}
        return str(account.send("POST", "/contactLists", body, status=200)["contactList"]["status"])

    assert status_after(status=1) == "1"
    assert status_after(status="2") == "2"
    assert status_after(status=1) == "2"
    assert status_after(status=1, sourceid=4) == "1"
    assert account.contact(contact_id)["udate"] == "2026-03-02T06:00:00-06:00"


def test_memberships_of_what_is_not_there_are_refused(account: ActiveCampaign) -> None:
    for contact, list_id, status, code in (("999", "1", 1, 404), ("1", "99", 1, 403), ("1", "1", 3, 422)):
        body = {"contactList": {"contact": contact, "list": list_id, "status": status}}
        account.send("POST", "/contactLists", body, status=code)
