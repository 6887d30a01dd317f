"""The parameters of an action, as its body has them. Source: Use Web API actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Table

NAMESPACE = "Microsoft.Dynamics.CRM."
TYPE = "@odata.type"


class Parameters:
    """What was sent to an action, read by the types of its parameters; every reading raises ODataError."""

    def __init__(self, action: str, body: Mapping[str, Any], known: Iterable[str]) -> None:
        self._action = action
        self._body = body
        if unknown := [name for name in body if name not in {*known} and not name.startswith("@")]:
            self._refuse(
                f"The parameter '{unknown[0]}' in the request payload is not a valid parameter for the"
            )

    def boolean(self, name: str) -> bool:
        """A parameter that must be true or false."""
        return bool(self._of_type(name, bool))

    def integer(self, name: str) -> int:
        """A parameter that must be a whole number."""
        found = self._of_type(name, int)
        if isinstance(found, bool):
            self._refuse(f"Cannot convert the value of parameter '{name}' of the")
        return int(found)

    def text(self, name: str) -> str:
        """A parameter that must be text."""
        return str(self._of_type(name, str))

    def texts(self, name: str) -> list[str]:
        """A parameter that must be a list of texts."""
        found = self._of_type(name, list)
        if not all(isinstance(each, str) for each in found):
            self._refuse(f"Cannot convert the value of parameter '{name}' of the")
        return list(found)

    def row(self, environment: Environment, name: str) -> tuple[Table, Row] | None:
        """The row that an optional parameter names by type and key; None if it names none."""
        value = self._body.get(name)
        if value is None:
            return None
        table, values = self.content(environment, name)
        key = values.get(table.key)
        found = ids.canonical(key) if isinstance(key, str) else None
        if found is None:
            self._refuse(f"Parameter '{name}' has no '{table.key}' for the")
        if found not in environment.rows[table.name]:
            raise missing_row(table.name, found)
        return table, environment.rows[table.name][found]

    def required_row(self, environment: Environment, name: str) -> tuple[Table, Row]:
        """The row that a parameter names, which cannot be left out."""
        found = self.row(environment, name)
        if found is None:
            self._missing(name)
        return found

    def content(self, environment: Environment, name: str) -> tuple[Table, dict[str, Any]]:
        """The columns that a parameter holds, and the table of its type."""
        value = self._of_type(name, dict)
        type_ = str(value.get(TYPE, "")).removeprefix("#").removeprefix(NAMESPACE)
        table = environment.schema.find(type_)
        if table is None:
            self._refuse(f"A type named '{value.get(TYPE)}' could not be resolved in '{name}' of the")
        return table, {key: each for key, each in value.items() if not key.startswith("@")}

    def plain(self, name: str) -> dict[str, Any]:
        """An object of a type that goes without saying."""
        value = self._of_type(name, dict)
        return {key: each for key, each in value.items() if not key.startswith("@")}

    def has(self, name: str) -> bool:
        """Whether a parameter was sent, and not as null."""
        return self._body.get(name) is not None

    def _of_type(self, name: str, type_: type) -> Any:
        value = self._body.get(name)
        if value is None:
            self._missing(name)
        if not isinstance(value, type_):
            self._refuse(f"Cannot convert the value of parameter '{name}' of the")
        return value

    def _missing(self, name: str) -> NoReturn:
        raise ODataError("0x80040203", f"Required field '{name}' is missing: action '{self._action}'.")

    def _refuse(self, text: str) -> NoReturn:
        raise ODataError(PAYLOAD, f"{text} operation '{self._action}'.")
