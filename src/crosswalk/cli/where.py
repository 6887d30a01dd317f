"""Criteria as people write them: `--where "Rating one_of Hot, Warm"`, or a JSON file."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from crosswalk.core.criteria import Criteria, Criterion, Match, Operator
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

# what people write instead of an operator's name, for any kind of field
_SIGNS = {
    "=": Operator.EQUALS,
    "==": Operator.EQUALS,
    "!=": Operator.NOT_EQUALS,
    "<>": Operator.NOT_EQUALS,
    "<": Operator.LESS,
    "<=": Operator.AT_MOST,
    ">": Operator.GREATER,
    ">=": Operator.AT_LEAST,
    "in": Operator.ONE_OF,
    "not_in": Operator.NONE_OF,
}
_FORM = 'Field operator value, such as "Rating one_of Hot, Warm" or "Score__c between 10 and 20"'


def criteria_of(rows: Sequence[str], match: Match, zone: str) -> Criteria:
    """Return criteria from rows of text. Raises UserError that names what is wrong with a row."""
    return Criteria(match=match, rows=tuple(_row(text) for text in rows), zone=zone)


def _row(text: str) -> Criterion:
    field, rest = _word(text)
    name, rest = _word(rest)
    if not field or not name:
        raise UserError(
            _("“{row}” is no criterion.").format(row=text), cure=_("Write: {form}").format(form=_FORM)
        )
    operator = _operator(name)
    return Criterion(field=field, operator=operator, values=_values(operator, rest))


def _word(text: str) -> tuple[str, str]:
    """Cut off the first word; one in quotation marks may hold blanks."""
    text = text.strip()
    if text[:1] in {'"', "'"} and text[:1] in text[1:]:
        end = text.index(text[0], 1)
        return text[1:end], text[end + 1 :].strip()
    word, _blank, rest = text.partition(" ")
    return word, rest.strip()


def _operator(name: str) -> Operator:
    plain = name.casefold().replace("-", "_")
    if plain in _SIGNS:
        return _SIGNS[plain]
    try:
        return Operator(plain)
    except ValueError:
        raise UserError(
            _("There is no operator “{name}”.").format(name=name),
            cure=_("Use one of: {operators}.").format(operators=", ".join(Operator)),
        ) from None


def _values(operator: Operator, text: str) -> tuple[str, ...]:
    """Cut the values of a list at commas, those of a span at `and` or a comma; others are one text."""
    if not text:
        return ()
    if operator is Operator.BETWEEN and " and " in text:
        return tuple(part.strip() for part in text.split(" and "))
    if operator is Operator.BETWEEN or operator.takes_list:
        (parts,) = csv.reader([text], skipinitialspace=True)
        return tuple(part.strip() for part in parts if part.strip())
    if len(text) > 1 and text[0] == text[-1] and text[0] in {'"', "'"}:
        text = text[1:-1]
    return (text,)
