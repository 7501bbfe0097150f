"""Which fields of which resource each role is shown: held against a list that is written down, so that none slips in unseen.

``HONGZHU_WRITE_GOLDEN=1 pytest services/registry/tests/test_fields.py`` writes the list anew; read the difference.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from county import PEOPLE, County
from test_policy import POLICY, filled

GOLDEN = Path(__file__).parent / "golden" / "fields.json"
FREE = {"calendar", "data", "definition", "fields", "lines", "listening", "parked", "result", "waiting"}
"""What has whatever shape its writer gave it, or is known only while a broker holds the agency's queue."""


def test_every_role_is_shown_exactly_the_fields_that_are_written_down(fresh_county: Callable[[str], County]) -> None:
    shown = _shown(fresh_county("sqlite"))
    if os.environ.get("HONGZHU_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(shown, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    assert shown == json.loads(GOLDEN.read_text())


def _shown(county: County) -> dict[str, dict[str, list[str]]]:
    """Return by route and role the fields that are not empty for the role, in any row of the crowded county."""
    shown: dict[str, dict[str, list[str]]] = {}
    for method, path in POLICY:
        # What is parked lies with the broker, where other tests may have left something.
        if method == "GET" and path != "/parked" and not path.endswith("/errors"):
            of_route = shown.setdefault(path, {})
            for who in PEOPLE:
                answer = county.ask(who, "GET", filled(path, "own"))
                if answer.status_code == 200:
                    of_route[who] = sorted(set(_fields(answer.json())))
    return shown


def _fields(value: Any, path: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                # A list's own frame is no field.
                here = path if name == "items" else f"{path}.{name}".lstrip(".")
                yield from [here] if name in FREE else _fields(inner, here)
        case list():
            for each in value:
                yield from _fields(each, path)
        case None:
            pass
        case _:
            yield path
