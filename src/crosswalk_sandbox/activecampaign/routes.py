"""The table of ActiveCampaign's routes: method and path template below `/api/3`, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crosswalk_sandbox.activecampaign import contacts, fields, settings, tags
from crosswalk_sandbox.activecampaign.calls import Call
from crosswalk_sandbox.activecampaign.store import Account
from crosswalk_sandbox.http import Request, Response

Handler = Callable[[Account, Call], Response]
BASE = ("api", "3")
UNKNOWN = "(unknown)"

# the import's handlers belong to a queue and are added by the system
IMPORT_QUEUE, IMPORT_TOTALS, IMPORT_INFO = (
    "POST /import/bulk_import",
    "GET /import/bulk_import",
    "GET /import/info",
)
ROUTES: dict[str, Handler] = {
    "GET /contacts": contacts.browse,
    "POST /contacts": contacts.create,
    "GET /contacts/{id}": contacts.read,
    "PUT /contacts/{id}": contacts.update,
    "DELETE /contacts/{id}": contacts.delete,
    "GET /contacts/{id}/fieldValues": contacts.read_values,
    "GET /contacts/{id}/contactTags": contacts.read_tags,
    "GET /contacts/{id}/contactLists": contacts.read_lists,
    "POST /contact/sync": contacts.sync,
    "GET /fields": fields.browse,
    "POST /fields": fields.create,
    "GET /fields/{id}": fields.read,
    "PUT /fields/{id}": fields.update,
    "DELETE /fields/{id}": fields.delete,
    "POST /fieldOption/bulk": fields.add_options,
    "POST /fieldRels": fields.relate,
    "GET /fieldValues": fields.browse_values,
    "POST /fieldValues": fields.create_value,
    "GET /fieldValues/{id}": fields.read_value,
    "PUT /fieldValues/{id}": fields.update_value,
    "DELETE /fieldValues/{id}": fields.delete_value,
    "GET /tags": tags.browse,
    "POST /tags": tags.create,
    "GET /tags/{id}": tags.read,
    "PUT /tags/{id}": tags.update,
    "DELETE /tags/{id}": tags.delete,
    "POST /contactTags": tags.tag_contact,
    "DELETE /contactTags/{id}": tags.untag_contact,
    "GET /lists": tags.browse_lists,
    "POST /lists": tags.create_list,
    "GET /lists/{id}": tags.read_list,
    "POST /contactLists": tags.set_membership,
    "GET /users": settings.browse_users,
    "GET /users/me": settings.me,
    "GET /users/{id}": settings.read_user,
    "GET /users/email/{id}": settings.read_user_by_email,
    "GET /settings/account": settings.show_account,
    "GET /customObjects/schemas": settings.no_schemas,
    "GET /webhooks": settings.no_webhooks,
    "GET /webhook/events": settings.webhook_events,
}


class Router:
    """Finds a request's route; literal parts win over {id}."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._templates = sorted(
            {route.partition(" ")[2] for route in handlers}, key=lambda text: "{" in text
        )

    def template(self, request: Request) -> str | None:
        """The path's template, or None when there is no such path."""
        segments = request.segments
        if segments[:2] != BASE:
            return None
        parts = segments[2:]
        return next((template for template in self._templates if _fits(template, parts)), None)

    def route(self, request: Request) -> str:
        """Method and template, also where the method or the path is unknown. HEAD is GET."""
        method = "GET" if request.method == "HEAD" else request.method
        return f"{method} {self.template(request) or UNKNOWN}"

    def handler(self, route: str) -> Handler | None:
        return self._handlers.get(route)


def path_ids(request: Request, route: str) -> tuple[str, ...]:
    """What stands in the path where the template has {id}."""
    parts = route.partition(" ")[2].strip("/").split("/")
    return tuple(given for given, part in zip(request.segments[2:], parts, strict=True) if part == "{id}")


def _fits(template: str, parts: tuple[str, ...]) -> bool:
    wanted = template.strip("/").split("/")
    return len(wanted) == len(parts) and all(
        want in ("{id}", part) for want, part in zip(wanted, parts, strict=True)
    )
