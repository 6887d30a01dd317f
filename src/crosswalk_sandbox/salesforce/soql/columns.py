"""Columns: what a field name or a function in a query stands for, and how it is read from a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from crosswalk_sandbox.salesforce.org import Getter, Org
from crosswalk_sandbox.salesforce.schema import NUMERIC, Field, Object
from crosswalk_sandbox.salesforce.soql.errors import QueryError, invalid_field, malformed
from crosswalk_sandbox.salesforce.soql.syntax import Call, FieldName, Place

Kind = Literal["text", "id", "boolean", "number", "date", "datetime", "multi"]
MOST_LEVELS = 5
# of a parent that may be of several objects, only these can be asked for
COMMON_NAME_FIELDS = (
    "Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Alias", "Username", "IsActive",
)  # fmt: skip
NO_COLUMN = (
    "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to "
    "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)
NO_RELATIONSHIP = (
    "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
    "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
    "WSDL or the describe call for the appropriate names."
)
NO_OBJECT = (
    "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
    "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate "
    "names."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Something that a query reads from each row."""

    name: str  # as the vendor names it in answers: a field's own name
    kind: Kind
    field: Field
    through: tuple[Field, ...]  # the references that lead to the field's row
    leaf: Getter  # reads the field from its own row
    get: Getter  # reads it from the query's row
    function: str | None = None

    @property
    def stored(self) -> str | None:
        """The field of the row itself that the column is, or None when it is something computed."""
        plain = not self.through and self.function is None and not self.field.computed
        return self.field.name if plain else None

    @property
    def expression(self) -> str:
        """What the column is, the same text for the same thing."""
        path = ".".join([each.name for each in self.through] + [self.field.name])
        return f"{self.function}({path})" if self.function else path


def kind_of(field: Field) -> Kind:
    """How values of a field are compared."""
    if field.type in NUMERIC:
        return "number"
    if field.type in ("id", "reference"):
        return "id"
    if field.type == "multipicklist":
        return "multi"
    return field.type if field.type in ("boolean", "date", "datetime") else "text"  # type: ignore[return-value]


def source(org: Org, name: FieldName) -> Object:
    """The object that FROM names. Raises QueryError."""
    kind = org.visible.find(name.path)
    if kind is None:
        raise QueryError("INVALID_TYPE", NO_OBJECT.format(name=name.path), name.place)
    return kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The object whose rows a query reads, and the names it goes by."""

    org: Org
    kind: Object
    alias: str | None

    def column(self, name: FieldName) -> Column:
        """The column of a field name with its relationships. Raises QueryError."""
        *heads, leaf = self._parts(name.path)
        if len(heads) > MOST_LEVELS:
            raise invalid_field("Relationship path is too long: more than 5 levels", name.place)
        kind, through = self.kind, list[Field]()
        for head in heads:
            reference = kind.reference(head)
            below = _target(self.org, reference) if reference else None
            if reference is None or below is None:
                raise invalid_field(NO_RELATIONSHIP.format(name=head), name.place)
            through.append(reference)
            kind = below
        found = kind.field(leaf)
        if found is None:
            raise invalid_field(NO_COLUMN.format(name=leaf, entity=kind.name), name.place)
        return self._column(found, through)

    def of_field(self, field: Field) -> Column:
        """The column of one of the object's own fields."""
        return self._column(field, [])

    def resolve(self, left: FieldName | Call) -> Column:
        """The column of a field or of a function of one. Raises QueryError."""
        if isinstance(left, FieldName):
            return self.column(left)
        function = FUNCTIONS.get(left.function)
        if function is None:
            raise malformed(f"unknown or misplaced function: {left.function}", left.place)
        if left.argument is None:
            raise malformed(f"the function {left.function} needs a field", left.place)
        return apply(left.function, function, self.resolve(left.argument), left.place)

    def _parts(self, path: str) -> list[str]:
        """The path's names without the alias or the object's name in front."""
        parts = path.split(".")
        own = {(self.alias or self.kind.name).lower(), self.kind.name.lower()}
        return parts[1:] if len(parts) > 1 and parts[0].lower() in own else parts

    def _column(self, field: Field, through: list[Field]) -> Column:
        leaf = get = self.org.getter(field) if field.object != "Name" else _name_getter(self.org, field)
        for reference in reversed(through):
            get = self.org.follow(reference, get)
        return Column(
            name=field.name, kind=kind_of(field), field=field, through=tuple(through), leaf=leaf, get=get
        )


def _target(org: Org, reference: Field) -> Object | None:
    """The object that a relationship leads to; one of common fields where it may be several."""
    if len(reference.to) == 1:
        return org.visible.find(reference.to[0])
    users = org.visible["User"]
    fields = {name: replace(users.fields[name], object="Name") for name in COMMON_NAME_FIELDS}
    fields["Type"] = replace(fields["Name"], name="Type", label="Type")
    return replace(users, name="Name", fields=fields, children=())


def _name_getter(org: Org, field: Field) -> Getter:
    if field.name != "Type":
        name = field.name
        return lambda row: row.get(name)

    def type_name(row: dict[str, Any]) -> str:
        kind = org.schema.of_id(row["Id"])
        return kind.name if kind else ""

    return type_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function of one column: what it takes, what it gives, how."""

    takes: frozenset[Kind]
    gives: Kind | None  # None: the same as the column
    compute: Callable[[Any], Any]


def apply(name: str, function: Function, column: Column, place: Place) -> Column:
    """The column of a function's values; None stays None. Raises QueryError for the wrong kind."""
    if column.kind not in function.takes:
        text = f"the function {name} is not valid on field '{column.name}' of type {column.field.type}"
        raise malformed(text, place)
    return replace(
        column,
        kind=function.gives or column.kind,
        leaf=_composed(function.compute, column.leaf),
        get=_composed(function.compute, column.get),
        function=name,
    )


def _composed(compute: Callable[[Any], Any], inner: Getter) -> Getter:
    def get(row: dict[str, Any]) -> Any:
        value = inner(row)
        return None if value is None else compute(value)

    return get


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


TIMES: frozenset[Kind] = frozenset({"date", "datetime"})
FUNCTIONS = {
    "CALENDAR_YEAR": Function(takes=TIMES, gives="number", compute=lambda text: int(text[:4])),
    "CALENDAR_QUARTER": Function(takes=TIMES, gives="number", compute=lambda text: (int(text[5:7]) + 2) // 3),
    "CALENDAR_MONTH": Function(takes=TIMES, gives="number", compute=lambda text: int(text[5:7])),
    "DAY_IN_MONTH": Function(takes=TIMES, gives="number", compute=lambda text: int(text[8:10])),
    "DAY_IN_WEEK": Function(
        takes=TIMES, gives="number", compute=lambda text: _day(text).isoweekday() % 7 + 1
    ),
    "DAY_IN_YEAR": Function(takes=TIMES, gives="number", compute=lambda text: _day(text).timetuple().tm_yday),
    "HOUR_IN_DAY": Function(
        takes=frozenset({"datetime"}), gives="number", compute=lambda text: int(text[11:13])
    ),
    "DAY_ONLY": Function(takes=frozenset({"datetime"}), gives="date", compute=lambda text: text[:10]),
    "TOLABEL": Function(takes=frozenset({"text", "multi"}), gives=None, compute=lambda text: text),
}
