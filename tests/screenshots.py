"""Every page as a picture: ``python tests/screenshots.py [FOLDER]``, at two widths, light and dark, in both languages.

The pages are those of a trial with the example county, run here and ended afterwards.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("HONGZHU_TEST_CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
WIDTHS = (390, 1440)
PATIENCE = 180


@contextmanager
def trial(home: Path) -> Iterator[str]:
    """Serve a trial; give the link to its fullest week."""
    command = [sys.executable, "-m", "hongzhu", "demo", "--home", str(home)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield _link_in(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _link_in(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = re.search(r"https?://\S+/w/\S+", process.stderr.readline())
        if found:
            return found.group()
    raise TimeoutError("the trial told no link to a week")


def main() -> int:
    """Take the pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home, trial(Path(home)) as week, sync_playwright() as playwright:
        host = week.partition("/w/")[0]
        pages = {"start": host + "/", "week": week, "expired-link": host + "/w/expired"}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for language in ("zh-CN", "en"):
            for scheme in ("light", "dark"):
                for width in WIDTHS:
                    context = browser.new_context(
                        locale=language, color_scheme=scheme, viewport={"width": width, "height": 844}
                    )
                    page = context.new_page()
                    for name, address in pages.items():
                        page.goto(address)
                        file = folder / f"{name}-{width}-{scheme}-{language[:2]}.png"
                        page.screenshot(path=file, full_page=True)
                        print(file)
                    context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
