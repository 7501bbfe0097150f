"""Every page of the desk, found as people find it: they sign in, and follow the links from their menu."""

import re
from collections.abc import Callable, Iterator, Mapping

import httpx
from starlette.routing import Match, Route

from hongzhu_registry.app import DESKS
from hongzhu_registry.menu import menu_of
from hongzhu_registry.signed_in import SESSION

ROLES = ("bureau", "admin", "auditor", "school", "agency")
"""In the order in which they look for pages: a page is shown as the first of them finds it."""
OWN = "a password of one's own"
_LINK = re.compile(r"""(?:href|action)="(/[^"#]*)\"""")


def sign_in(host: str, username: str, password: str, new_password: str = "") -> httpx.Client:
    """Return a browser without a screen in which somebody has signed in."""
    client = httpx.Client(base_url=host, timeout=30)
    form = {"username": username, "password": password, "new_password": new_password}
    client.post("/sign-in", data=form)
    assert SESSION in client.cookies, f"{username} is not let in"
    return client


def administrator(host: str, command: Callable[..., str]) -> httpx.Client:
    """Open an administrator's account with ``hongzhu user add`` and sign in."""
    username, password = command("user", "add", "operator", "--role", "admin").splitlines()[-1].split()
    return sign_in(host, username, password)


def opened(admin: httpx.Client, role: str, **place: str) -> httpx.Client:
    """Open somebody's account by the administrator's page, and sign in with a password of their own."""
    username = f"{place.get('agency', role)}.desk"
    page = admin.post("/accounts/new", data={"username": username, "role": role, **place}).text
    password = re.search(r'class="secret">([^<]+)<', page)
    assert password, "a new account's password is shown"
    return sign_in(str(admin.base_url), username, password[1], OWN)


def people(admin: httpx.Client, school: str, agency: str) -> dict[str, httpx.Client]:
    """Let somebody of each role sign in."""
    places = {"school": {"school_id": school}, "agency": {"agency": agency}}
    return {role: admin if role == "admin" else opened(admin, role, **places.get(role, {})) for role in ROLES}


def close_report(client: httpx.Client) -> None:
    """Close the report that the page offers to look at, so that there is a closed one."""
    first, last = re.findall(r'value="(\d{4}-\d\d-\d\d)"', client.get("/reports").text)[:2]
    assert client.post("/reports", data={"from": first, "to": last}).status_code == httpx.codes.SEE_OTHER


def routes() -> dict[str, Route]:
    """Return everything of the desk that is opened by an address, by its pattern."""
    there = (route for desk in DESKS for route in desk.routes)
    return {each.path: each for each in there if isinstance(each, Route) and "GET" in (each.methods or ())}


def pages(clients: Mapping[str, httpx.Client]) -> dict[str, tuple[str, str]]:
    """Return for each page's pattern one address of it and the role that found it."""
    known = routes()
    found: dict[str, tuple[str, str]] = {}
    for role, client in clients.items():
        asked: set[str] = set()
        # From the menu, and to what may stand empty, so that no link leads to it.
        ahead = [place.path for place in menu_of(role)]  # type: ignore[arg-type]  # ROLES are roles
        ahead += [path for path in known if "{" not in path]
        while ahead:
            address = ahead.pop(0)
            pattern = _pattern(known, address)
            if pattern is None or pattern in asked:
                continue
            answer = client.get(address)
            if answer.status_code != httpx.codes.OK or not answer.text.startswith("<!doctype"):
                continue  # another one like it may open; a file or a part of a page is none
            asked.add(pattern)
            found.setdefault(pattern, (role, address))
            ahead += _links(answer.text)
    return found


def _pattern(known: Mapping[str, Route], address: str) -> str | None:
    scope = {"type": "http", "method": "GET", "path": address.partition("?")[0], "root_path": "", "headers": []}
    return next((path for path, route in known.items() if route.matches(scope)[0] == Match.FULL), None)


def _links(page: str) -> Iterator[str]:
    return (found.replace("&amp;", "&") for found in _LINK.findall(page))
