"""What people see: pages in a real browser, in every size and scheme, and pictures of them."""

import os
from pathlib import Path
from typing import Final

from playwright.async_api import ConsoleMessage, Page, ViewportSize

from tests.support.chromium import axe_violations

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
SIZES: Final[dict[str, ViewportSize]] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
    "narrow": {"width": 320, "height": 640},
}
_SMALL: Final = """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, .link")]
    .filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML)"""


async def usable(page: Page) -> list[str]:
    """What keeps people from using the page."""
    found = await axe_violations(page)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("it scrolls sideways")
    return [*found, *await page.evaluate(_SMALL)]


async def usable_everywhere(page: Page, name: str = "") -> list[str]:
    """The same in every size, in the light and in the dark; with a name, pictures are taken.

    Only with UPDATE_SCREENSHOTS in the environment, and not in the narrowest size.
    """
    found: list[str] = []
    for size, viewport in SIZES.items():
        await page.set_viewport_size(viewport)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            found += [f"{size}, {scheme}: {each}" for each in await usable(page)]
            if name and size != "narrow" and os.environ.get("UPDATE_SCREENSHOTS"):
                path = IMAGES / f"{name}-{size}-{scheme}.png"
                await page.screenshot(path=path, full_page=True)
    return found


def complaints_of(page: Page) -> list[str]:
    """What the browser complains about, from now on."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # Chromium names every answer with an error status, and asks for an icon by itself.
        if "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    return complaints
