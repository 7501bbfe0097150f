"""Every page as a picture: ``python tests/screenshots.py [FOLDER]``, at two widths, light and dark, in both languages.

The pages are those of a trial with the example county, run here and ended afterwards: what a link in a notice opens, and every
page of the desk, each as somebody sees it who may open it.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import desk  # found by the line above

from hongzhu import runtime
from hongzhu.rehearsal.command import demo_data
from hongzhu_registry.signed_in import SESSION

CHROMIUM = os.environ.get("HONGZHU_TEST_CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]
WIDTHS = (390, 1440)
PATIENCE = 300


@contextmanager
def trial(home: Path) -> Iterator[str]:
    """Serve a trial; give the link to its fullest week."""
    port = str(runtime.free_port("127.0.0.1", 0))
    command = [sys.executable, "-m", "hongzhu", "demo", "--home", str(home), "--port", port]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        yield _link_in(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _link_in(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"https?://\S+/w/\S+", process.stderr.readline())
        if found:
            return found.group()
    raise TimeoutError("the trial told no link to a week")


def _command(home: Path, *arguments: str) -> str:
    environment = os.environ | {"HONGZHU_HOME": str(home)}
    command = [sys.executable, "-m", "hongzhu", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def _name(pattern: str) -> str:
    return pattern.strip("/").replace("/", "-").replace("{", "").replace("}", "")


def addresses(home: Path, week: str) -> tuple[dict[str, tuple[str, str]], dict[str, Any]]:
    """Return for each page its name, who sees it and where it is; and the sessions of those who do."""
    host = week.partition("/w/")[0]
    accounts = json.loads((home / "credentials.json").read_text())
    school = next(each for each in accounts if each.startswith("school:")).partition(":")[2]
    clients = desk.people(desk.administrator(host, partial(_command, home)), school, "womens_federation")
    bureau = clients["bureau"]
    desk.close_report(bureau)
    workbook = next(iter(sorted(demo_data().glob("*.xlsx"))))
    bureau.post("/imports", files={"files": (workbook.name, workbook.read_bytes())})  # so that there is one to look at
    found = {_name(pattern): seen for pattern, seen in desk.pages(clients).items()}
    copy = re.findall(r"/g/[\w.~-]+", bureau.post(f"{found['children-child_id'][1]}/guardian-link").text)
    talk = re.findall(r'href="(/w/[^"]+)"', httpx.get(week).text)
    links = {"week": week, "record": talk[0], "own-account": f"{week}/account", "guardians-copy": copy[0]}
    first = {"start": "/", "sign-in": "/sign-in", "expired-link": "/w/expired"} | links
    return {name: ("", address) for name, address in first.items()} | found, {
        role: client.cookies[SESSION] for role, client in clients.items()
    }


def main() -> int:
    """Take the pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home, trial(Path(home)) as week, sync_playwright() as playwright:
        host = week.partition("/w/")[0]
        pages, sessions = addresses(Path(home), week)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for language in ("zh-CN", "en"):
            for scheme in ("light", "dark"):
                context = browser.new_context(base_url=host, locale=language, color_scheme=scheme)
                page = context.new_page()
                for name, (role, address) in pages.items():
                    context.clear_cookies()
                    if role:
                        context.add_cookies([{"name": SESSION, "value": sessions[role], "url": host}])
                    for width in WIDTHS:
                        page.set_viewport_size({"width": width, "height": 844})
                        page.goto(address)
                        file = folder / f"{name}-{width}-{scheme}-{language[:2]}.png"
                        page.screenshot(path=file, full_page=True)
                        print(file)
                context.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
