"""How records look in answers: ids, flags and counts as strings, stamps with the account's offset."""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox.activecampaign.store import (
    Account,
    Contact,
    ContactTag,
    Field,
    FieldValue,
    MailingList,
    Membership,
    Option,
    Relation,
    Tag,
    User,
    local_stamp,
    stamp,
)

Row = dict[str, Any]


def contact_row(account: Account, contact: Contact) -> Row:
    """A contact. Its stamps without offset are local time, those called utc too."""
    created, updated = stamp(contact.created), stamp(contact.updated)
    local_created, local_updated = local_stamp(contact.created), local_stamp(contact.updated)
    link = f"{account.base_url}/api/3/contacts/{contact.id}/"
    return {
        "cdate": created,
        "email": contact.email,
        "phone": contact.phone,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "orgid": "0",
        "orgname": contact.account_name,
        "segmentio_id": "",
        "bounced_hard": _flag(contact.bounced_hard),
        "bounced_soft": "0",
        "bounced_date": None,
        "ip": "0",
        "hash": f"{contact.id * 2654435761 % 2**32:08x}{contact.id:024x}",
        "socialdata_lastcheck": None,
        "email_local": "",
        "email_domain": "",
        "email_empty": not contact.email,
        "sentcnt": "0",
        "rating_tstamp": None,
        "deleted": _flag(contact.deleted is not None),
        "anonymized": _flag(contact.anonymized),
        "udate": updated,
        "edate": None,
        "deleted_at": local_stamp(contact.deleted) if contact.deleted else None,
        "created_utc_timestamp": local_created,
        "updated_utc_timestamp": local_updated,
        "created_timestamp": local_created,
        "updated_timestamp": local_updated,
        "scoreValues": [],
        "links": {"contactTags": link + "contactTags", "fieldValues": link + "fieldValues"},
        "id": str(contact.id),
        "organization": None,
    }


def value_row(account: Account, row: FieldValue) -> Row:
    """A custom value."""
    contact, row_id = str(row.contact), str(row.id)  # this is the busiest line-maker of the sandbox
    link = f"{account.base_url}/api/3/fieldValues/{row_id}/"
    return {
        "contact": contact,
        "field": str(row.field),
        "value": row.value,
        "cdate": stamp(row.created),
        "udate": stamp(row.updated),
        "created_by": _reference(row.created_by),
        "updated_by": _reference(row.updated_by),
        "links": {"owner": link + "owner", "field": link + "field"},
        "id": row_id,
        "owner": contact,
    }


def field_row(account: Account, field: Field) -> Row:
    """A custom field, with the ids of its options and relations."""
    relations = [relation for relation in account.relations.values() if relation.field == field.id]
    link = f"{account.base_url}/api/3/fields/{field.id}/"
    return {
        "title": field.title,
        "descript": field.description,
        "type": field.type,
        "isrequired": "0",
        "perstag": field.perstag,
        "defval": field.default,
        "show_in_list": "0",
        "rows": "0",
        "cols": "0",
        "visible": _flag(field.visible),
        "service": "",
        "ordernum": str(field.order),
        "cdate": stamp(field.created),
        "udate": stamp(field.updated),
        "options": [str(option.id) for option in field.options],
        "relations": [str(relation.id) for relation in relations],
        "links": {"options": link + "options", "relations": link + "relations"},
        "id": str(field.id),
    }


def option_row(option: Option) -> Row:
    """An option of a field."""
    return {
        "field": str(option.field),
        "orderid": str(option.order),
        "value": option.value,
        "label": option.label,
        "isdefault": _flag(option.default),
        "id": str(option.id),
    }


def relation_row(relation: Relation) -> Row:
    """A relation of a field to a list."""
    return {
        "field": str(relation.field),
        "relid": str(relation.list),
        "dorder": "0",
        "cdate": stamp(relation.created),
        "links": [],
        "id": str(relation.id),
    }


def tag_row(account: Account, tag: Tag) -> Row:
    """A tag and how many contacts carry it."""
    return {
        "tagType": tag.kind,
        "tag": tag.name,
        "description": tag.description,
        "cdate": stamp(tag.created),
        "subscriber_count": str(sum(tag.id in contact.tags for contact in account.contacts.values())),
        "links": {"contactGoalTags": f"{account.base_url}/api/3/tags/{tag.id}/contactGoalTags"},
        "id": str(tag.id),
    }


def contact_tag_row(account: Account, row: ContactTag) -> Row:
    """The association of a tag with a contact."""
    link = f"{account.base_url}/api/3/contactTags/{row.id}/"
    return {
        "contact": str(row.contact),
        "tag": str(row.tag),
        "cdate": stamp(row.created),
        "links": {"tag": link + "tag", "contact": link + "contact"},
        "id": str(row.id),
    }


def list_row(mailing_list: MailingList) -> Row:
    """A mailing list."""
    return {
        "stringid": mailing_list.stringid,
        "userid": "1",
        "name": mailing_list.name,
        "channel": "email",
        "cdate": stamp(mailing_list.created),
        "udate": stamp(mailing_list.updated),
        "sender_url": mailing_list.sender_url,
        "sender_reminder": mailing_list.sender_reminder,
        "links": {},
        "id": str(mailing_list.id),
    }


def membership_row(row: Membership) -> Row:
    """A contact's state on a list."""
    return {
        "contact": str(row.contact),
        "list": str(row.list),
        "status": str(row.status),
        "sdate": stamp(row.created),
        "udate": stamp(row.updated) if row.status == 2 else None,
        "unsubreason": "",
        "campaign": None,
        "message": None,
        "sourceid": str(row.source),
        "updated_timestamp": local_stamp(row.updated),
        "links": {},
        "id": str(row.id),
    }


def user_row(user: User) -> Row:
    """A user."""
    return {
        "username": user.username,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "phone": "",
        "signature": None,
        "lang": "english",
        "localZoneid": "America/Costa_Rica",
        "links": {},
        "id": str(user.id),
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _reference(value: int | None) -> str | None:
    return None if value is None else str(value)
