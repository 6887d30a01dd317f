"""Saved views of a Dataverse environment: everybody's and a user's own."""

from __future__ import annotations

from tests.helpers.sandbox_environment import DataverseEnvironment

NOBODY = "00000000-0000-0000-0000-00000000dead"
FETCH = (
    '<fetch><entity name="contact"><attribute name="lastname"/><attribute name="jobtitle"/>'
    '<filter><condition attribute="lastname" operator="eq" value="Zola"/></filter></entity></fetch>'
)


def test_a_view_of_everybody_is_found_by_name_and_shows_its_rows(environment: DataverseEnvironment) -> None:
    (view,) = environment.get("/savedqueries?$select=name&$filter=name eq 'Open Leads'")["value"]
    rows = environment.get(f"/leads?savedQuery={view['savedqueryid']}")["value"]
    open_leads = environment.get("/leads?$select=leadid&$filter=statecode eq 0")["value"]
    assert {row["leadid"] for row in rows} == {row["leadid"] for row in open_leads}
    assert 0 < len(rows) < len(environment.get("/leads?$select=leadid")["value"])


def test_a_view_of_ones_own_is_made_and_leaves_out_what_is_empty(environment: DataverseEnvironment) -> None:
    environment.call("POST", "/contacts", {"lastname": "Zola"})
    body = {"name": "Zolas", "returnedtypecode": "contact", "querytype": 0, "fetchxml": FETCH}
    made = environment.call("POST", "/userqueries", body)
    assert made.status_code == 204, made.text
    view = made.headers["odata-entityid"].rpartition("(")[2].rstrip(")")
    (row,) = environment.get(f"/contacts?userQuery={view}")["value"]
    assert row["lastname"] == "Zola"
    assert "jobtitle" not in row


def test_a_view_that_is_not_there_or_of_another_table_is_refused(environment: DataverseEnvironment) -> None:
    assert environment.refusal("GET", f"/contacts?savedQuery={NOBODY}", status=404)[0] == "0x80040217"
    (view,) = environment.get("/savedqueries?$filter=name eq 'Open Leads'")["value"]
    code, message = environment.refusal("GET", f"/contacts?savedQuery={view['savedqueryid']}")
    assert (code, "'lead'" in message) == ("0x80040203", True)
