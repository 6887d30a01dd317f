from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from tests.helpers.dataverse import (
    DATA,
    ORGANIZATION,
    US,
    Environment,
    Tables,
    batch_answer,
    column,
    error,
    part,
    refused_token,
)

from crosswalk.core.system import Check, ObjectUse

VERBS = ("Read", "Write", "Create", "Append")
IDS = {f"prv{verb}{table}": f"{verb}-{table}" for verb in VERBS for table in ("Lead", "Contact")}
WALL = {"DateTimeBehavior": {"Value": "TimeZoneIndependent"}}


class Healthy:
    """An environment in which all is well, until a test says otherwise."""

    def __init__(self, *columns: dict[str, Any], **tables: Any) -> None:
        self.environment = Environment()
        self.environment.before = self._answer
        self.tables = Tables(*columns, **tables)
        self.depths: dict[str, str | int] = dict.fromkeys(IDS, "Global")
        self.told = True
        self.other: dict[str, httpx2.Response] = {}
        self.replies: dict[str, object] = {
            "openid-configuration": {"token_endpoint": "https://login.microsoftonline.com/x", "issuer": "x"},
            "WhoAmI": {"UserId": US, "OrganizationId": ORGANIZATION},
            f"systemusers({US})": {"fullname": "# Crosswalk", "applicationid": "APP"},
            "organizations": {"value": [{"name": "acme", "expirechangetrackingindays": 7}]},
            "leads": {"value": []},
            "contacts": {"value": []},
        }

    def check(self, *uses: ObjectUse, **credentials: str) -> dict[str, Check]:
        return {check.name: check for check in self.environment.open(**credentials).check(uses)}

    def _answer(self, request: httpx2.Request) -> httpx2.Response | None:
        last = request.url.path.rsplit("/", 1)[1]
        if last in self.other:
            return self.other[last]
        if last == "$batch" and b"RetrieveUserPrivileges" in request.content:
            return self._privileges()
        if last in self.replies:
            return httpx2.Response(200, json=self.replies[last])
        return self.tables.answer(request)

    def _privileges(self) -> httpx2.Response:
        if not self.told:
            return batch_answer(part(404, {"error": {"code": "0x80060888", "message": "no"}}), part(403))
        rows = [{"PrivilegeId": IDS[name], "Depth": depth} for name, depth in self.depths.items()]
        named = [{"privilegeid": id_, "name": name} for name, id_ in IDS.items()]
        return batch_answer(part(200, {"RolePrivileges": rows}), part(200, {"value": named}))


def use(*, reads: Sequence[str] = (), writes: Sequence[str] = (), creates: bool = False) -> ObjectUse:
    return ObjectUse(object="contact", reads=reads, writes=writes, creates=creates, consent=True)


def failing(found: dict[str, Check]) -> list[str]:
    return [name for name, check in found.items() if not check.ok]


def test_a_healthy_environment_passes_and_says_what_was_seen() -> None:
    found = Healthy().check()

    assert failing(found) == []
    assert "# Crosswalk" in found["application user"].message
    assert "7 days" in found["environment"].message
    assert f"{DATA}/leads" in "".join(_calls(Healthy()))


def _calls(healthy: Healthy) -> Sequence[str]:
    healthy.check()
    return healthy.environment.calls()


@pytest.mark.parametrize(
    ("privilege", "depth", "name"),
    [
        ("prvReadContact", None, "contact read"),
        ("prvWriteContact", "Local", "contact write"),
        ("prvCreateLead", 0, "lead create"),
    ],
)
def test_a_missing_or_narrow_right_is_named_with_the_clicks(
    privilege: str, depth: str | int | None, name: str
) -> None:
    healthy = Healthy()
    healthy.depths.pop(privilege)
    if depth is not None:
        healthy.depths[privilege] = depth

    found = healthy.check()

    assert failing(found) == [name]
    assert "Security roles" in found[name].cure
    assert "Organization" in found[name].cure


def test_rights_that_are_not_told_are_no_failure() -> None:
    healthy = Healthy()
    healthy.told = False

    found = healthy.check()

    assert failing(found) == []
    assert "not told" in found["contact write"].message


def test_a_user_without_any_role_is_told_so() -> None:
    healthy = Healthy()
    healthy.depths.clear()

    assert "security role" in failing(healthy.check())


def test_a_table_whose_changes_are_not_tracked_is_named() -> None:
    found = Healthy(tracked=False).check(use(reads=["lastname"]))

    assert failing(found) == ["contact change tracking"]
    assert "Track changes" in found["contact change tracking"].cure


def test_a_table_that_may_not_be_read_as_a_whole_is_named() -> None:
    healthy = Healthy()
    healthy.other["contacts"] = error("0x80040220", "missing prvReadContact", status=403)

    assert failing(healthy.check(use())) == ["contact read"]


def test_only_what_the_mapping_needs_is_asked_for() -> None:
    found = Healthy().check(use(reads=["lastname"], writes=["lastname"]))

    assert "contact create" not in found
    assert not any(name.startswith("lead") for name in found)


def test_mapped_columns_that_are_gone_or_closed_are_named() -> None:
    closed = column("acx_total", "Money", IsValidForUpdate=False)

    found = Healthy(closed).check(use(reads=["lastname", "acx_gone"], writes=["acx_total"]))

    assert failing(found) == ["contact mapped fields"]
    assert "acx_gone" in found["contact mapped fields"].message
    assert "acx_total" in found["contact mapped fields"].message


def test_protected_columns_and_times_without_zone_are_pointed_out() -> None:
    columns = [column("acx_iban", IsSecured=True), column("acx_besttime", "DateTime", **WALL)]

    found = Healthy(*columns).check(use(reads=["acx_iban", "acx_besttime"]))

    assert failing(found) == []
    assert "acx_iban" in found["contact column security"].message
    assert "acx_besttime" in found["contact time zones"].message


def test_an_unknown_app_ends_the_walk_with_its_cure() -> None:
    healthy = Healthy()
    healthy.other["WhoAmI"] = error("0x80072560", "The user is not a member of the organization.", status=403)

    found = healthy.check()

    assert failing(found) == ["application user"]
    assert "New app user" in found["application user"].cure
    assert "contact read" not in found


def test_a_wrong_tenant_is_told_from_a_wrong_secret() -> None:
    healthy = Healthy()
    healthy.other["openid-configuration"] = refused_token(90002, "invalid_tenant", status=400)

    found = healthy.check()

    assert failing(found) == ["tenant"]
    assert "Directory (tenant) ID" in found["tenant"].cure


def test_writing_for_somebody_else_needs_the_right_to() -> None:
    healthy = Healthy()
    refused = error("0x8004A110", "may not act on behalf of", status=403)
    normal = healthy.environment.before

    def answer(request: httpx2.Request) -> Any:
        return refused if "callerobjectid" in request.headers else normal(request)

    healthy.environment.before = answer

    found = healthy.check(caller_object_id="e39c5d16-0000-0000-0000-000000000001")

    assert failing(found) == ["on behalf of"]
    assert "Delegate" in found["on behalf of"].cure
