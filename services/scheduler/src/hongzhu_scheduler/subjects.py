"""What is known of subjects: newer facts are taken in, with the day since which each has held."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, and_, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.database import among, upsert, upsert_newer
from hongzhu.facts import CITY, AgencyFacts, CityFacts, Facts
from hongzhu.programme import Programme
from hongzhu_scheduler.models import SHARDS, SUBJECT_TABLES, own_facts, shard_of

_PLACE = ("school_id", "entered_on", "present")
"""What makes somebody come, leave, move, or come again."""


class Taken(NamedTuple):
    """What newer facts touch: shards, old and new; the first day on which one holds; who changed, and who changed schools."""

    shards: set[int]
    first: date
    changed: list[str]
    moved: list[str]
    facts: set[str] | None
    """The facts that changed of those who stay where they are; none where somebody comes or moves, or the same is said again."""


def take_in(session: Session, kind: str, told: Sequence[Facts]) -> Taken:
    """Take in the facts that are newer than what is known; return what they touch."""
    table = SUBJECT_TABLES[kind]
    known = {
        row.id: row
        for row in session.execute(select(table).where(among(session, table.c.id, [each.id for each in told])))
    }
    taken = Taken({row.shard for row in known.values()}, date.max, [], [], None)
    rows, first = [], date.max
    news: list[set[str]] = []
    for facts in sorted(told, key=lambda each: each.id):  # rows are locked in one order, so nobody waits in a ring
        before = known.get(facts.id)
        since = _since(facts, before._mapping if before else None)
        rows.append(facts.model_dump() | {"shard": shard_of(facts.school_id)} | since)
        news.append(_news(facts, before._mapping if before else None))
        # Of somebody known only what changed today is new; who comes, or comes again, is owed from the beginning on.
        new = [each for name, each in since.items() if each and (before is None or each != before._mapping[name])]
        first = min([first, *(new or [since["held_since"] or first])])
        if before is not None and before.version < facts.version:
            said = facts.model_dump(exclude={"version"})
            if any(before._mapping[name] != value for name, value in said.items()):
                taken.changed.append(facts.id)
            if before.school_id != facts.school_id:
                taken.moved.append(facts.id)
    upsert_newer(session, table, rows)
    shards = taken.shards | {row["shard"] for row in rows}
    return taken._replace(shards=shards, first=first, facts=set().union(*news) if all(news) else None)


def shards_of(session: Session, subjects: Iterable[str]) -> set[int]:
    """Return the shards of subjects of any kind: all shards when one is not known yet, for it may be just coming."""
    shards: set[int] = set()
    unknown = set(subjects)
    for table in SUBJECT_TABLES.values():  # children first, whom most is about
        if not unknown:
            break
        known = session.execute(select(table.c.id, table.c.shard).where(among(session, table.c.id, unknown))).all()
        shards.update(row.shard for row in known)
        unknown.difference_update(row.id for row in known)
    return set(range(SHARDS)) if unknown else shards


def know_office(session: Session, declared: Programme, day: date) -> None:
    """See that the agency or the city that a programme is for is there: each is one row, which no roster brings."""
    known: dict[str, Facts] = {}
    common: dict[str, Any] = {"version": 0, "entered_on": day, "present": True}
    if declared.subject == "agency":
        known["agency"] = AgencyFacts(id=declared.agency, school_id=declared.agency, **common)
    elif declared.subject == "city":
        known["city"] = CityFacts(id=CITY, school_id=CITY, **common)
    for kind, facts in known.items():
        table = SUBJECT_TABLES[kind]
        row = facts.model_dump() | {"shard": shard_of(facts.school_id), "held_since": day}
        # The earliest programme counts, whatever order they come in.
        new = upsert(session, table).values(row)
        earlier = {name: new.excluded[name] for name in ("entered_on", "held_since")}
        later = and_(table.c.entered_on > new.excluded.entered_on, table.c.version == 0)
        session.execute(new.on_conflict_do_update(index_elements=["id"], set_=earlier, where=later))


def _news(facts: Facts, before: RowMapping | None) -> set[str]:
    """Name the facts that are newly so of somebody who stays; nothing where it is not as simple as that."""
    if (
        before is None
        or before["version"] >= facts.version
        or any(before[each] != getattr(facts, each) for each in _PLACE)
    ):
        return set()
    return {each for each in own_facts(type(facts)) if before[each] != getattr(facts, each)}


def _since(facts: Facts, before: RowMapping | None) -> dict[str, date | None]:
    """Say since when somebody has been there, and since when each fact has held that changed after that.

    The facts that somebody comes with have held since the entry; later ones from the day that we learn them.
    """
    names = own_facts(type(facts))
    learnt = max(today(), facts.entered_on)
    if before is None or any(before[each] != getattr(facts, each) for each in _PLACE):
        came = facts.entered_on if before is None else learnt
        return {"held_since": came} | {f"{each}_since": None for each in names}
    same = {each: before[each] == getattr(facts, each) for each in names}
    return {"held_since": before["held_since"]} | {
        f"{each}_since": before[f"{each}_since"] if same[each] else learnt for each in names
    }
