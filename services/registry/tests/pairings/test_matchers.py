"""An agency's worker that matches: everybody who can be served is, nobody twice, nobody beyond their places.

Also when two match at the same time, and when the agency finds that somebody does not suit.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from threading import Barrier
from typing import Any

import pytest
from county import LOVE, County, child, due, supporter, token_of
from fastapi.testclient import TestClient
from sqlalchemy import select

from hongzhu.errors import ConflictError
from hongzhu.matching import pair
from hongzhu.messages import TaskDue
from hongzhu.registry_client import RegistryClient
from hongzhu_registry.database import database
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.tasks.consumers import on_task_due


class Registry:
    """The registry as a plugin's client sees it."""

    def __init__(self, county: County, together: Barrier) -> None:
        self._county, self._together = county, together

    def because_of(self, _cause: str) -> AbstractContextManager[None]:
        return nullcontext()

    def get(self, path: str) -> Any:
        return self._county.get("carers", path)

    def items(self, path: str, **query: Any) -> list[Any]:
        found: list[Any] = self._county.get("carers", f"{path}?kind={query['kind']}&vetted=true&limit=200")["items"]
        return found

    def still_owed(self, message: TaskDue) -> list[str]:
        self._together.wait()
        return list(message.subjects)

    def post(self, path: str, body: Any) -> None:
        answer = self._county.ask("carers", "POST", path, body)
        if answer.status_code == 409:
            raise ConflictError(field=answer.json().get("field"))
        assert answer.status_code == 201, answer.text


@pytest.mark.postgres
@pytest.mark.parametrize("places", [9, 12, 15])
def test_two_matchers_at_once_serve_whom_they_can_and_nobody_twice(postgres_county: County, places: int) -> None:
    names = [f"c{number:02}" for number in range(12)]
    with database.transaction() as session:
        session.add_all(child(each, "school-own", f"{number:018}") for number, each in enumerate(names))
        session.add_all(supporter(f"carer-{n}", "关爱会", "love_parent", capacity=3) for n in range(places // 3))
        session.get_one(type(supporter("", "")), "carer").vetted = False
        session.flush()
        on_task_due(session, due(LOVE, *names))
    together = Barrier(2)

    def work(_: int) -> None:
        pair(due(LOVE, *names), Registry(postgres_county, together), "love_parent")  # type: ignore[arg-type]  # it answers so

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    with database.transaction() as session:
        lasting = select(Pairing).where(Pairing.kind == "love_parent", Pairing.ended_on.is_(None))
        made = [(each.supporter_id, each.child_id) for each in session.scalars(lasting)]
    taken = Counter(supporter_id for supporter_id, _ in made)
    assert len(made) == len({each for _, each in made}) == min(places, len(names))
    assert max(taken.values()) <= 3
    assert not {"carer", "carer-unvetted"} & taken.keys()


def test_whoever_an_agency_finds_not_to_suit_is_replaced_on_the_same_occasion(county: County) -> None:
    with database.transaction() as session:
        session.add(supporter("carer-too", "关爱会", "love_parent"))
        session.flush()
        on_task_due(session, due(LOVE, "child-own"))

    registry = RegistryClient("http://registry", token_of("carers"))
    registry._http = TestClient(county.http.app, "http://registry/api/v1", headers=dict(registry._http.headers))

    def matched() -> list[tuple[str, str]]:
        with registry.because_of("the task"):
            pair(due(LOVE, "child-own"), registry, "love_parent")
        found = registry.items("/pairings", kind="love_parent", child_id="child-own")
        return [(each["id"], each["supporter_id"]) for each in found if each["ended_on"] is None]

    seen = set()
    for _ in range(2):
        [(made, helper)] = matched()
        seen.add(helper)
        registry.post(f"/pairings/{made}/withdraw", {"reason": "住得太远"})
    assert seen == {"carer", "carer-too"}
    assert matched() == [], "nobody is left"
