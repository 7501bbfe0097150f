"""Matching: which of an agency's vetted helpers is tied to whom, near by and within the places that each offers.

The choice is a function of values; what must hold when two choose at once, the registry holds (`POST /pairings` answers 409).
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from hongzhu.errors import ConflictError
from hongzhu.messages import TaskDue, TaskOverdue
from hongzhu.registry_client import RegistryClient

Row = Mapping[str, Any]


def places(helper: Row) -> int:
    """Return how many more a helper can take: what was offered, one unless told, without the places taken."""
    return max(int(helper["capacity"] or 1) - int(helper["paired"]), 0)


def match(
    helpers: Sequence[Row], waiting: Sequence[Row], declined: Collection[tuple[str, str]] = ()
) -> list[tuple[Row, Row]]:
    """Give everybody who waits a helper, as far as there are places: of the same town first, else from where most are free.

    `declined` are those, a helper's id and a subject's, that are not matched again.
    """
    free = {each["id"]: places(each) for each in helpers if each["vetted"]}
    matched: list[tuple[Row, Row]] = []
    left = list(waiting)
    for near in (True, False):
        unserved = []
        for one in left:
            in_town = Counter(dict.fromkeys({each["town"] for each in helpers}, 0))
            for each in helpers:
                in_town[each["town"]] += free.get(each["id"], 0)
            suiting = [
                each
                for each in helpers
                if free.get(each["id"])
                and (not near or each["town"] == one["town"])
                and (each["id"], one["id"]) not in declined
            ]
            chosen = max(suiting, key=lambda each: in_town[each["town"]], default=None)
            if chosen is None:
                unserved.append(one)
            else:
                free[chosen["id"]] -= 1
                matched.append((chosen, one))
        left = unserved
    return matched


def pair(message: TaskDue | TaskOverdue, registry: RegistryClient, kind: str) -> None:
    """Answer tasks by tying each subject to a helper of a kind who is free; with nobody free, they stay due.

    Whoever loses a place to another worker chooses anew among those who are free then; so does who is told that the agency
    declined this very match.
    """
    owed, helpers = registry.still_owed(message), _free(registry, kind)
    if not (owed and helpers):
        return
    town = registry.get(f"/schools/{message.school_id}")["town"]
    waiting: list[Row] = [{"id": subject, "town": town} for subject in owed]
    declined: set[tuple[str, str]] = set()
    # A cause of its own each time: that nobody is paired twice the registry holds, and an answer given again would be that of
    # a match which was declined since.
    with registry.because_of(str(uuid4())):
        while waiting and helpers:
            lost = False
            taken = Counter[str]()
            for helper, one in match(helpers, waiting, declined):
                subject = "school_id" if one["id"] == message.school_id else "child_id"
                free = places(helper) - taken[helper["id"]]
                taken[helper["id"]] += 1
                reason = {"same_town": helper["town"] == one["town"], "places_free": free}
                made = {"kind": kind, "supporter_id": helper["id"], subject: one["id"], "reason": reason}
                try:
                    registry.post("/pairings", made)
                except ConflictError as error:
                    if error.field == "reason":
                        declined.add((helper["id"], one["id"]))
                    if error.field in ("supporter_id", "reason"):
                        lost = True  # somebody was quicker; else the subject has somebody already, or has left
                        continue
                waiting.remove(one)
            helpers = _free(registry, kind) if lost else []


def _free(registry: RegistryClient, kind: str) -> list[Row]:
    return [each for each in registry.items("/supporters", kind=kind, vetted=True) if places(each)]
