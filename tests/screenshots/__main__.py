"""`python -m tests.screenshots`: a picture of each page of a demo, light, dark and narrow, into docs/screenshots."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from tests.helpers.command_line import Installation
from tests.helpers.staying import Stays
from tests.screenshots.finding import Facts, facts_of, hurry, pages, sign_in
from tests.screenshots.palette import small
from tests.screenshots.pictures import PICTURES, Picture, without_picture

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
TALLEST = 1600  # pixels, after which a page is cut off
SETTLED = 400  # milliseconds in which a page has loaded its parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A size and colours."""

    name: str
    width: int
    height: int
    dark: bool = False


LOOKS = (
    Look(name="light", width=1280, height=800),
    Look(name="dark", width=1280, height=800, dark=True),
    Look(name="narrow", width=360, height=640),
)


def main(names: Sequence[str]) -> int:
    """Take all pictures, or those of these names; 1 when a page has none."""
    if forgotten := without_picture(pages()):
        print(f"No picture of: {', '.join(forgotten)}. See tests/screenshots/pictures.py.", file=sys.stderr)
        return 1
    pictures = [each for each in PICTURES if each.name in names or not names]
    with staying_demo() as demo, browser() as chromium:
        facts = facts_of(demo, chromium)
        FOLDER.mkdir(exist_ok=True)
        for old in FOLDER.glob("*.png") if not names else ():
            old.unlink()
        _take_all(demo, chromium, facts, pictures)
        hurry(demo)
    (FOLDER / "README.md").write_text(_list(), encoding="utf-8")
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    print(f"{len(pictures) * len(LOOKS)} pictures, {size // 1024} KB, in {FOLDER}")
    return 0


@contextmanager
def staying_demo() -> Iterator[Stays]:
    """A demo in which nobody edits anything, so that the next pictures are like these."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-screenshots-") as folder:
        os.environ.setdefault("CROSSWALK_TEST_HOME", folder)
        os.environ["CROSSWALK_HOME"] = folder
        demo = Stays(Installation(home=Path(folder), database_url=None), Path(folder), "--still")
        try:
            demo.address()
            yield demo
        finally:
            demo.process.terminate()
            demo.process.wait(180)  # it lets work that is under way come to its end


@contextmanager
def browser() -> Iterator[Browser]:
    """As root Chromium starts only without its own sandbox; it sees nothing but pages of this machine."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def _take_all(demo: Stays, chromium: Browser, facts: Facts, pictures: Sequence[Picture]) -> None:
    with (
        chromium.new_context() as workshop,
        chromium.new_context(reduced_motion="reduce", timezone_id="UTC") as inside,
        chromium.new_context(reduced_motion="reduce", timezone_id="UTC") as outside,
    ):
        opened = {True: inside.new_page(), False: outside.new_page()}
        sign_in(opened[True], demo)
        counting = workshop.new_page()
        for picture in pictures:
            page = opened[picture.signed_in]
            for look in LOOKS:
                page.set_viewport_size({"width": look.width, "height": look.height})
                page.emulate_media(color_scheme="dark" if look.dark else "light")
                answer = page.goto(demo.address().rstrip("/") + picture.address.format_map(facts))
                assert answer is not None
                assert answer.ok, (picture.name, answer.status)
                _take(page, picture, look, counting)


def _take(page: Page, picture: Picture, look: Look, counting: Page) -> None:
    page.wait_for_timeout(SETTLED)
    height = max(look.height, min(page.evaluate("document.documentElement.scrollHeight"), TALLEST))
    page.set_viewport_size({"width": look.width, "height": height})  # bars that stick to its end are there
    page.evaluate("window.scrollTo(0, 0)")  # what has the focus may lie below
    png = page.screenshot(animations="disabled")
    (FOLDER / f"{picture.name}-{look.name}.png").write_bytes(small(png, counting))


def _list() -> str:
    lines = [
        "# Screenshots",
        "",
        "Every page in a demo with invented data, made by `make screenshots`.",
        "",
        "| page | " + " | ".join(look.name for look in LOOKS) + " |",
        "|---" * (len(LOOKS) + 1) + "|",
    ]
    for picture in PICTURES:
        links = " | ".join(f"[{look.name}]({picture.name}-{look.name}.png)" for look in LOOKS)
        lines.append(f"| {picture.about} | {links} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
