"""Tags and lists, and a contact's place on them. Source: API v3, Tags, Lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crosswalk_sandbox.activecampaign import rows
from crosswalk_sandbox.activecampaign.calls import Call, number, paged
from crosswalk_sandbox.activecampaign.errors import InvalidError, missing_relation, unknown
from crosswalk_sandbox.activecampaign.store import Account, MailingList, Membership, Tag
from crosswalk_sandbox.http import Request, Response, json_response

SUBSCRIBED, UNSUBSCRIBED = 1, 2
RESUBSCRIBING_SOURCE = 4
LIST_NEEDS = ("name", "stringid", "sender_url", "sender_reminder")
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, asked: have == asked,
    "neq": lambda have, asked: have != asked,
    "lt": lambda have, asked: have < asked,
    "lte": lambda have, asked: have <= asked,
    "gt": lambda have, asked: have > asked,
    "gte": lambda have, asked: have >= asked,
    "contains": lambda have, asked: asked in have,
    "starts_with": lambda have, asked: have.startswith(asked),
}


def browse(account: Account, call: Call) -> Response:
    """`GET /tags`: `search` finds parts of names, `filters[search][eq]` whole ones."""
    search = (call.request.param("search") or "").lower()
    test = _operators(call.request, "search")
    found = [tag for tag in account.tags.values() if search in tag.name.lower() and test(tag.name)]
    page, meta = paged(call, found)
    return json_response(200, {"tags": [rows.tag_row(account, tag) for tag in page], "meta": meta})


def read(account: Account, call: Call) -> Response:
    """`GET /tags/{id}`."""
    return json_response(200, {"tag": rows.tag_row(account, _found(account, call))})


def create(account: Account, call: Call) -> Response:
    """`POST /tags`: 201; 422 when the name is taken."""
    body = call.envelope("tag")
    name = _name(account, body)
    kind = body.get("tagType", "contact")
    if kind not in ("contact", "template"):
        raise InvalidError.unfit("tagType", "tagType must be contact or template.")
    tag = account.add_tag(name, kind, str(body.get("description") or ""))
    return json_response(201, {"tag": rows.tag_row(account, tag)})


def update(account: Account, call: Call) -> Response:
    """`PUT /tags/{id}`: name and description."""
    tag, body = _found(account, call), call.envelope("tag")
    tag.name = _name(account, body, tag) if "tag" in body else tag.name
    tag.description = str(body.get("description", tag.description) or "")
    return json_response(200, {"tag": rows.tag_row(account, tag)})


def delete(account: Account, call: Call) -> Response:
    """`DELETE /tags/{id}`: it also leaves every contact."""
    tag = _found(account, call)
    for contact in account.contacts.values():
        if row := contact.tags.get(tag.id):
            account.untag_contact(row)
    del account.tags[tag.id]
    return json_response(200, {})


def tag_contact(account: Account, call: Call) -> Response:
    """`POST /contactTags`: 201; a second time is harmless. The contact's `udate` stays."""
    body = call.envelope("contactTag")
    contact = account.contacts.get(number(body.get("contact")))
    if contact is None:
        raise missing_relation("Contact")
    tag = account.tags.get(number(body.get("tag")))
    if tag is None:
        raise missing_relation("Tag")
    row = rows.contact_tag_row(account, account.tag_contact(contact, tag, account.now()))
    return json_response(201, {"contactTag": {**row, "contact": body["contact"], "tag": body["tag"]}})


def untag_contact(account: Account, call: Call) -> Response:
    """`DELETE /contactTags/{id}`: by the id of the association."""
    row = account.contact_tags.get(call.id)
    if row is None:
        raise missing_relation("ContactTag")
    account.untag_contact(row)
    return json_response(200, {})


def browse_lists(account: Account, call: Call) -> Response:
    """`GET /lists`, with operators on the name."""
    test = _operators(call.request, "name")
    page, meta = paged(call, [each for each in account.lists.values() if test(each.name)])
    return json_response(200, {"lists": [rows.list_row(each) for each in page], "meta": meta})


def read_list(account: Account, call: Call) -> Response:
    """`GET /lists/{id}`: an unknown id is 403 here."""
    mailing_list = account.lists.get(call.id)
    if mailing_list is None:
        raise unknown("List", call.ids[0], status=403)
    return json_response(200, {"list": rows.list_row(mailing_list)})


def create_list(account: Account, call: Call) -> Response:
    """`POST /lists`: 201."""
    body = call.envelope("list")
    for name in LIST_NEEDS:
        if not isinstance(body.get(name), str) or not body[name]:
            raise InvalidError.missing(name)
    mailing_list = add_list(account, **{name: body[name] for name in LIST_NEEDS})
    return json_response(201, {"list": rows.list_row(mailing_list)})


def add_list(account: Account, **needs: str) -> MailingList:
    """A new list from checked attributes."""
    now = account.now()
    mailing_list = MailingList(id=account.new_id("list"), created=now, updated=now, **needs)
    account.lists[mailing_list.id] = mailing_list
    return mailing_list


def set_membership(account: Account, call: Call) -> Response:
    """`POST /contactLists`: 200; who unsubscribed stays so unless `sourceid` is 4."""
    body = call.envelope("contactList")
    contact = account.contacts.get(number(body.get("contact")))
    if contact is None:
        raise unknown("Subscriber", body.get("contact"))
    list_id, status = number(body.get("list")), number(body.get("status"))
    if list_id not in account.lists:
        raise unknown("List", body.get("list"), status=403)
    if status not in (SUBSCRIBED, UNSUBSCRIBED):
        raise InvalidError.unfit("status", "status must be 1 or 2.")
    source = number(body.get("sourceid"))
    row = contact.lists.get(list_id)
    if row is None or not _stays_out(row, status, source):
        row = account.set_status(contact, list_id, status, source, account.now())
    echo = {name: body[name] for name in ("contact", "list")}
    answer: dict[str, Any] = {"contacts": [rows.contact_row(account, contact)]}
    return json_response(200, {**answer, "contactList": {**rows.membership_row(row), **echo}})


def _stays_out(row: Membership, status: int, source: int) -> bool:
    return row.status == UNSUBSCRIBED and status == SUBSCRIBED and source != RESUBSCRIBING_SOURCE


def _found(account: Account, call: Call) -> Tag:
    tag = account.tags.get(call.id)
    if tag is None:
        raise unknown("Tag", call.ids[0])
    return tag


def _name(account: Account, body: dict[str, Any], own: Tag | None = None) -> str:
    name = body.get("tag")
    if name is None or name == "":
        raise InvalidError.missing("tag")
    if not isinstance(name, str) or not name.strip():
        raise InvalidError.unfit("tag", "tag must be a name.")
    holder = account.tag_named(name)
    if holder is not None and holder is not own:
        raise InvalidError.duplicate("tag", "A tag with this name already exists.")
    return name.strip()


def _operators(request: Request, name: str) -> Callable[[str], bool]:
    """The test of all `filters[name][operator]=`; operators it does not know are ignored."""
    tests = [
        (operate, value.lower())
        for operator, operate in OPERATORS.items()
        if (value := request.param(f"filters[{name}][{operator}]")) is not None
    ]
    return lambda have: all(operate(have.lower(), asked) for operate, asked in tests)
