"""Custom fields, their options, relations and values. Source: API v3, Custom fields (contacts)."""

from __future__ import annotations

import re
from typing import Any

from crosswalk_sandbox.activecampaign import rows
from crosswalk_sandbox.activecampaign.calls import Call, number, paged
from crosswalk_sandbox.activecampaign.changes import known_field
from crosswalk_sandbox.activecampaign.errors import InvalidError, VendorError, bad_request, unknown
from crosswalk_sandbox.activecampaign.store import Account, Contact, Field, FieldValue, Option, Relation
from crosswalk_sandbox.activecampaign.values import READERS, WITH_OPTIONS, stored
from crosswalk_sandbox.http import Response, json_response


def browse(account: Account, call: Call) -> Response:
    """`GET /fields`: 20 a page by default, with options and relations side by side."""
    perstag = call.request.param("filters[perstag]")
    found = [field for field in account.fields.values() if perstag in (None, "", field.perstag)]
    page, meta = paged(call, found)
    return json_response(200, {**_beside(account, page), "fields": _rows(account, page), "meta": meta})


def read(account: Account, call: Call) -> Response:
    """`GET /fields/{id}`."""
    field = _found(account, call)
    return json_response(200, {**_beside(account, [field]), "field": rows.field_row(account, field)})


def create(account: Account, call: Call) -> Response:
    """`POST /fields`: 201; invisible until it is related to a list."""
    body = call.envelope("field")
    title = _title(account, body, None)
    if not title:
        raise bad_request({"errors": ["Field name is required"]})
    if body.get("type") not in READERS:
        raise InvalidError.unfit("type", "The field type is invalid.")
    return json_response(201, {"field": rows.field_row(account, add(account, title, body))})


def add(account: Account, title: str, body: dict[str, Any]) -> Field:
    """A new field from checked attributes."""
    field = Field(
        id=account.new_id("field"),
        title=title,
        type=str(body["type"]),
        perstag=_free_perstag(account, str(body.get("perstag") or title)),
        description=str(body.get("descript") or ""),
        default=str(body.get("defval") or ""),
        visible=number(body.get("visible", 1)) != 0,
        order=number(body.get("ordernum")) or 1,
        created=account.now(),
        updated=account.now(),
    )
    account.fields[field.id] = field
    return field


def update(account: Account, call: Call) -> Response:
    """`PUT /fields/{id}`: title, description, visibility and order; the type stays."""
    field, body = _found(account, call), call.envelope("field")
    field.title = _title(account, body, field) or field.title
    field.description = str(body.get("descript", field.description) or "")
    field.visible = number(body["visible"]) != 0 if "visible" in body else field.visible
    field.order = number(body.get("ordernum")) or field.order
    field.updated = account.now()
    return json_response(200, {**_beside(account, [field]), "field": rows.field_row(account, field)})


def delete(account: Account, call: Call) -> Response:
    """`DELETE /fields/{id}`: its options, relations and all its values go with it."""
    field = _found(account, call)
    for contact in account.contacts.values():
        if row := contact.values.get(field.id):
            account.drop_value(row)
    relations = [relation for relation in account.relations.values() if relation.field == field.id]
    for relation in relations:
        del account.relations[relation.id]
    del account.fields[field.id]
    return json_response(200, {})


def add_options(account: Account, call: Call) -> Response:
    """`POST /fieldOption/bulk`: 201; its 422 carries `errors` as a plain text."""
    items = call.body().get("fieldOptions")
    if not isinstance(items, list) or not items:
        raise _option_error("fieldOptions must be a list of options.")
    checked = [_checked_option(account, item) for item in items]
    options = [add_option(account, field, item) for field, item in checked]
    return json_response(201, {"fieldOptions": [rows.option_row(option) for option in options]})


def add_option(account: Account, field: Field, item: dict[str, Any]) -> Option:
    """A new option of a field, from checked attributes."""
    option = Option(
        id=account.new_id("fieldOption"),
        field=field.id,
        order=number(item.get("orderid")) or len(field.options) + 1,
        value=str(item["value"]),
        label=str(item.get("label") or item["value"]),
        default=item.get("isdefault") in (True, 1, "1"),
    )
    field.options.append(option)
    return option


def relate(account: Account, call: Call) -> Response:
    """`POST /fieldRels`: 201; ids come back as they were sent."""
    body = call.envelope("fieldRel")
    field = known_field(account, body.get("field"), "field")
    list_id = number(body.get("relid"))
    if "relid" not in body or (list_id and list_id not in account.lists):
        raise InvalidError.unfit("relid", f"There is no list with id {body.get('relid')}.")
    relation = add_relation(account, field, list_id)
    echo = {"field": body["field"], "relid": body["relid"]}
    return json_response(201, {"fieldRel": {**rows.relation_row(relation), **echo}})


def add_relation(account: Account, field: Field, list_id: int) -> Relation:
    """A new relation of a field to a list (0: all)."""
    relation_id = account.new_id("fieldRel")
    relation = Relation(id=relation_id, field=field.id, list=list_id, created=account.now())
    account.relations[relation_id] = relation
    return relation


def browse_values(account: Account, call: Call) -> Response:
    """`GET /fieldValues` with `filters[fieldid]` and `filters[val]`."""
    field_id, value = call.request.param("filters[fieldid]"), call.request.param("filters[val]")
    found = [
        row
        for row in account.values.values()
        if (not field_id or row.field == number(field_id)) and (value is None or row.value == value)
    ]
    page, meta = paged(call, found)
    return json_response(200, {"fieldValues": [rows.value_row(account, row) for row in page], "meta": meta})


def read_value(account: Account, call: Call) -> Response:
    """`GET /fieldValues/{id}`: an unknown id is 403 here."""
    return json_response(200, {"fieldValue": rows.value_row(account, _found_value(account, call))})


def create_value(account: Account, call: Call) -> Response:
    """`POST /fieldValues`: 201 for a new value, 200 when one was overwritten."""
    body = call.envelope("fieldValue")
    contact, field = _named(account, body)
    status = 200 if field.id in contact.values else 201
    return json_response(status, _set(account, contact, field, body))


def update_value(account: Account, call: Call) -> Response:
    """`PUT /fieldValues/{id}`: changes what the body names, whatever the path's id belongs to."""
    row, body = _found_value(account, call), call.envelope("fieldValue")
    contact, field = _named(account, {"contact": row.contact, "field": row.field, **body})
    return json_response(200, _set(account, contact, field, body))


def delete_value(account: Account, call: Call) -> Response:
    """`DELETE /fieldValues/{id}`."""
    account.drop_value(_found_value(account, call))
    return json_response(200, {})


def _set(account: Account, contact: Contact, field: Field, body: dict[str, Any]) -> dict[str, Any]:
    """Set a value alone: its own stamp moves, the contact's does not; sent ids are echoed as sent."""
    if "value" not in body:
        raise InvalidError.missing("value")
    row = contact.values.get(field.id)
    text = stored(field, body["value"], row.value if row else "", account.rules)
    row = account.set_value(contact, field.id, text, account.now(), None)
    echo = {name: body[name] for name in ("contact", "field") if name in body}
    return {
        "contacts": [rows.contact_row(account, contact)],
        "fieldValue": {**rows.value_row(account, row), **echo},
    }


def _named(account: Account, body: dict[str, Any]) -> tuple[Contact, Field]:
    contact = account.contacts.get(number(body.get("contact")))
    if contact is None:
        raise unknown("Subscriber", body.get("contact"))
    return contact, known_field(account, body.get("field"), "field")


def _found(account: Account, call: Call) -> Field:
    field = account.fields.get(call.id)
    if field is None:
        raise unknown("Field", call.ids[0])
    return field


def _found_value(account: Account, call: Call) -> FieldValue:
    row = account.values.get(call.id)
    if row is None:
        raise unknown("FieldValue", call.ids[0], status=403)
    return row


def _title(account: Account, body: dict[str, Any], own: Field | None) -> str:
    """The sent title, "" when none is sent. Raises InvalidError when another field has it."""
    title = body.get("title")
    if title is None:
        return ""
    if not isinstance(title, str):
        raise InvalidError.unfit("title", "title must be text.")
    taken = {field.title.lower() for field in account.fields.values() if field is not own}
    if title.strip().lower() in taken:
        raise InvalidError.duplicate("title", "A field with this title already exists.")
    return title.strip()


def _free_perstag(account: Account, wanted: str) -> str:
    base = re.sub(r"\W+", "_", wanted.strip(), flags=re.ASCII).strip("_").upper() or "FIELD"
    taken = {field.perstag for field in account.fields.values()}
    names = [base, *(f"{base}_{count}" for count in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _checked_option(account: Account, item: Any) -> tuple[Field, dict[str, Any]]:
    if not isinstance(item, dict) or not isinstance(item.get("value"), str) or not item["value"]:
        raise _option_error("Each option needs a value.")
    field = account.fields.get(number(item.get("field")))
    if field is None or field.type not in WITH_OPTIONS:
        raise _option_error("Each option needs the id of a field that has options.")
    return field, item


def _option_error(text: str) -> VendorError:
    return VendorError(json_response(422, {"errors": text}))


def _rows(account: Account, fields: Any) -> list[rows.Row]:
    return [rows.field_row(account, field) for field in fields]


def _beside(account: Account, fields: Any) -> dict[str, list[rows.Row]]:
    """Options and relations of the fields of this page."""
    ids = {field.id for field in fields}
    relations = [relation for relation in account.relations.values() if relation.field in ids]
    return {
        "fieldOptions": [rows.option_row(option) for field in fields for option in field.options],
        "fieldRels": [rows.relation_row(relation) for relation in relations],
    }
