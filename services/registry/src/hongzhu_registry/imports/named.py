"""Those whom rosters name to help a child: the proxy parent (代理家长), the 1+N mentor (帮扶教师), the 1+1 peer (结对同伴)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hongzhu import messages
from hongzhu.clock import today
from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry import staging
from hongzhu_registry.database import new_id
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.imports.keeping import AT_ONCE, identity, keep
from hongzhu_registry.imports.places import Placed
from hongzhu_registry.imports.result import Result
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.supporters.models import Supporter

KINDS = {"proxy_parent": "proxy_parent_name", "mentor": "mentor_name", "peer": "peer_name"}
"""Each kind of pairing that a roster may name, and the column that does."""
TEACHERS = frozenset({"mentor"})
"""The kinds that a school's own teachers are: whoever has the name of exactly one of them is that one."""
PAIRING = ("id", "version", "kind", "supporter_id", "child_id", "place", "began_on")


class Person(NamedTuple):
    """Somebody as a roster names him."""

    school_id: str
    kind: str
    name: str
    phone: str


class Lasting(NamedTuple):
    """A pairing that lasts."""

    id: str
    supporter_id: str
    school_id: str | None
    """The school that named the supporter; none for an agency's."""


Wanted = dict[tuple[str, str], str]
"""The supporter that a roster names for a child, by child and kind of pairing."""
Begun = dict[tuple[str, str], tuple[str, date]]
"""The supporter with whom a child is to be paired, and since when, by child and kind of pairing."""


def wanted(session: Session, children: Mapping[str, Placed], result: Result) -> Wanted:
    """Find or make the supporters whom rosters name; whoever was vetted and did not suit is named in vain, and that is told."""
    people: dict[Person, list[str]] = {}
    for child_id, placed in children.items():
        row = placed.row
        for kind, name, phone in (
            ("proxy_parent", row.proxy_parent_name, row.proxy_parent_phone),
            ("mentor", row.mentor_name, ""),
            ("peer", row.peer_name, ""),
        ):
            if name:
                people.setdefault(Person(placed.school_id, kind, name, phone), []).append(child_id)
    supporters = _supporters(session, people)
    unfit = _unvetted(session, supporters.values())
    for person in [each for each in people if supporters[each] in unfit]:
        for child_id in people.pop(person):
            result.warn(children[child_id].row.source, KINDS[person.kind], "supporter_unvetted")
    return {(child_id, person.kind): supporters[person] for person, helped in people.items() for child_id in helped}


def _unvetted(session: Session, supporters: Collection[str]) -> set[str]:
    refused = among(session, Supporter.id, list(supporters)), Supporter.vetted.is_(False)
    return set(session.scalars(select(Supporter.id).where(*refused)))


def exchange(
    session: Session, children: Mapping[str, Placed], result: Result
) -> tuple[dict[str, dict[str, None]], Begun]:
    """End the pairings of children who are known, and here, with those whom their rosters name no longer.

    Returns of each child the kinds of pairing that change, and those whom it is to be paired with.  A sheet without the column
    ends nothing, and an agency's pairing is not a roster's to end when it names nobody.
    """
    named, lasting = wanted(session, children, result), _lasting(session, list(children))
    touched: dict[str, dict[str, None]] = {child_id: {} for child_id in children}
    over: list[str] = []
    begun: Begun = {}
    for child_id, placed in children.items():
        for kind, column in KINDS.items():
            supporter, now = named.get((child_id, kind)), lasting.get((child_id, kind))
            if column not in placed.row.columns or (now and now.supporter_id) == supporter:
                continue
            if supporter is None and getattr(placed.row, column):  # named in vain
                continue
            if now and supporter is None and now.school_id != placed.school_id:
                continue
            if now:
                over.append(now.id)
            if supporter:
                begun[child_id, kind] = supporter, today()
            touched[child_id][kind] = None
    staging.update(session, Pairing, ("id", "ended_on"), ((each, today()) for each in over))
    return touched, begun


def _supporters(session: Session, people: Collection[Person]) -> dict[Person, str]:
    """Find or make the supporter that each person is."""
    found: dict[Person, str] = {}
    if {each.kind for each in people} & TEACHERS:
        teachers = _teachers(session, {each.school_id for each in people})
        found = {
            each: teachers[each.school_id, each.name]
            for each in people
            if each.kind in TEACHERS and (each.school_id, each.name) in teachers
        }
    rows = {each: _supporter(each) for each in people if each not in found}
    # The school that names somebody answers for him, until he is found not to suit.
    ids = keep(session, Supporter, rows.values(), Result(), "supporters", also={"vetted": True}).ids
    return found | {each: ids[row["identity"]] for each, row in rows.items()}


def _teachers(session: Session, schools: Iterable[str]) -> dict[tuple[str, str], str]:
    columns = Supporter.school_id, Supporter.name, func.min(Supporter.id)
    own = Supporter.kind == "teacher", Supporter.school_id.in_(schools)
    alone = select(*columns).where(*own).group_by(*columns[:2]).having(func.count() == 1)
    return {(str(school_id), name): teacher for school_id, name, teacher in session.execute(alone)}


def _supporter(person: Person) -> dict[str, Any]:
    return {
        "identity": identity(Supporter, person.school_id, person.kind, person.name, person.phone),
        "organisation": person.school_id,
        "school_id": person.school_id,
        "kind": person.kind,
        "name": person.name,
        "phone": person.phone,
    }


def _lasting(session: Session, children: Sequence[str]) -> dict[tuple[str, str], Lasting]:
    columns = Pairing.child_id, Pairing.kind, Pairing.id, Pairing.supporter_id, Supporter.school_id
    of_these = (
        among(session, Pairing.child_id, children),
        Pairing.kind.in_(list(KINDS)),
        Pairing.ended_on.is_(None),
    )
    lasting = select(*columns).join(Supporter, Supporter.id == Pairing.supporter_id).where(*of_these)
    rows = session.execute(lasting.order_by(Pairing.id).with_for_update(of=Pairing))
    return {(str(child), kind): Lasting(pairing, by, school) for child, kind, pairing, by, school in rows}


def begin(session: Session, begun: Begun) -> None:
    """Begin pairings, and file each as evidence."""
    if not begun:
        return
    places = _last_places(session, sorted({supporter for supporter, _ in begun.values()}))
    rows, filed = [], []
    for (child_id, kind), (supporter, began_on) in begun.items():
        place = places[supporter, kind] = places.get((supporter, kind), 0) + 1
        pairing = new_id()
        rows.append((pairing, 1, kind, supporter, child_id, place, began_on))
        filed.append(messages.Evidence(id=pairing, kind=kind, subject_id=child_id, done_on=began_on))
    staging.insert(session, Pairing, PAIRING, rows)
    evidence.file(session, filed)


def _last_places(session: Session, supporters: Sequence[str]) -> dict[tuple[str, str], int]:
    last: dict[tuple[str, str], int] = {}
    for some in batches(supporters, AT_ONCE):
        columns = Pairing.supporter_id, Pairing.kind
        taken = (
            select(*columns, func.max(Pairing.place))
            .where(among(session, Pairing.supporter_id, some))
            .group_by(*columns)
        )
        last.update({(supporter, kind): place for supporter, kind, place in session.execute(taken)})
    return last
