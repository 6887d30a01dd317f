"""`python -m crosswalk_sandbox.compare`: do both systems hold the same, judged from their raw dumps alone?

People are paired by lower-cased e-mail address; an address that several CRM records share is left out, since only one
of them can be equal. Which fields belong together is read from a mapping file. Values are brought to one form by
the rules below, which are this program's own: whatever synced the systems takes no part in the judgement.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2

OWN = ("email", "firstName", "lastName", "phone")  # contact attributes that are no custom fields
SAMPLES = 20
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+\Z")
TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?Z?\Z")
NOES = frozenset(frozenset({word}) for word in ("false", "False", "FALSE", "no", "No", "NO"))
Record = Mapping[str, Any]
Options = Mapping[str, Mapping[str, Mapping[str, str]]]  # object, field, number → label
Plain = str | frozenset[str] | Decimal | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crm:
    """How a CRM's dump is read."""

    objects: Mapping[str, str]  # in mapping files → in the dump
    keys: Mapping[str, str]  # object in the dump → what its id is called
    email: str
    gone: Callable[[Record], bool]  # whether a record is deleted, or another one stands for it


SALESFORCE = Crm(
    objects={"lead": "Lead", "contact": "Contact"},
    keys={"Lead": "Id", "Contact": "Id"},
    email="Email",
    gone=lambda row: bool(row["IsDeleted"] or row.get("IsConverted")),
)
DYNAMICS = Crm(
    objects={"lead": "lead", "contact": "contact"},
    keys={"lead": "leadid", "contact": "contactid"},
    email="emailaddress1",
    # a merge's loser says who won; a lead that is no longer open can neither be written nor qualified again
    gone=lambda row: bool(row.get("masterid") or ("leadid" in row and row["statecode"] != 0)),
)
CRMS = {"salesforce": SALESFORCE, "dynamics": DYNAMICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One pair of fields."""

    crm: str
    contact: str  # an own attribute, or the id of a custom field
    type: str  # ActiveCampaign's type of it


@dataclass(slots=True)
class Result:
    """What was compared."""

    pairs: int = 0
    compared: int = 0
    equal: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Equal field pairs in percent, rounded down: 100 means all."""
        return math.floor(1000 * self.equal / self.compared) / 10 if self.compared else 0.0


def text(value: Any) -> Plain:
    """Trimmed, composed, with plain line ends; nothing at all is None."""
    if value is None:
        return None
    plain = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()
    return plain or None


def address(value: Any) -> Plain:
    """An e-mail address in small letters."""
    plain = text(value)
    return plain.lower() if isinstance(plain, str) else plain


def number(value: Any) -> Plain:
    """A decimal number, however many zeros it ends with; anything else as text."""
    plain = text(value)
    try:
        return None if plain is None else Decimal(str(plain)).normalize()
    except InvalidOperation:
        return plain


def moment(value: Any) -> Plain:
    """A date-time in UTC, to the second."""
    plain = text(value)
    if not isinstance(plain, str):
        return plain
    try:
        return datetime.fromisoformat(plain).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return plain


def loose(value: Any) -> Plain:
    """Text that may be a date-time or a time of day in either system's form."""
    plain = text(value)
    if not isinstance(plain, str):
        return plain
    if DATE_TIME.match(plain):
        return moment(plain)
    return plain[:8] if TIME_OF_DAY.match(plain) else plain


def chosen(value: Any) -> Plain:
    """A set of choices: `a;b` in the CRM, `||a||b||` in ActiveCampaign."""
    plain = text(value)
    if not isinstance(plain, str):
        return plain
    parts = plain.split("||") if "||" in plain else plain.split(";")
    return frozenset(part.strip() for part in parts if part.strip()) or None


def ticked(value: Any) -> Plain:
    """Whether a box is ticked, or says yes; nothing is no."""
    if isinstance(value, bool):
        return value
    words = chosen(value)
    return bool(words) and words not in NOES


# ActiveCampaign's types → the form; everything else is text
FORMS: Mapping[str, Callable[[Any], Plain]] = {
    "email": address,
    "number": number,
    "currency": number,
    "datetime": moment,
    "listbox": chosen,
    "checkbox": chosen,
}


def forms(column: Column, crm_value: Any) -> Callable[[Any], Plain]:
    """The form in which a pair is compared; a tick box or number in the CRM makes the other side one too."""
    if isinstance(crm_value, bool):
        return ticked
    return number if isinstance(crm_value, int | float) else FORMS.get(column.type, loose)


def read_columns(
    mapping: Mapping[str, Any], fields: Sequence[Record], objects: Mapping[str, str]
) -> dict[str, list[Column]]:
    """The pairs of fields of each object. Raises ValueError for a field that ActiveCampaign does not have."""
    return {
        objects[each["object"]]: [_column(pair, fields) for pair in each["fields"]]
        for each in mapping["objects"]
    }


def _column(pair: Mapping[str, str], fields: Sequence[Record]) -> Column:
    """A custom field may be named by merge tag, title, id, or `field/` and id."""
    name = pair["activecampaign"]
    if name in OWN:
        return Column(crm=pair["crm"], contact=name, type="email" if name == "email" else "text")
    for each in fields:
        if name.strip("%") in (each["perstag"], each["title"], each["id"], f"field/{each['id']}"):
            return Column(crm=pair["crm"], contact=each["id"], type=each["type"])
    raise ValueError(f"ActiveCampaign has no field {name}")


def compare(
    crm: Record,
    activecampaign: Record,
    mapping: Mapping[str, Any],
    kind: Crm = SALESFORCE,
    options: Options = MappingProxyType({}),
) -> Result:
    """Compare two dumps under a mapping; `options` are those that the CRM stores by number.

    Raises ValueError for a mapping that does not fit.
    """
    columns = read_columns(mapping, activecampaign["field"], kind.objects)
    contacts = {address(each["email"]): each for each in activecampaign["contact"] if each["deleted"] == "0"}
    records = [
        (name, each, address(each.get(kind.email)))
        for name in columns
        for each in crm[name]
        if not kind.gone(each) and address(each.get(kind.email))
    ]
    shared = Counter(email for _, _, email in records)
    result = Result()
    for name, record, email in records:
        if shared[email] == 1 and email in contacts:
            result.pairs += 1
            for column in columns[name]:
                left = labelled(record.get(column.crm), options.get(name, {}).get(column.crm))
                _compare_field(record[kind.keys[name]], left, contacts[email], column, result)
    return result


def labelled(value: Any, labels: Mapping[str, str] | None) -> Any:
    """What a choice stored as `3`, or several as `1,3`, is called; anything else as it is."""
    if labels is None or value is None or value == "":
        return value
    return ";".join(labels.get(number, number) for number in str(value).split(","))


def _compare_field(crm_id: str, left: Any, contact: Record, column: Column, result: Result) -> None:
    right = contact_value(contact, column.contact)
    form = forms(column, left)
    result.compared += 1
    if form(left) == form(right):
        result.equal += 1
    elif len(result.samples) < SAMPLES:
        ids = {"crm_id": crm_id, "activecampaign_id": contact["id"], "field": column.crm}
        result.samples.append({**ids, "crm": left, "activecampaign": right})


def contact_value(contact: Record, name: str) -> Any:
    """The raw value of a contact: an own attribute, or a custom field by id."""
    if name in OWN:
        return contact[name]
    return next((each["value"] for each in contact["fieldValues"] if each["field"] == name), None)


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was compared; 0 when it could be."""
    arguments = _parse(argv)
    mapping = json.loads(Path(arguments.mapping).read_text(encoding="utf-8"))
    vendor = next(name for name in CRMS if getattr(arguments, name))
    crm, contacts = getattr(arguments, vendor), arguments.activecampaign
    with httpx2.Client(timeout=60, trust_env=False) as client:
        options = _read(client, crm, "options") if vendor == "dynamics" else {}
        dumps = _read(client, crm, "dump"), _read(client, contacts, "dump")
    result = compare(*dumps, mapping, CRMS[vendor], options)
    print("\n".join(_lines(result, as_json=arguments.json)))
    return 0


def _read(client: httpx2.Client, url: str, name: str) -> Any:
    answer = client.get(f"{url.rstrip('/')}/{name}")
    answer.raise_for_status()
    return answer.json()


def _lines(result: Result, *, as_json: bool) -> Iterator[str]:
    figures = {
        "pairs": result.pairs,
        "compared": result.compared,
        "equal": result.equal,
        "percent": result.percent,
    }
    if as_json:
        yield json.dumps({"version": 1, **figures, "samples": result.samples}, indent=2)
        return
    yield f"{result.pairs} people, {result.compared} field pairs, {result.equal} equal: {result.percent:.1f} %"
    for sample in result.samples:
        yield "differs: " + json.dumps(sample, ensure_ascii=False)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crosswalk_sandbox.compare", description=__doc__)
    parser.add_argument(
        "--activecampaign", required=True, metavar="CONTROL_URL", help="of the sandboxed activecampaign"
    )
    crm = parser.add_mutually_exclusive_group(required=True)
    for system in CRMS:
        crm.add_argument(f"--{system}", metavar="CONTROL_URL", help=f"of the sandboxed {system}")
    parser.add_argument("--mapping", required=True, metavar="FILE", help="the mapping file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
