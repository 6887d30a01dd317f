"""The org's users as signing in knows them, and what is told about them.

Source: Salesforce, User Info endpoint, identity URLs, OpenID Connect claims.
"""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.store import Row

SAME_NAME = (
    "user_id", "organization_id", "email", "email_verified", "photos", "urls", "active", "user_type",
    "language", "locale", "utcOffset", "is_app_installed",
)  # fmt: skip
# what the org tells in an id token, beside the claims about the token itself
CLAIMS = (
    "preferred_username", "name", "given_name", "family_name", "nickname", "email", "email_verified",
    "zoneinfo", "locale", "picture", "profile", "address", "updated_at",
)  # fmt: skip
SOAP = "{instance}/services/Soap/{kind}/{{version}}/{org}"
REST = {
    "rest": "", "sobjects": "sobjects/", "search": "search/", "query": "query/", "recent": "recent/",
    "tooling_rest": "tooling/", "profile": "", "feeds": "chatter/feeds", "groups": "chatter/groups",
    "users": "chatter/users", "feed_items": "chatter/feed-items", "feed_elements": "chatter/feed-elements",
}  # fmt: skip


def named(org: Org, username: str) -> Row | None:
    """The user of that user name, whatever its case."""
    wanted = username.lower()
    return next((row for row in org.store["User"].rows.values() if row["Username"].lower() == wanted), None)


def username(org: Org, user_id: str) -> str:
    """The user name of a user."""
    return str(org.store["User"].rows[user_id]["Username"])


def active(org: Org) -> dict[str, str]:
    """The names of all who may sign in, by user name."""
    return {row["Username"]: row["Name"] for row in org.store["User"].rows.values() if row["IsActive"]}


def info(org: Org, instance: str, user_id: str) -> dict[str, Any]:
    """`/services/oauth2/userinfo`."""
    user = org.store["User"].rows[user_id]
    photos = f"{instance}/profilephoto/005"
    return {
        "sub": org.identity_url(instance, user_id),
        "user_id": user_id,
        "organization_id": org.id,
        "preferred_username": user["Username"],
        "nickname": user["CommunityNickname"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user["LastName"],
        "zoneinfo": user["TimeZoneSidKey"],
        "photos": {"picture": f"{photos}/F", "thumbnail": f"{photos}/T"},
        "profile": f"{instance}/{user_id}",
        "picture": f"{photos}/F",
        "address": {},
        "is_salesforce_integration_user": user_id == org.caller,
        "urls": _urls(org, instance, user_id),
        "active": user["IsActive"],
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 0,
        "updated_at": user["SystemModstamp"].replace(".000+0000", "Z"),
        "is_app_installed": True,
    }


def identity(org: Org, instance: str, user_id: str, asked_by: str) -> dict[str, Any]:
    """`GET /id/{org}/{user}`, with the names that this older resource has."""
    told = info(org, instance, user_id)
    return {
        "id": told["sub"],
        "asserted_user": user_id == asked_by,
        "username": told["preferred_username"],
        "nick_name": told["nickname"],
        "display_name": told["name"],
        "first_name": told["given_name"],
        "last_name": told["family_name"],
        "timezone": told["zoneinfo"],
        "last_modified_date": told["updated_at"],
        **{name: told[name] for name in SAME_NAME},
    }


def claims(org: Org, instance: str, user_id: str) -> dict[str, Any]:
    """What an id token says about a user."""
    told = info(org, instance, user_id)
    return {"iss": instance, "sub": told["sub"], **{name: told[name] for name in CLAIMS}}


def _urls(org: Org, instance: str, user_id: str) -> dict[str, str]:
    rest = f"{instance}/services/data/v{{version}}/"
    soap = {"enterprise": "c", "metadata": "m", "partner": "u", "tooling_soap": "T"}
    return {
        **{name: SOAP.format(instance=instance, kind=kind, org=org.id[:15]) for name, kind in soap.items()},
        **{name: rest + path for name, path in REST.items()},
        "profile": f"{instance}/{user_id}",
        "custom_domain": instance,
    }
