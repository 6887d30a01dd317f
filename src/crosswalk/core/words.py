"""Words that are kept: who reads them later is told in their own language, and for their own door.

A text remembers what it was made from: the English one of the code and what filled its placeholders, which may be such
texts themselves. `kept` is what a row stores of that beside the words; `again` says it anew to whoever reads the row.
The words stay for rows that know nothing of it, and for texts that a later version does not have any more. What a
system said in its own words stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from .language import chosen, gettext, language

_PLACEHOLDER, _WORD = re.compile(r"\{[^{}]*\}"), re.compile(r"\w")
_NOTHING: Mapping[str, object] = {}


class Words(str):
    """A text in the reader's language that can be said again to another reader."""

    __slots__ = ("params", "text")
    text: str  # in English, as the code has it; empty: it cannot be said again
    params: Mapping[str, object]  # what filled its placeholders

    def __new__(cls, said: str, text: str = "", params: Mapping[str, object] = _NOTHING) -> Words:
        made = super().__new__(cls, said)
        made.text, made.params = text, params
        return made

    def format(self, *_none: object, **params: object) -> Words:
        """Fill the placeholders, once; what fills them is said in the language that is spoken now."""
        spoken = {name: value.anew() if isinstance(value, Words) else value for name, value in params.items()}
        return Words(str.format(self, **spoken), "" if self.params else self.text, params)

    def anew(self) -> Words:
        """Say it in the language that is spoken now."""
        if not self.text:
            return self
        words = keepable(self.text)
        return words.format(**self.params) if self.params else words


def keepable(message: str) -> Words:
    """Translate a text which may be kept; the empty one stays empty."""
    return Words(gettext(message), message)


def together(pattern: str, **params: object) -> Words:
    """Put texts together by a pattern that is the same in every language."""
    return Words(pattern, pattern).format(**params)


def joined(*texts: str, by: str = " ") -> Words:
    """Put texts one after the other."""
    names = [f"t{number}" for number in range(len(texts))]
    return together(by.join(f"{{{name}}}" for name in names), **dict(zip(names, texts, strict=True)))


def plain(value: object) -> str:
    """Let msgspec encode such texts: its `enc_hook`."""
    if isinstance(value, Words):
        return str(value)
    raise NotImplementedError(type(value).__name__)


# --- in rows -----------------------------------------------------------------------------------------------------


def kept(*texts: str) -> str:
    """Return, as JSON, what it takes to say these texts again; empty where that is nothing."""
    forms = [_form(text) if isinstance(text, Words) and text.text else None for text in texts]
    return msgspec.json.encode(forms).decode() if any(forms) else ""


def again(said: str, *words: str) -> list[str]:
    """Say texts anew of which a row keeps the words, and what `kept` made of them."""
    if not said:
        return list(words)
    return [_anew(form, stored) for form, stored in zip(msgspec.json.decode(said), words, strict=False)]


def _form(words: Words) -> dict[str, object]:
    form: dict[str, object] = {"text": words.text}
    if words.params:
        form["params"] = {name: _param(value) for name, value in words.params.items()}
    return form


def _param(value: object) -> object:
    if isinstance(value, Words):
        return _form(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _anew(form: dict[str, Any] | None, stored: str) -> str:
    words = None if form is None else _words(form)
    if words is None or (stored and not _is_known(words.text)):
        return stored
    try:
        return words.anew()
    except (LookupError, ValueError):  # another version filled it with other things
        return stored


def _words(form: dict[str, Any]) -> Words:
    """Return the text that a form is of; what it says is worked out by `anew`."""
    params = {
        name: _words(value) if isinstance(value, dict) else value
        for name, value in form.get("params", {}).items()
    }
    return Words("", form["text"], params)


def _is_known(text: str) -> bool:
    """Tell whether this version can say a text in the language that is spoken."""
    if language() == "en" or chosen(text) != text or not _WORD.search(_PLACEHOLDER.sub("", text)):
        return True
    return gettext(text) != text
