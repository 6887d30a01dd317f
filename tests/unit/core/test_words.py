"""What was said once is said again to whoever reads it later."""

from __future__ import annotations

import msgspec
import pytest

from crosswalk.core import catalogue
from crosswalk.core.language import speaking
from crosswalk.core.words import Words, again, joined, keepable, kept, plain, together

GONE = {"field": "Region (Region__c)"}


def test_a_text_is_said_again_in_the_language_and_for_the_door_of_its_reader() -> None:
    said = catalogue.say("loop", field="Phone", count=4)
    stored = kept(said.message, said.cure)

    with speaking("de"):
        message, cure = again(stored, said.message, said.cure)
        assert message == catalogue.say("loop", field="Phone", count=4).message != said.message
        assert "crosswalk holds retry" in cure
    with speaking("en", browser=True):
        message, cure = again(stored, said.message, said.cure)
        assert message == said.message
        assert cure.endswith("Then have it tried again, or choose a side.")


def test_it_does_not_matter_in_which_language_it_was_stored() -> None:
    with speaking("de"):
        said = catalogue.say("field_gone", **GONE, system=keepable("the CRM"))
        stored = kept(said.message, said.cure)
    with speaking("en"):
        assert again(stored, *said[1:]) == list(catalogue.say("field_gone", **GONE, system="the CRM")[1:])


def test_what_fills_a_text_is_said_again_too() -> None:
    with speaking("en"):
        inner = keepable("{field} may not be empty.").format(field="Name")
        said = joined(together("{code}: {message}", code="CW-2002", message=inner), inner)
        stored = kept(said)
    with speaking("de"):
        german = keepable("{field} may not be empty.").format(field="Name")
        assert german != inner
        assert again(stored, said) == [f"CW-2002: {german} {german}"]


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("", "Wörter von früher"),
        (kept("the vendor's own words", keepable("text")), "the vendor's own words"),
        (kept(Words("Gibt es nicht mehr", "A text of an older version")), "Gibt es nicht mehr"),
        (kept(Words("Fehlt", "{count} contacts have the e-mail {email}.", {"count": 2})), "Fehlt"),
    ],
)
def test_where_it_cannot_be_said_again_the_stored_words_stay(stored: str, words: str) -> None:
    with speaking("de"):
        assert again(stored, words)[0] == words


def test_nothing_is_kept_of_texts_that_are_nobodys_but_the_vendors() -> None:
    assert kept("STRING_TOO_LONG", "") == ""
    assert kept(catalogue.CATALOGUE["refused_value"].said().message) == ""


def test_it_is_a_text_like_any_other() -> None:
    said = catalogue.say("required", field="Name").message
    assert said == "Name may not be empty."
    assert msgspec.json.encode({"said": said}, enc_hook=plain) == b'{"said":"Name may not be empty."}'
    with pytest.raises(NotImplementedError):
        msgspec.json.encode({"said": object()}, enc_hook=plain)
