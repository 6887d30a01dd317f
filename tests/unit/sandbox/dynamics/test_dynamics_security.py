"""Roles and privileges really refuse; acting for another user; who has which roles."""

from __future__ import annotations

from typing import Any

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

FULL = "Microsoft.Dynamics.CRM."
ME, ADA, BRUNO = "crosswalk.application@org.example", "ada.lindqvist@org.example", "bruno.costa@org.example"
DEFAULTS = ("prvReadUser", "prvReadEntity", "prvReadAttribute")


def only(
    environment: DataverseEnvironment, depth: str = "Global", /, *privileges: str, **depths: str
) -> None:
    """Let the caller have these privileges and no others."""
    held = dict.fromkeys(privileges, depth) | depths | dict.fromkeys(DEFAULTS, "Global")
    environment.control("POST", "roles", {"name": "System Administrator", "users": []})
    environment.control("POST", "roles", {"name": "Narrow", "privileges": held, "users": [ME]})


def user_id(environment: DataverseEnvironment, domain_name: str) -> str:
    users = environment.controlled.dump()["systemuser"]
    return next(str(row["systemuserid"]) for row in users if row["domainname"] == domain_name)


def add(environment: DataverseEnvironment, set_name: str, **body: object) -> str:
    answer = environment.call("POST", f"/{set_name}", body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"][-37:-1]


def any_row(environment: DataverseEnvironment, table: str, **wanted: object) -> str:
    rows = environment.controlled.dump()[table]
    return next(
        str(row[f"{table}id"]) for row in rows if all(row.get(name) == each for name, each in wanted.items())
    )


def test_a_missing_privilege_is_refused_in_the_vendors_words(environment: DataverseEnvironment) -> None:
    me = user_id(environment, ME)
    only(environment, "Global", "prvReadContact")
    code, message = environment.refusal("POST", "/contacts", {"lastname": "Vogel"}, status=403)
    assert code == "0x80040220"
    assert message.startswith(
        f"Principal user (Id={me}, type=8, roleCount=1, privilegeCount=4, accessMode='4 "
    )
    assert "is missing prvCreateContact privilege (Id=" in message
    assert "on OTC=2 for entity 'contact' (LocalizedName='Contact')" in message


@pytest.mark.parametrize(
    ("verb", "method", "body"),
    [("Read", "GET", None), ("Write", "PATCH", {"jobtitle": "CEO"}), ("Delete", "DELETE", None)],
)
def test_each_verb_needs_its_privilege(
    environment: DataverseEnvironment, verb: str, method: str, body: object
) -> None:
    key = any_row(environment, "contact")
    others = [f"prv{each}Contact" for each in ("Read", "Write", "Delete", "Create") if each != verb]
    only(environment, "Global", *others)
    code, message = environment.refusal(method, f"/contacts({key})", body, status=403)
    assert (code, f"prv{verb}Contact" in message) == ("0x80040220", True)


def test_reading_sets_and_counts_needs_the_privilege(environment: DataverseEnvironment) -> None:
    only(environment, "Global", "prvReadContact")
    assert environment.get("/contacts")["value"]
    for path in ("/leads", "/leads/$count", "/contacts?$expand=parentcustomerid_account"):
        assert environment.refusal("GET", path, status=403)[0] == "0x80040220"


def test_own_rows_alone_at_the_least_depth(environment: DataverseEnvironment) -> None:
    only(environment, "Basic", "prvReadContact", "prvWriteContact", "prvCreateContact")
    assert environment.get("/contacts")["value"] == []
    mine, other = add(environment, "contacts", lastname="Mine"), any_row(environment, "contact")
    assert [row["contactid"] for row in environment.get("/contacts")["value"]] == [mine]
    assert environment.call("PATCH", f"/contacts({mine})", {"jobtitle": "CEO"}).status_code == 204
    code, message = environment.refusal("PATCH", f"/contacts({other})", {"jobtitle": "CEO"}, status=403)
    assert code == "0x80048306"
    assert f"does not have WriteAccess right(s) for record with id {other} of entity contact" in message
    assert environment.refusal("GET", f"/contacts({other})", status=403)[0] == "0x80048306"


def test_rows_of_the_business_unit_at_the_next_depth(environment: DataverseEnvironment) -> None:
    only(environment, "Local", "prvReadContact")
    assert len(environment.get("/contacts")["value"]) == 12


def test_rows_of_the_units_below_at_the_depth_after_that(environment: DataverseEnvironment) -> None:
    top = environment.get("/businessunits")["value"][0]["businessunitid"]
    below = add(
        environment,
        "businessunits",
        name="South",
        **{"parentbusinessunitid@odata.bind": f"/businessunits({top})"},
    )
    bruno = user_id(environment, BRUNO)
    moved = {"businessunitid@odata.bind": f"/businessunits({below})"}
    environment.controlled.person("systemuser", "edit", record_id=bruno, values=moved)
    key = environment.controlled.person("contact", "create", user=BRUNO, values={"lastname": "South"})[
        "contactid"
    ]
    only(environment, "Local", "prvReadContact")
    assert environment.refusal("GET", f"/contacts({key})", status=403)[0] == "0x80048306"
    only(environment, "Deep", "prvReadContact")
    assert environment.get(f"/contacts({key})")["_owningbusinessunit_value"] == below


def test_the_least_privileges_of_a_sync_suffice_for_it(environment: DataverseEnvironment) -> None:
    verbs = ("Create", "Read", "Write", "Append", "AppendTo")
    business = [f"prv{verb}{table}" for table in ("Account", "Contact", "Lead") for verb in verbs]
    setup = [
        f"prvRead{what}" for what in ("User", "Team", "BusinessUnit", "TransactionCurrency", "Organization")
    ]
    schema = [f"prvRead{what}" for what in ("Entity", "Attribute", "Relationship", "OptionSet")]
    only(environment, "Global", *business, *setup, *schema)
    account, lead = any_row(environment, "account"), any_row(environment, "lead", statecode=0)
    assert environment.get("/EntityDefinitions(LogicalName='contact')/ManyToOneRelationships")["value"]
    for set_name in ("contacts", "leads", "accounts"):
        page = environment.get(f"/{set_name}?$select=createdon", prefer="odata.track-changes")
        assert "@odata.deltaLink" in page
    for set_name in ("systemusers", "teams", "businessunits", "transactioncurrencies", "organizations"):
        assert environment.get(f"/{set_name}")["value"]
    tie = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    key = add(environment, "contacts", lastname="Vogel", **tie)
    assert environment.call("PATCH", f"/contacts({key})", {"jobtitle": "CEO"}).status_code == 204
    assert environment.call("PATCH", f"/leads({lead})", {"jobtitle": "CEO"}).status_code == 204
    assert "prvDeleteContact" in environment.refusal("DELETE", f"/contacts({key})", status=403)[1]


def test_change_tracking_needs_all_rows(environment: DataverseEnvironment) -> None:
    only(environment, "Local", "prvReadContact")
    prefer = {"Prefer": "odata.track-changes"}
    assert environment.refusal("GET", "/contacts", status=403, headers=prefer)[0] == "0x80040220"


def test_a_lookup_needs_append_here_and_append_to_there(environment: DataverseEnvironment) -> None:
    account = any_row(environment, "account")
    tie = {"lastname": "Vogel", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    held = ["prvCreateContact", "prvReadAccount"]
    only(environment, "Global", *held)
    assert "prvAppendContact" in environment.refusal("POST", "/contacts", tie, status=403)[1]
    only(environment, "Global", *held, "prvAppendContact")
    assert "prvAppendToAccount" in environment.refusal("POST", "/contacts", tie, status=403)[1]
    only(environment, "Global", *held, "prvAppendContact", "prvAppendToAccount")
    assert environment.call("POST", "/contacts", tie).status_code == 204


def test_giving_a_row_away_needs_assign_and_an_owner_who_can_read_it(
    environment: DataverseEnvironment,
) -> None:
    bruno = user_id(environment, BRUNO)
    key = any_row(environment, "contact", ownerid=user_id(environment, ADA))
    given = {"ownerid@odata.bind": f"/systemusers({bruno})"}
    only(environment, "Global", "prvWriteContact")
    assert "prvAssignContact" in environment.refusal("PATCH", f"/contacts({key})", given, status=403)[1]
    only(environment, "Global", "prvWriteContact", "prvAssignContact")
    environment.control("POST", "roles", {"name": "Salesperson", "users": []})
    assert environment.refusal("PATCH", f"/contacts({key})", given, status=403)[0] == "0x80040231"
    environment.control("POST", "roles", {"name": "Salesperson", "users": [BRUNO]})
    assert environment.call("PATCH", f"/contacts({key})", given).status_code == 204


def test_qualifying_needs_what_it_makes(environment: DataverseEnvironment) -> None:
    lead = any_row(environment, "lead", statecode=0)
    body = {"CreateAccount": False, "CreateContact": True, "CreateOpportunity": False, "Status": 3}
    only(environment, "Global", "prvReadLead", "prvWriteLead", "prvAppendLead", "prvAppendToLead")
    message = environment.refusal("POST", f"/leads({lead})/{FULL}QualifyLead", body, status=403)[1]
    assert "prvCreateContact" in message


def test_the_schema_needs_privileges_too(environment: DataverseEnvironment) -> None:
    only(environment)
    assert environment.get("/EntityDefinitions(LogicalName='contact')/Attributes")["value"]
    path = "/EntityDefinitions(LogicalName='contact')/Attributes"
    assert "prvCreateAttribute" in environment.refusal("POST", path, {}, status=403)[1]
    assert "prvPublishCustomization" in environment.refusal("POST", "/PublishAllXml", {}, status=403)[1]


def test_without_any_role_nothing_goes(environment: DataverseEnvironment) -> None:
    environment.control("POST", "roles", {"name": "System Administrator", "users": []})
    code, message = environment.refusal("GET", "/WhoAmI", status=403)
    assert (code, "roleCount=0" in message) == ("0x80040220", True)


def test_people_are_not_asked_for_roles(environment: DataverseEnvironment) -> None:
    environment.control("POST", "roles", {"name": "Salesperson", "users": []})
    made = environment.controlled.person("contact", "create", user=BRUNO, values={"lastname": "Vogel"})
    assert made["createdby"] == user_id(environment, BRUNO)


def test_a_role_is_made_filled_and_given_through_the_api(environment: DataverseEnvironment) -> None:
    unit = environment.get("/businessunits")["value"][0]["businessunitid"]
    role = add(environment, "roles", name="Sync", **{"businessunitid@odata.bind": f"/businessunits({unit})"})
    found = environment.get("/privileges?$select=name&$filter=name eq 'prvReadContact'")["value"][0]
    entry = {"PrivilegeId": found["privilegeid"], "PrivilegeName": found["name"], "Depth": "Local"}
    path = f"/roles({role})/{FULL}AddPrivilegesRole"
    assert environment.call("POST", path, {"Privileges": [entry]}).status_code == 204
    bruno = user_id(environment, BRUNO)
    reference = {"@odata.id": f"{environment.ready['url']}/api/data/v9.2/roles({role})"}
    path = f"/systemusers({bruno})/systemuserroles_association"
    assert environment.call("POST", f"{path}/$ref", reference).status_code == 204
    names = [row["name"] for row in environment.get(f"{path}?$select=name")["value"]]
    assert sorted(names) == ["Salesperson", "Sync"]
    held = environment.get(f"/RetrieveRolePrivilegesRole(RoleId={role})")["RolePrivileges"]
    assert [(each["PrivilegeName"], each["Depth"]) for each in held] == [("prvReadContact", "Local")]
    numbered = {"Privileges": [{**entry, "Depth": 3}]}
    assert environment.call("POST", f"/roles({role})/{FULL}AddPrivilegesRole", numbered).status_code == 204
    (entry,) = environment.get(f"/RetrieveRolePrivilegesRole(RoleId={role})")["RolePrivileges"]
    assert entry["Depth"] == "Global"
    assert environment.call("DELETE", f"{path}({role})/$ref").status_code == 204
    assert [row["name"] for row in environment.get(path)["value"]] == ["Salesperson"]


def test_roles_are_shown_with_their_users(environment: DataverseEnvironment) -> None:
    me = user_id(environment, ME)
    path = f"/systemusers({me})?$select=fullname&$expand=systemuserroles_association($select=name)"
    shown = environment.get(path)["systemuserroles_association"]
    assert [role["name"] for role in shown] == ["System Administrator"]
    users = environment.get("/systemusers?$expand=systemuserroles_association($select=name)")["value"]
    assert sum(len(user["systemuserroles_association"]) for user in users) == 5
    only(environment)
    assert "prvReadRole" in environment.refusal("GET", path, status=403)[1]


def test_the_schema_names_what_ties_users_and_roles(environment: DataverseEnvironment) -> None:
    found = environment.get("/EntityDefinitions(LogicalName='team')/ManyToManyRelationships")["value"]
    ends = {each["SchemaName"]: (each["Entity1LogicalName"], each["Entity2LogicalName"]) for each in found}
    assert ends == {
        "teamroles_association": ("team", "role"),
        "teammembership_association": ("team", "systemuser"),
        "teamprofiles_association": ("team", "fieldsecurityprofile"),
    }
    cast = "/RelationshipDefinitions/Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata"
    assert len(environment.get(cast)["value"]) == 5
    text = environment.call("GET", "/$metadata").text
    assert 'Name="systemuserroles_association" Type="Collection(mscrm.role)"' in text


def test_roles_count_through_teams_and_the_deepest_counts(environment: DataverseEnvironment) -> None:
    only(environment, "Basic", "prvReadContact")
    team, me = any_row(environment, "team"), user_id(environment, ME)
    role = next(
        row["roleid"] for row in environment.controlled.dump()["role"] if row["name"] == "Salesperson"
    )
    only(environment, "Global", "prvReadContact", "prvAssignRole", "prvWriteTeam", "prvReadRole")
    roles, members = (
        f"/teams({team})/team{each}/$ref" for each in ("roles_association", "membership_association")
    )
    assert environment.call("POST", roles, {"@odata.id": f"roles({role})"}).status_code == 204
    assert environment.call("POST", members, {"@odata.id": f"systemusers({me})"}).status_code == 204
    only(environment, "Basic", "prvReadContact")
    assert len(environment.get("/contacts")["value"]) == 12


def test_a_user_can_ask_what_is_allowed(environment: DataverseEnvironment) -> None:
    me, key = user_id(environment, ME), any_row(environment, "contact")
    only(environment, "Basic", "prvWriteContact", prvReadContact="Global")
    held = environment.get(f"/systemusers({me})/{FULL}RetrieveUserPrivileges()")["RolePrivileges"]
    depths = {each["PrivilegeName"]: each["Depth"] for each in held}
    assert (depths["prvReadContact"], depths["prvWriteContact"]) == ("Global", "Basic")
    target = f"@t={{'@odata.id':'contacts({key})'}}"
    path = f"/systemusers({me})/{FULL}RetrievePrincipalAccess(Target=@t)?{target}"
    assert environment.get(path)["AccessRights"] == "ReadAccess"


def act(environment: DataverseEnvironment, headers: dict[str, str]) -> dict[str, Any]:
    """Make a contact for somebody else; the row."""
    answer = environment.call(
        "POST", "/contacts", {"lastname": "Vogel"}, headers={**headers, "Prefer": "return=representation"}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("header", ["MSCRMCallerID", "CallerObjectId"])
def test_acting_for_another_user_leaves_both_names(environment: DataverseEnvironment, header: str) -> None:
    row = next(row for row in environment.controlled.dump()["systemuser"] if row["domainname"] == ADA)
    key = row["systemuserid" if header == "MSCRMCallerID" else "azureactivedirectoryobjectid"]
    made = act(environment, {header: key})
    ada, me = user_id(environment, ADA), user_id(environment, ME)
    assert (made["_createdby_value"], made["_createdonbehalfby_value"]) == (ada, me)
    assert (made["_modifiedby_value"], made["_modifiedonbehalfby_value"]) == (ada, me)
    assert made["_ownerid_value"] == ada
    assert environment.get("/WhoAmI", **{header: key})["UserId"] == ada
    environment.call("PATCH", f"/contacts({made['contactid']})", {"jobtitle": "CEO"})
    after = environment.get(f"/contacts({made['contactid']})")
    assert (after["_modifiedby_value"], after["_modifiedonbehalfby_value"]) == (me, None)


def test_acting_for_another_needs_the_privilege_and_a_user_who_may_work(
    environment: DataverseEnvironment,
) -> None:
    ada = user_id(environment, ADA)
    dora = user_id(environment, "dora.novak@org.example")
    code = environment.refusal("GET", "/WhoAmI", status=403, headers={"MSCRMCallerID": dora})[0]
    assert code == "0x80040225"
    nobody = {"MSCRMCallerID": "00000000-0000-0000-0000-00000000dead"}
    assert environment.refusal("GET", "/WhoAmI", status=404, headers=nobody)[0] == "0x80040217"
    only(environment, "Global", "prvCreateContact")
    code = environment.refusal("GET", "/WhoAmI", status=403, headers={"MSCRMCallerID": ada})[0]
    assert code == "0x8004A110"


def test_who_acts_for_another_may_do_what_both_may(environment: DataverseEnvironment) -> None:
    bruno = {"MSCRMCallerID": user_id(environment, BRUNO)}
    only(environment, "Global", "prvCreateContact", "prvActOnBehalfOfAnotherUser", "prvCreateAccount")
    assert environment.call("POST", "/contacts", {"lastname": "V"}, headers=bruno).status_code == 204
    assert "prvReadContact" in environment.refusal("GET", "/contacts", status=403, headers=bruno)[1]
    environment.control("POST", "roles", {"name": "Salesperson", "privileges": {"prvReadUser": "Global"}})
    refusal = environment.refusal("POST", "/contacts", {"lastname": "V"}, status=403, headers=bruno)
    assert "prvCreateContact" in refusal[1]


def test_a_request_of_a_batch_can_act_for_another(environment: DataverseEnvironment) -> None:
    ada = user_id(environment, ADA)
    text = (
        "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\n{header}\r\n\r\n\r\n"
    )
    parts = text.format(header=f"MSCRMCallerID: {ada}") + text.format(header="Accept: */*")
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = environment.http.post("/api/data/v9.2/$batch", content=f"{parts}--b--\r\n", headers=kind)
    first, second = answer.text.split("HTTP/1.1 200 OK")[1:]
    assert (f'"UserId":"{ada}"' in first, f'"UserId":"{ada}"' in second) == (True, False)


def test_an_application_user_is_made_and_given_a_role(environment: DataverseEnvironment) -> None:
    other = environment.control("POST", "apps", {"name": "Other"})
    token = environment.token(client_id=other["client_id"], client_secret=other["client_secret"])
    bearing = environment.bearing(token["access_token"])
    assert environment.refusal("GET", "/WhoAmI", status=403, headers=bearing)[0] == "0x80072560"
    unit = environment.get("/businessunits")["value"][0]["businessunitid"]
    user = add(
        environment,
        "systemusers",
        applicationid=other["client_id"],
        **{"businessunitid@odata.bind": f"/businessunits({unit})"},
    )
    shown = environment.get(f"/systemusers({user})")
    assert shown["azureactivedirectoryobjectid"] == other["object_id"]
    assert environment.refusal("GET", "/WhoAmI", status=403, headers=bearing)[0] == "0x80040220"
    role = next(
        row["roleid"] for row in environment.controlled.dump()["role"] if row["name"] == "Salesperson"
    )
    path = f"/systemusers({user})/systemuserroles_association/$ref"
    assert environment.call("POST", path, {"@odata.id": f"roles({role})"}).status_code == 204
    assert environment.call("GET", "/WhoAmI", headers=bearing).json()["UserId"] == user


def test_roles_come_back_with_a_reset(environment: DataverseEnvironment) -> None:
    before = environment.control("GET", "roles")
    only(environment, "Global", "prvReadContact")
    environment.control("POST", "reset")
    assert environment.control("GET", "roles") == before
    assert before["System Administrator"]["users"] == [ADA, ME]


def test_a_role_of_privileges_that_there_are_not_is_refused(environment: DataverseEnvironment) -> None:
    order = {"name": "Narrow", "privileges": {"prvReadNonsense": "Global"}}
    assert "prvReadNonsense" in environment.control("POST", "roles", order, status=400)["message"]


def share(
    environment: DataverseEnvironment, action: str, contact: str, principal: dict[str, str], mask: str = ""
) -> int:
    target = {"@odata.type": f"{FULL}contact", "contactid": contact}
    given: dict[str, object] = {"PrincipalAccess": {"Principal": principal, "AccessMask": mask}}
    body = {"Target": target, **(given if mask else {"Revokee": principal})}
    return environment.call("POST", f"/{action}", body).status_code


@pytest.mark.parametrize("through", ["user", "team"])
def test_a_shared_row_may_be_read_until_it_is_shared_no_more(
    environment: DataverseEnvironment, through: str
) -> None:
    me, contact = user_id(environment, ME), any_row(environment, "contact")
    principal = {"@odata.type": f"{FULL}systemuser", "systemuserid": me}
    if through == "team":
        team = any_row(environment, "team")
        body = {"@odata.id": f"{environment.ready['url']}/api/data/v9.2/systemusers({me})"}
        assert environment.call("POST", f"/teams({team})/teammembership_association/$ref", body).is_success
        principal = {"@odata.type": f"{FULL}team", "teamid": team}
    assert share(environment, "GrantAccess", contact, principal, "ReadAccess, WriteAccess") == 204
    only(environment, "Basic", "prvReadContact", "prvWriteContact", prvShareContact="Global")

    assert [row["contactid"] for row in environment.get("/contacts")["value"]] == [contact]
    assert environment.call("PATCH", f"/contacts({contact})", {"jobtitle": "CEO"}).status_code == 204
    assert share(environment, "ModifyAccess", contact, principal, "ReadAccess") == 204
    code, _ = environment.refusal("PATCH", f"/contacts({contact})", {"jobtitle": "CTO"}, status=403)
    assert code == "0x80048306"
    assert share(environment, "RevokeAccess", contact, principal) == 204
    assert environment.get("/contacts")["value"] == []


def test_who_may_not_share_a_row_is_refused(environment: DataverseEnvironment) -> None:
    contact = any_row(environment, "contact")
    ada = {"@odata.type": f"{FULL}systemuser", "systemuserid": user_id(environment, ADA)}
    only(environment, "Global", "prvReadContact")
    assert share(environment, "GrantAccess", contact, ada, "ReadAccess") == 403


@pytest.mark.parametrize(
    ("principal", "mask"),
    [
        ({"@odata.type": f"{FULL}systemuser", "systemuserid": "00000000-0000-0000-0000-00000000dead"}, "ReadAccess"),
        ({"@odata.type": f"{FULL}contact", "contactid": "00000000-0000-0000-0000-00000000dead"}, "ReadAccess"),
        ({"@odata.type": f"{FULL}team", "teamid": "TEAM"}, "LookAccess"),
    ],
)  # fmt: skip
def test_nobody_and_unknown_rights_are_refused(
    environment: DataverseEnvironment, principal: dict[str, str], mask: str
) -> None:
    found = {
        name: any_row(environment, "team") if value == "TEAM" else value for name, value in principal.items()
    }
    assert share(environment, "GrantAccess", any_row(environment, "contact"), found, mask) == 400


def own_table(environment: DataverseEnvironment) -> None:
    """Make the table `acx_event`, whose name is its title."""
    label = {"LocalizedLabels": [{"Label": "Event", "LanguageCode": 1033}]}
    name = {"@odata.type": f"{FULL}StringAttributeMetadata", "SchemaName": "acx_Name", "IsPrimaryName": True}
    body = {
        "SchemaName": "acx_Event",
        "DisplayName": label,
        "Attributes": [name],
        "OwnershipType": "UserOwned",
    }
    assert environment.call("POST", "/EntityDefinitions", body).status_code == 204


def test_an_own_table_has_privileges_of_its_own(environment: DataverseEnvironment) -> None:
    own_table(environment)
    key = add(environment, "acx_events", acx_name="Fair")
    shown = environment.get("/EntityDefinitions(LogicalName='acx_event')?$select=Privileges")["Privileges"]
    assert len(shown) == 8
    assert {"Name": "prvReadacx_Event", "PrivilegeType": "Read"}.items() <= shown[0].items()
    only(environment, "Global", "prvReadacx_Event")
    assert environment.get(f"/acx_events({key})")["acx_name"] == "Fair"
    for method, path, verb in (
        ("PATCH", f"/acx_events({key})", "Write"),
        ("POST", "/acx_events", "Create"),
        ("DELETE", f"/acx_events({key})", "Delete"),
    ):
        body = None if method == "DELETE" else {"acx_name": "Other"}
        code, message = environment.refusal(method, path, body, status=403)
        assert (code, f"prv{verb}acx_Event" in message) == ("0x80040220", True)
    only(environment, "Global", "prvReadContact")
    assert environment.refusal("GET", "/acx_events", status=403)[0] == "0x80040220"


def test_the_privileges_of_an_own_table_go_with_it(environment: DataverseEnvironment) -> None:
    before = len(environment.controlled.dump()["roleprivileges"])
    own_table(environment)
    named = "/privileges?$filter=name eq 'prvReadacx_Event'"
    assert len(environment.get(named)["value"]) == 1
    assert environment.call("DELETE", "/EntityDefinitions(LogicalName='acx_event')").status_code == 204
    assert environment.get(named)["value"] == []
    assert len(environment.controlled.dump()["roleprivileges"]) == before
