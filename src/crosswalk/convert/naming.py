"""What fields are called, compared as people would: spelling aside, then by meaning, then by likeness."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from enum import IntEnum
from functools import lru_cache

from ..core.schema import Field

Name = tuple[str, ...]  # words, without accents and capitals


class Likeness(IntEnum):
    """How much two fields' names have in common; more is higher."""

    SIMILAR = 1
    MEANING = 2
    SAME = 3


# Endings of custom fields (`__c`) and beginnings that packages and publishers add (`acme__`, `new_`, `cr12f_`).
_ENDING = re.compile(r"__[a-z]{1,3}$", re.IGNORECASE)
_BEGINNING = re.compile(r"^(?:[a-z][a-z0-9]{0,14}__|new_|cr[0-9a-f]{3,5}_)(?=\w)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

# Names that mean something else than they say: a Dynamics contact's `company` is its employer's telephone.
_MISLEADING = frozenset({"company"})

# Names that mean the same thing, written together.
_MEANINGS = """
company companyname account accountname organization organisation organizationname employer firma firmenname empresa
phone phonenumber telephone businessphone workphone officephone telefon telefonnummer telefono
mobile mobilephone mobilenumber cell cellphone cellphonenumber handy movil portable
firstname givenname forename vorname nombre prenom
lastname surname familyname nachname apellido apellidos nomdefamille
jobtitle title position jobposition role berufsbezeichnung cargo
birthday birthdate dateofbirth dob geburtstag geburtsdatum fechadenacimiento
zip zipcode postalcode postcode zippostalcode mailingzippostalcode mailingpostalcode plz codigopostal
city town mailingcity ort stadt ciudad ville
street streetaddress address address1 addressline1 mailingstreet strasse direccion
state province stateprovince mailingstateprovince mailingstate bundesland provincia
country countryname mailingcountry land pais pays
website url homepage webpage webseite sitioweb
employees numberofemployees employeecount companysize headcount
annualrevenue revenue turnover
leadsource source origin contactsource
description notes note comments comment remarks
salutation honorific anrede
industry sector branche
"""
# Pairs that stand for each other only when nothing better is there.
_NEAR = "phone mobile mobilephone homephone otherphone telephone cell"
_FILLING = "the a of your my our customer client contact lead person field custom value"
_FILLERS = frozenset(_FILLING.split())
_ALIKE = 0.88  # of letters in common, from five letters up
_LONG_ENOUGH = 5


def names(field: Field) -> frozenset[Name]:
    """Return what a field is called: its label, its other names, and its name, unless that is a number (`field/7`)."""
    own = (
        ""
        if "/" in field.name or field.name in _MISLEADING
        else _BEGINNING.sub("", _ENDING.sub("", field.name))
    )
    given = (own, field.label, *field.aliases)
    return frozenset(words for text in given if (words := _words(text)))


def likeness(left: frozenset[Name], right: frozenset[Name]) -> Likeness | None:
    """Return how much two fields' names are alike; None for not at all."""
    ours, theirs = _joined(left), _joined(right)
    if ours & theirs:
        return Likeness.SAME
    if _share(_MEANINGS_OF, ours, theirs):
        return Likeness.MEANING
    near = _share(_NEAR_OF, ours, theirs) or any(_resembles(one, other) for one in left for other in right)
    return Likeness.SIMILAR if near else None


def _words(text: str) -> Name:
    apart = unicodedata.normalize("NFKD", _HUMP.sub(" ", text.strip("%")).casefold())
    return tuple(_WORD.findall("".join(sign for sign in apart if not unicodedata.combining(sign))))


@lru_cache(maxsize=4096)  # each name is compared with all of the other side
def _joined(names: frozenset[Name]) -> frozenset[str]:
    return frozenset("".join(words) for words in names)


def _groups(table: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, group in enumerate(table.strip().splitlines()):
        for name in group.split():
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


_MEANINGS_OF, _NEAR_OF = _groups(_MEANINGS), _groups(_NEAR)


def _share(groups: dict[str, frozenset[int]], left: frozenset[str], right: frozenset[str]) -> bool:
    ours = frozenset().union(*(groups.get(name, frozenset()) for name in left))
    return bool(ours & frozenset().union(*(groups.get(name, frozenset()) for name in right)))


def _resembles(left: Name, right: Name) -> bool:
    """Tell whether one name is the other with fillers, or nearly the same letters. Numbers in them must agree."""
    ours, theirs = frozenset(left) - _FILLERS, frozenset(right) - _FILLERS
    if ours and ours == theirs:
        return True
    if {word for word in left if word.isdigit()} != {word for word in right if word.isdigit()}:
        return False
    one, other = "".join(left), "".join(right)
    shorter = min(len(one), len(other))
    if shorter < _LONG_ENOUGH or 2 * shorter < _ALIKE * (len(one) + len(other)):
        return False
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE  # the first is never less, and quick
