"""Forms of pages as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class _Reader(HTMLParser):
    """Collects the fields of every form, with what they hold."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    _select: str | None = None
    _options: list[tuple[str, bool]] = field(default_factory=list)
    _option: list[str] | None = None  # the text of an option without a value
    _chosen: bool = False
    _area: str | None = None
    _text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input":
            self._input(name, given)
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option":
            self._chosen = "selected" in given
            if "value" in given:
                self._options.append((given["value"] or "", self._chosen))
            else:
                self._option = []
        elif tag == "textarea":
            self._area, self._text = name, ""

    def _input(self, name: str, given: dict[str, str | None]) -> None:
        if not name or "disabled" in given:
            return
        if given.get("type") in ("checkbox", "radio"):
            if "checked" in given:
                self.fields.append((name, given.get("value") or "on"))
        elif given.get("type") != "submit":
            self.fields.append((name, given.get("value") or ""))

    def handle_data(self, data: str) -> None:
        if self._option is not None:
            self._option.append(data)
        elif self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "option" and self._option is not None:
            self._options.append(("".join(self._option).strip(), self._chosen))
            self._option = None
        elif tag == "select" and self._select is not None:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [
                value for value, _ in self._options[:1]
            ]
            self.fields += [(self._select, value) for value in chosen[-1:]]
            self._select = None
        elif tag == "textarea" and self._area is not None:
            self.fields.append((self._area, self._text.removeprefix("\n")))
            self._area = None


def sent_by(page: str) -> dict[str, list[str]]:
    """What a browser would send of a page's fields as they stand, without a button."""
    reader = _Reader()
    reader.feed(page)
    found: dict[str, list[str]] = {}
    for name, value in reader.fields:
        found.setdefault(name, []).append(value)
    return found
