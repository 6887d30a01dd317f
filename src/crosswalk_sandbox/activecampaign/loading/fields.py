"""Custom fields for the columns of exports, and their values as an account stores them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crosswalk_sandbox.activecampaign.loading.headers import Custom
from crosswalk_sandbox.activecampaign.store import ZONE, Field, stamp
from crosswalk_sandbox.activecampaign.values import MULTIPLE, WITH_OPTIONS, joined
from crosswalk_sandbox.load import moments, numerals
from crosswalk_sandbox.load.cells import Refusal
from crosswalk_sandbox.load.columns import Column, pieces, split, tick
from crosswalk_sandbox.load.guesses import Manner, guess, misfits

# how each kind of field is made; the type of a list box takes several values
MADE = {
    "text": "text",
    "long text": "textarea",
    "number": "number",
    "date": "date",
    "date-time": "datetime",
    "checkbox": "checkbox",
    "picklist": "dropdown",
    "multi-picklist": "listbox",
}
WATCHED = {"number": "numbers", "date": "days", "datetime": "days"}
TICK = "true"  # the one option of a box that is ticked or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A custom field as exports need it."""

    title: str
    type: str
    kind: str = ""  # what was guessed; "" when the account has the field and it fits
    options: tuple[
        str, ...
    ] = ()  # in the order of their first use; those that the account has may be missing
    known: int | None = None  # the id of the field that the account has
    ticks: bool = False  # its one option is a tick


def needed(meaning: Custom, columns: Sequence[Column]) -> Needed:
    """The field for all columns of one title."""
    known = meaning.known
    if known is not None and not misfits(columns, WATCHED.get(known.type)):
        options = _options(known, columns)
        ticks = [option.value for option in known.options] == [TICK] and not options
        return Needed(title=known.title, type=known.type, known=known.id, options=options, ticks=ticks)
    guessed = guess(columns, commas=True)
    ticks = guessed.kind == "checkbox" or _is_one_tick(guessed.choices)
    return Needed(
        title=meaning.title,
        type="checkbox" if ticks else MADE[guessed.kind],
        kind="checkbox" if ticks else guessed.kind,
        options=(TICK,) if ticks else guessed.choices,
        known=known.id if known else None,
        ticks=ticks,
    )


def _is_one_tick(choices: Sequence[str]) -> bool:
    """Whether the only choice is `true`, as boxes are exported that some have ticked."""
    return len(choices) == 1 and tick(choices[0], widely=False) is True


def _options(known: Field, columns: Sequence[Column]) -> tuple[str, ...]:
    """The values that are no options of the field yet."""
    if known.type not in WITH_OPTIONS:
        return ()
    have = {option.value for option in known.options}
    found: dict[str, None] = {}
    for column in columns:
        for text in column.values or ():
            parts = several(text, have) if known.type in MULTIPLE else [text]
            found |= dict.fromkeys(parts)
    only_ticks = have == {TICK} and all(tick(text, widely=True) is not None for text in found)
    return () if only_ticks else tuple(value for value in found if value not in have)


def several(text: str, options: set[str]) -> list[str]:
    """The values in a cell of several: parted by `||`, by semicolons, or by commas if none has one."""
    if text in options:
        return [text]
    if "||" in text or ";" in text:
        return split(text)
    return pieces(text)


def converter(field: Needed, options: set[str], manner: Manner) -> Callable[[str], str]:
    """How a column of that field is read: text in, the stored text out. Raises Refusal."""
    if field.type in MULTIPLE and not field.ticks:
        return lambda text: joined(dict.fromkeys(several(text, options)))
    reader = _ticked if field.ticks else READERS.get(field.type)
    if reader is None:
        return lambda text: text

    def convert(text: str) -> str:
        try:
            return reader(text, manner)
        except (ValueError, OverflowError) as error:
            raise Refusal(f"{field.title}: {error}") from error

    return convert


def _ticked(text: str, manner: Manner) -> str:
    """`||true||` for a tick, "" for none."""
    ticked = tick(text.strip("|"), widely=True)
    if ticked is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return joined([TICK]) if ticked else ""


def _number(text: str, manner: Manner) -> str:
    return format(numerals.read(text, commas=manner.commas, points=manner.points, marks=True), "f")


def _date(text: str, manner: Manner) -> str:
    return moments.read(text, manner.day_first).day.isoformat()


def _datetime(text: str, manner: Manner) -> str:
    return stamp(moments.read(text, manner.day_first).at(ZONE))


READERS: dict[str, Callable[[str, Manner], str]] = {
    "number": _number,
    "date": _date,
    "datetime": _datetime,
}
