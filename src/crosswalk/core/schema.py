"""An object's fields on one side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .values import Kind

OPT_OUT = "(opt-out)"  # among the names of fields to read: the record's consent


class Nature(StrEnum):
    """What is special about a field beside the kind of its values."""

    PLAIN = "plain"
    FORMULA = "formula"  # calculated whenever it is read
    SUMMARY = "summary"  # calculated from other records
    AUTO_NUMBER = "auto_number"  # given once, at creation
    ENCRYPTED = "encrypted"  # shown only to users with that permission
    RICH_TEXT = "rich_text"  # a text with HTML in it
    SECURED = "secured"  # users without a right of their own see it empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice: `value` is stored, `label` is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object on one side."""

    name: str  # the name in values: the CRM's API name; in ActiveCampaign `email` or `field/7`
    label: str  # what a person sees
    kind: Kind
    vendor_type: str  # the vendor's own word for the type
    aliases: tuple[str, ...] = ()  # other names a mapping file may use (merge tag)
    options: tuple[Option, ...] = ()
    restricted: bool = False  # only `options` are accepted
    length: int | None = None  # characters; None = unknown or unlimited
    precision: int | None = None  # digits in all, of numbers
    scale: int | None = None  # digits right of the point, of numbers
    required: bool = False  # may not be empty
    creatable: bool = True
    writable: bool = True
    readable_by_filter: bool = True  # may stand in a criterion at the source
    nature: Nature = Nature.PLAIN


class Standard(StrEnum):
    """What fields hold that every account has, beside the e-mail; those of two sides make standard pairs."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    PHONE = "phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The fields of one object, by name, as the credentials' user sees them."""

    object: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    email: str  # name of the field that holds the match key
    standard: Mapping[Standard, str] = field(default_factory=dict)  # names of standard fields
    flag: str | None = None  # name of the field by which people ask for a record, where the system has one
    opt_out: str | None = None  # name of what holds the consent; None: there is none, or it is hidden from us
    no_mail: tuple[
        str, ...
    ] = ()  # names of other fields that say the same; who is let in again has them unchecked too
    hides: frozenset[str] | None = (
        None  # names of fields that read as empty while they are hidden; None: what is hidden is never shown as empty
    )

    def holds_consent(self, name: str) -> bool:
        """Tell whether a field says who wants no mail: it travels by rules of its own and is paired with nothing."""
        return name == self.opt_out or name in self.no_mail
