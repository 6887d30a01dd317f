"""ActiveCampaign's error answers. Their shapes differ by endpoint, as the vendor's do."""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox.http import Response, json_response

GATEWAY_PAGE = b"<html><body><center><h1>%d</h1></center><hr><center>nginx</center></body></html>"


class VendorError(Exception):
    """A request ends with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class InvalidError(VendorError):
    """One attribute is refused: 422 with a code and a pointer to it."""

    def __init__(self, *, attribute: str, code: str, title: str) -> None:
        error = {
            "title": title,
            "detail": "",
            "code": code,
            "source": {"pointer": f"/data/attributes/{attribute}"},
        }
        super().__init__(json_response(422, {"errors": [error]}))
        self.title = title

    @classmethod
    def missing(cls, attribute: str) -> InvalidError:
        return cls(attribute=attribute, code="field_missing", title=f"The {attribute} is missing.")

    @classmethod
    def unfit(cls, attribute: str, why: str) -> InvalidError:
        return cls(attribute=attribute, code="field_invalid", title=why)

    @classmethod
    def duplicate(cls, attribute: str, title: str) -> InvalidError:
        return cls(attribute=attribute, code="duplicate", title=title)


def message(status: int, text: str) -> VendorError:
    """`{"message": text}`."""
    return VendorError(json_response(status, {"message": text}))


def forbidden() -> VendorError:
    """A missing or wrong token, or too few rights: 403, never 401."""
    return message(403, "Forbidden")


def unknown(kind: str, given: object, status: int = 404) -> VendorError:
    """No record of that id; some resources say 403 instead of 404."""
    return message(status, f"No Result found for {kind} with id {given}")


def missing_relation(kind: str) -> VendorError:
    """How contactTags answers when a contact, tag or row is not there."""
    error = {"status": 404, "title": "Not Found", "detail": f"{kind} not found"}
    return VendorError(json_response(404, {"errors": [error]}))


def bad_request(obj: Any = None) -> VendorError:
    """A body that cannot be read: 400, often with an empty object."""
    return VendorError(json_response(400, {} if obj is None else obj))


def failure(status: int) -> Response:
    """What the vendor's servers or the gateway before them say, by status alone."""
    if status in (502, 503, 504):
        return Response(status, GATEWAY_PAGE % status, {"content-type": "text/html"})
    bodies: dict[int, Any] = {
        400: {},
        403: {"message": "Forbidden"},
        404: {"message": "No Result found"},
        422: {"errors": [{"title": "The request could not be processed.", "detail": "", "status": 422}]},
    }
    return json_response(status, bodies.get(status, {"message": "Internal Server Error"}))
