"""Taking in rosters: every row becomes a child's dossier, its family, and whoever is named to help it."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry import staging
from hongzhu_registry.calendar.service import term_start
from hongzhu_registry.children import service
from hongzhu_registry.children.initials import initials
from hongzhu_registry.children.models import Child, ChildChange, Relative, RosterEntry
from hongzhu_registry.database import new_id
from hongzhu_registry.events.service import say_hardship_changed
from hongzhu_registry.imports import changes
from hongzhu_registry.imports.changes import Known
from hongzhu_registry.imports.keeping import AT_ONCE
from hongzhu_registry.imports.named import Begun, begin, exchange, wanted
from hongzhu_registry.imports.places import Placed, Schools
from hongzhu_registry.imports.result import Result
from hongzhu_registry.sealing import Sealer, key_ring
from hongzhu_registry.tallies.queries import touch_children
from hongzhu_registry.workbooks import Child as Row
from hongzhu_registry.workbooks import Guardian, Parent

CHILD = (
    *("id", "version", "school_id", "entered_on", "name", "initials", "sex", "born_on"),
    *("id_number", "id_number_index", "address"),
    *("ethnicity", "grade", "class_name", "boarding", "in_poverty", "health", "disability", "left_behind_type", "note"),
)
RELATIVE = ("child_id", "role", "name", "relation", "place", "away", "away_since", "phone")
FILES = 8
"""Of so many files it is kept what each said of a child last."""
ENTRY = ("child_id", "school_id", "said", "file", "id")


def store(session: Session, rows: Sequence[Row], result: Result) -> None:
    """Keep the children of a roster, in pieces that a statement can name.

    New ones get a dossier, changed ones a new version; a child who is at another school, or was when it left, stays as it is and
    becomes a conflict.
    """
    written: list[str] = []
    begun: Begun = {}
    for piece in batches(list(_placed(session, rows, result)), AT_ONCE):
        written += _store(session, piece, result, begun)
    # Last: whoever files evidence keeps others who do from it until the transaction ends.
    begin(session, begun)
    for some in batches(written, AT_ONCE):
        service.announce(session, some)


def _placed(session: Session, rows: Sequence[Row], result: Result) -> Iterable[Placed]:
    schools, keys = Schools(session), key_ring()
    for row in rows:
        school = schools.of(row, result)
        if school is not None:
            for role in changes.unnamed(row):
                result.warn(row.source, f"{role}_name", "relative_unnamed")
            digest = keys.index(repr((school.id, *_said(row))), "row").hex()
            yield Placed(row, school.id, keys.index(row.id_number, "child"), digest)


def _names() -> Iterable[str]:
    for name, kind in Row.__annotations__.items():
        if kind in (Parent, Guardian):
            yield from (f"{name}.{part}" for part in kind._fields)
        elif name not in ("source", "columns"):
            yield name


_said = attrgetter(*_names())
"""Everything that a row says, wherever it stands."""


def _store(session: Session, placed: Sequence[Placed], result: Result, begun: Begun) -> list[str]:
    """Write a piece of a roster; return the children that are told of anew, and add the pairings that are to begin."""
    known = _known(session, placed)
    entries = _told(session, [child_id for child_id, _, _ in known.values()])
    differing = [
        each
        for each in placed
        if each.id_index in known and not _repeats(each, entries.get((known[each.id_index][0], each.school_id), {}))
    ]
    # Whoever is about to change one of these has done so before they are read again: it may be at another school, or nobody's.
    for each in differing:
        known.pop(each.id_index, None)
    again = _known(session, differing, lock=True)
    known |= again
    entries |= _told(session, [child_id for child_id, _, _ in again.values()])
    new: dict[str, Placed] = {}
    changed: dict[str, Placed] = {}
    elsewhere: dict[str, Placed] = {}
    for each in placed:
        child_id, school_id, left_on = known.get(each.id_index) or (new_id(), None, None)
        result.meet(each.school_id, child_id, came=school_id is None or left_on is not None)
        if school_id is None:
            new[child_id] = each
        elif _repeats(each, entries.get((child_id, each.school_id), {})):
            result.unchanged["children"] += 1
        elif school_id == each.school_id:
            changed[child_id] = each
        else:
            elsewhere[child_id] = each
    result.accepted["children"] += len(new)
    result.elsewhere["children"] += len(elsewhere)
    _insert(session, new, result, begun)
    told = _change(session, changed, result, begun)
    stood = _entries(changed | elsewhere, entries)
    staging.insert(session, RosterEntry, ENTRY, stood, over=("child_id", "school_id"))
    if elsewhere:
        touch_children(session, among(session, Child.id, list(elsewhere)))
    return [*new, *told]


def _told(session: Session, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Read what files said of children, by child and school."""
    if not ids:
        return {}
    columns = RosterEntry.child_id, RosterEntry.school_id, RosterEntry.said
    rows = session.connection().execute(select(*columns).where(among(session, RosterEntry.child_id, ids)))
    return {(child_id, school_id): said for child_id, school_id, said in rows}


def _known(session: Session, placed: Sequence[Placed], *, lock: bool = False) -> dict[bytes, tuple[str, str, Any]]:
    if not placed:
        return {}
    columns = Child.id_number_index, Child.id, Child.school_id, Child.left_on
    indexes = [each.id_index for each in placed]
    statement = select(*columns).where(among(session, Child.id_number_index, indexes))
    # By the connection itself: what the session does with each row for objects takes longer than to find it.
    rows = session.connection().execute(statement.order_by(Child.id).with_for_update() if lock else statement)
    return {bytes(index or b""): (child_id, school_id, left_on) for index, child_id, school_id, left_on in rows}


def _insert(session: Session, new: Mapping[str, Placed], result: Result, begun: Begun) -> None:
    """Write the dossiers of new children."""
    if not new:
        return
    entered_on, sealer = term_start(session, today()), Sealer(key_ring())
    rows = (_child(sealer, child_id, each, 1, entered_on) for child_id, each in new.items())
    staging.insert(session, Child, CHILD, rows)
    family = (
        _relative(sealer, child_id, role, stands)
        for child_id, each in new.items()
        for role, stands in changes.family(each.row, {}).items()
    )
    staging.insert(session, Relative, RELATIVE, family)
    staging.insert(session, RosterEntry, ENTRY, _entries(new, {}))
    begun.update((each, (supporter, entered_on)) for each, supporter in wanted(session, new, result).items())


def _child(sealer: Sealer, child_id: str, placed: Placed, version: int, entered_on: Any) -> tuple[Any, ...]:
    row = placed.row
    return (
        child_id,
        version,
        placed.school_id,
        entered_on,
        row.name,
        initials(row.name),
        row.sex,
        row.born_on,
        sealer.seal(row.id_number, "child", "id_number", child_id),
        placed.id_index,
        sealer.seal(row.address or None, "child", "address", child_id),
        row.ethnicity or None,
        row.grade,
        row.class_name or None,
        row.boarding,
        row.in_poverty,
        row.health or None,
        row.disability or None,
        row.left_behind_type or None,
        row.note or None,
    )


def _relative(sealer: Sealer, child_id: str, role: str, stands: Mapping[str, Any]) -> tuple[Any, ...]:
    sealed = sealer.seal(stands.get("phone"), "relative", f"phone.{role}", child_id)
    return (child_id, role, *(stands.get(name) for name in RELATIVE[2:-1]), sealed)


def _change(session: Session, changed: Mapping[str, Placed], result: Result, begun: Begun) -> list[str]:
    """Write what rosters say anew of children that are known; return those of whom they say something else than before."""
    if not changed:
        return []
    sealer = Sealer(key_ring())
    known = changes.known(session, key_ring(), list(changed))
    rows = {child_id: changes.completed(each.row, known[child_id]) for child_id, each in changed.items()}
    families = {child_id: changes.family(row, known[child_id].family) for child_id, row in rows.items()}
    # Nobody helps a child that left; who is named for it counts once it comes back.
    here = {each: changed[each] for each in changed if known[each].child["left_on"] is None}
    helped, anew = exchange(session, here, result)
    begun.update(anew)
    fields = {
        child_id: {**changes.between(known[child_id], row, families[child_id]), **helped.get(child_id, {})}
        for child_id, row in rows.items()
    }
    told = [child_id for child_id in changed if fields[child_id]]
    result.changed["children"] += len(told)
    result.unchanged["children"] += len(changed) - len(told)

    def child_rows() -> Iterable[tuple[Any, ...]]:
        for child_id in told:
            before: Known = known[child_id]
            placed = changed[child_id]._replace(row=rows[child_id])
            yield _child(sealer, child_id, placed, before.child["version"] + 1, before.child["entered_on"])

    staging.insert(session, Child, CHILD, child_rows(), over=("id",))
    gone = [(child_id, role) for child_id in told for role in known[child_id].family.keys() - families[child_id].keys()]
    for some in batches(gone, AT_ONCE):
        session.execute(delete(Relative).where(tuple_(Relative.child_id, Relative.role).in_(some)))
    kept = (
        _relative(sealer, child_id, role, stands)
        for child_id in told
        for role, stands in families[child_id].items()
        if stands != known[child_id].family.get(role)
    )
    staging.insert(session, Relative, RELATIVE, kept, over=("child_id", "role"))
    history = (
        changes.version(
            child_id, known[child_id], fields[child_id], changed[child_id].row.source.file, result.account_id
        )
        for child_id in told
    )
    staging.insert(session, ChildChange, changes.VERSION, history)
    say_hardship_changed(session, [child_id for child_id in told if "in_poverty" in fields[child_id]])
    for child_id in told:
        result.note_change(changed[child_id].school_id, child_id, fields[child_id])
    return told


def _repeats(placed: Placed, said: Mapping[str, str]) -> bool:
    return said.get(placed.row.source.file) == placed.digest


def _entries(
    children: Mapping[str, Placed], before: Mapping[tuple[str, str], Mapping[str, str]]
) -> Iterable[tuple[Any, ...]]:
    for child_id, each in children.items():
        file = each.row.source.file
        others = [(name, said) for name, said in before.get((child_id, each.school_id), {}).items() if name != file]
        yield (child_id, each.school_id, dict([*others[1 - FILES :], (file, each.digest)]), file, new_id())
