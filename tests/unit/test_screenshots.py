"""Every page has a picture, or a reason why not."""

from __future__ import annotations

from tests.acceptance.test_web import ROUTES
from tests.screenshots.__main__ import FOLDER, LOOKS
from tests.screenshots.finding import pages
from tests.screenshots.pictures import EXEMPT, PICTURES, without_picture


def test_every_page_has_a_picture_or_a_reason_why_not() -> None:
    assert without_picture(pages()) == []
    assert without_picture([*pages(), "a new one"]) == ["a new one"]


def test_there_are_no_pictures_of_pages_that_are_gone() -> None:
    assert {picture.route for picture in PICTURES} | EXEMPT.keys() <= ROUTES.keys()
    taken = {f"{picture.name}-{look.name}.png" for picture in PICTURES for look in LOOKS}
    assert {file.name for file in FOLDER.glob("*.png")} == taken
