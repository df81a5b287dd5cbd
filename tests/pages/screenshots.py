"""Makes the pictures of docs/explorer.md: `make screenshots`. What is on them is of the tests' company, nobody's."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

from orgsync.connections.site import address_page
from stack.chromium import find_chromium, open_chromium
from tests.pages.addresses import ADDRESSES
from tests.pages.alone import open_alone
from tests.pages.browser import CHINESE, MISSING, Look, open_window
from tests.pages.site import Site

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 150_000
WIDE, HIGH = (Look(size=(1200, height)) for height in (640, 760))


@dataclass(frozen=True)
class Picture:
    """Of a page of `addresses.py`, alone or inside Airflow's own pages; `words` are searched for."""

    address: str
    look: Look = WIDE
    is_inside: bool = False
    words: str = ""


PICTURES = {
    "explorer-health": Picture("health", Look(size=(1200, 470))),
    "explorer-tree": Picture("tree-compared", is_inside=True),
    "explorer-tree-phone": Picture("tree-compared", CHINESE),
    "explorer-differences": Picture("differences"),
    "explorer-search": Picture("search", words="xiahou"),
    "explorer-person": Picture("person"),
    "explorer-person-phone": Picture("person", CHINESE),
    "explorer-department": Picture("department-then", HIGH),
    "explorer-changes": Picture("changes"),
    "explorer-plan": Picture("plan"),
    "explorer-plan-phone": Picture("plan", CHINESE),
    "explorer-messages": Picture("messages"),
}


def main() -> int:
    program = find_chromium()
    if program is None:
        print(MISSING, file=sys.stderr)
        return 1
    with open_alone() as site, open_chromium(program) as browser:
        sizes = {name: take(browser, site, picture, FOLDER / f"{name}.png") for name, picture in PICTURES.items()}
    for name, size in sizes.items():
        print(f"docs/images/{name}.png  {size:,} bytes")
    return int(max(sizes.values()) > MOST_BYTES)


def take(browser: Browser, site: Site, picture: Picture, file: Path) -> int:
    with open_window(browser, site, user="eva", look=picture.look) as window:
        path = ADDRESSES[picture.address].find(site.company).split("#")[0]
        if picture.is_inside:
            window.page.goto(address_page(environ={"AIRFLOW__API__BASE_URL": site.url}) + path)
            html = window.page.frame_locator("iframe").locator("html")
        else:
            html = window.open(path).locator("html")
        expect(html).to_have_attribute("lang", picture.look.language)
        html.locator("h1").wait_for()
        if picture.words:
            window.page.get_by_role("searchbox").fill(picture.words)
            window.page.keyboard.press("Enter")
            html.locator("#found:not([aria-busy]) table").first.wait_for()
        window.page.wait_for_load_state("networkidle")
        window.page.screenshot(path=file)
    return file.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
