"""A real Chromium, without a window, driven by Playwright."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.support import node

PACKAGE = "@sparticuz/chromium"
UNPACK_TIMEOUT_S = 120

# No sandbox: root and most containers have none. The rest keeps it from the network.
ARGUMENTS = (
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


def chromium_executable() -> Path:
    """The program, unpacked when it is first asked for.

    Raises:
        NotSetUpError: The npm package is not installed.
    """
    folder = node.HOME / ".chromium" / node.version(PACKAGE)
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        _unpack(folder)
    return folder / "chromium"


def _unpack(folder: Path) -> None:
    """Fill `folder` at once or not at all, whoever else does the same."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        done = Path(scratch) / "chromium"
        done.mkdir()
        subprocess.run(
            [node.executable(), node.script("unpack-chromium.mjs"), done],
            check=True,
            timeout=UNPACK_TIMEOUT_S,
        )
        try:
            done.rename(folder)
        except OSError:
            if not folder.exists():
                raise


def _environment(folder: Path) -> dict[str, str | float | bool]:
    """Its libraries and fonts, so that a bare machine will do."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }


@asynccontextmanager
async def chromium_page(**options: Any) -> AsyncGenerator[Page]:
    """A page in a browser of its own, which is gone at the end.

    Args:
        options: Of Playwright's `new_context`: `java_script_enabled`, `viewport` and so on.
    """
    program = chromium_executable()
    home = tempfile.mkdtemp(prefix="treenail-chromium-")
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program,
                headless=True,
                args=list(ARGUMENTS),
                env=_environment(program.parent) | {"HOME": home},
            )
            try:
                context = await browser.new_context(**options)
                yield await context.new_page()
            finally:
                await browser.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def axe_violations(page: Page) -> list[str]:
    """The rules of axe-core that the page breaks, as `rule: first element`."""
    await page.evaluate((node.package("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


@pytest.fixture
async def browser_page() -> AsyncGenerator[Page]:
    """A page of a real browser."""
    async with chromium_page() as page:
        yield page
