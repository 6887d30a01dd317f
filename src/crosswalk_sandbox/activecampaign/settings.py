"""Users, account settings, and the lists that are true but empty in the sandbox."""

from __future__ import annotations

from crosswalk_sandbox.activecampaign import rows
from crosswalk_sandbox.activecampaign.calls import Call, paged
from crosswalk_sandbox.activecampaign.errors import forbidden, unknown
from crosswalk_sandbox.activecampaign.store import Account
from crosswalk_sandbox.http import Response, json_response

CONTACT_LIMIT = 100_000
WEBHOOK_EVENTS = (
    "subscribe", "unsubscribe", "update", "contact_tag_added", "contact_tag_removed", "subscriber_note",
    "contact_task_add", "sent", "open", "click", "reply", "forward", "share", "bounce", "list_add",
    "sms_sent", "sms_reply", "sms_unsub", "deal_add", "deal_update", "deal_note_add", "deal_pipeline_add",
    "deal_stage_add", "deal_task_add", "deal_task_complete", "deal_tasktype_add", "account_add",
    "account_update", "account_contact_add", "account_contact_update",
)  # fmt: skip


def me(account: Account, call: Call) -> Response:
    """`GET /users/me`: the user whose key signed the call."""
    return json_response(200, {"user": rows.user_row(call.user)})


def browse_users(account: Account, call: Call) -> Response:
    """`GET /users`."""
    page, meta = paged(call, list(account.users.values()))
    return json_response(200, {"users": [rows.user_row(user) for user in page], "meta": meta})


def read_user(account: Account, call: Call) -> Response:
    """`GET /users/{id}`."""
    user = account.users.get(call.id)
    if user is None:
        raise unknown("User", call.ids[0])
    return json_response(200, {"user": rows.user_row(user)})


def read_user_by_email(account: Account, call: Call) -> Response:
    """`GET /users/email/{email}`."""
    wanted = call.ids[0].lower()
    user = next((each for each in account.users.values() if each.email.lower() == wanted), None)
    if user is None:
        raise unknown("User", call.ids[0])
    return json_response(200, {"user": rows.user_row(user)})


def show_account(account: Account, call: Call) -> Response:
    """`GET /settings/account`: for users of the Admin group only."""
    if not call.user.admin:
        raise forbidden()
    return json_response(
        200,
        {
            "account": "crosswalk-sandbox",
            "email": "owner@example.org",
            "first_name": "Olga",
            "last_name": "Owner",
            "cname": "",
            "status": "active",
            "subscriber_limit": CONTACT_LIMIT
            if account.rules.contact_limit is None
            else account.rules.contact_limit,
            "subscriber_total": len(account.contacts),
            "trial": False,
            "credits": None,
            "branding": False,
        },
    )


def no_schemas(account: Account, call: Call) -> Response:
    """`GET /customObjects/schemas`: none; numbers in `meta` are numbers here."""
    limit, offset = call.page()
    return json_response(
        200, {"schemas": [], "meta": {"total": 0, "count": 0, "limit": limit, "offset": offset}}
    )


def no_webhooks(account: Account, call: Call) -> Response:
    """`GET /webhooks`: none."""
    return json_response(200, {"webhooks": [], "meta": {"total": "0"}})


def webhook_events(account: Account, call: Call) -> Response:
    """`GET /webhook/events`: the names that a webhook may ask for."""
    return json_response(200, {"webhookEvents": list(WEBHOOK_EVENTS)})
