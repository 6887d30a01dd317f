"""FetchXML as objects: what a `<fetch>` asks for. Source: FetchXML reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from crosswalk_sandbox.dynamics.errors import ODataError

INVALID = "0x80040203"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One column that is asked for."""

    name: str
    alias: str = ""
    aggregate: str = ""
    distinct: bool = False
    group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One condition."""

    entity: str  # the alias of the entity that it is about; empty for the one that it stands in
    attribute: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions and filters with `and` or `or` between them."""

    any: bool
    rules: tuple[Rule, ...]
    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """One member of the order; by an attribute, or by an alias of a figure."""

    entity: str
    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity, or one that is linked: its rows whose `there` is the other's `here`."""

    name: str
    alias: str
    attributes: tuple[Attribute, ...]
    everything: bool
    filters: tuple[Filter, ...]
    order: tuple[Sorting, ...]
    links: tuple[Entity, ...]
    there: str = ""
    here: str = ""
    outer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """The whole query."""

    entity: Entity
    aggregate: bool
    distinct: bool
    top: int | None
    page: int
    count: int | None
    cookie: str | None
    total: bool


def parse(text: str) -> Fetch:
    """Read FetchXML. Raises ODataError."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ODataError(INVALID, f"Invalid XML: {error}") from None
    entities = root.findall("entity")
    if root.tag != "fetch" or len(entities) != 1:
        raise ODataError(INVALID, "A fetch element with one entity element is expected.")
    return Fetch(
        entity=_entity(entities[0], iter(range(1, 1000))),
        aggregate=_true(root, "aggregate"),
        distinct=_true(root, "distinct"),
        top=_number(root, "top"),
        page=_number(root, "page") or 1,
        count=_number(root, "count"),
        cookie=root.get("paging-cookie"),
        total=_true(root, "returntotalrecordcount"),
    )


def _entity(element: Element, numbers: Iterator[int]) -> Entity:
    name, link = element.get("name", ""), element.tag == "link-entity"
    return Entity(
        name=name,
        alias=(element.get("alias") or f"{name}{next(numbers)}") if link else "",
        attributes=tuple(map(_attribute, element.findall("attribute"))),
        everything=element.find("all-attributes") is not None,
        filters=tuple(map(_filter, element.findall("filter"))),
        order=tuple(map(_sorting, element.findall("order"))),
        links=tuple(_entity(each, numbers) for each in element.findall("link-entity")),
        there=element.get("from", ""),
        here=element.get("to", ""),
        outer=element.get("link-type") == "outer",
    )


def _attribute(element: Element) -> Attribute:
    return Attribute(
        name=element.get("name", ""),
        alias=element.get("alias", ""),
        aggregate=element.get("aggregate", ""),
        distinct=_true(element, "distinct"),
        group=_true(element, "groupby"),
    )


def _filter(element: Element) -> Filter:
    return Filter(
        any=element.get("type") == "or",
        rules=tuple(map(_rule, element.findall("condition"))),
        filters=tuple(map(_filter, element.findall("filter"))),
    )


def _rule(element: Element) -> Rule:
    several = tuple(each.text or "" for each in element.findall("value"))
    one = element.get("value")
    return Rule(
        entity=element.get("entityname", ""),
        attribute=element.get("attribute", ""),
        operator=element.get("operator", ""),
        values=several or (() if one is None else (one,)),
    )


def _sorting(element: Element) -> Sorting:
    return Sorting(
        entity=element.get("entityname", ""),
        attribute=element.get("attribute", "") or element.get("alias", ""),
        descending=_true(element, "descending"),
    )


def _true(element: Element, name: str) -> bool:
    return element.get(name, "").lower() in ("true", "1")


def _number(element: Element, name: str) -> int | None:
    text = element.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ODataError(INVALID, f"The value '{text}' of {name} is not valid.")
    return int(text)
