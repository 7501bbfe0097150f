"""Keeping rows: who is new is inserted, what changed is overwritten, the same again is left alone."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hongzhu.database import among
from hongzhu.messages import batches
from hongzhu_registry import staging
from hongzhu_registry.database import FromWorkbook, new_id
from hongzhu_registry.imports.hashing import content_hash
from hongzhu_registry.imports.result import Result
from hongzhu_registry.sealing import key_ring
from hongzhu_registry.workbooks import Source

AT_ONCE = 5_000
"""Rows that one statement names: PostgreSQL takes 65,535 values in one, SQLite fewer."""

Values = Mapping[str, Any]


def identity(model: type[FromWorkbook], *parts: object) -> str:
    """Return what makes a row the same thing when it is handed in again; keyed, since it may cover a name."""
    return key_ring().index("\n".join(map(str, parts)), model.__name__).hex()


def fact(thing: str, name: str) -> str:
    """Return as what an import remembers one fact of a thing, of which sheets may tell different ones."""
    return f"{thing} {name}"


class Distinct:
    """What the rows of a sheet say, each thing once.

    A row that says something else of what an earlier one told, in this sheet or another of the import, is rejected: else each
    would overwrite the other whenever they are handed in.  Where sheets need not have the same columns, each fact is a thing.
    """

    def __init__(self, result: Result, *, by_fact: bool = False, open_when_blank: Collection[str] = ()) -> None:
        """`open_when_blank` are facts of which a blank says nothing, and another row may."""
        self._result, self._by_fact, self._open = result, by_fact, open_when_blank
        self._kept: dict[str, Values] = {}

    def add(self, source: Source, *said: Values) -> bool:
        """Add all that a row says, each with its ``identity``, or nothing of it; return whether it was added."""
        things = [thing for each in said for thing in self._things(each)]
        for thing, says in things:
            first, told = self._result.told.get(thing, (source, says))
            if told != says:
                self._reject(source, first)
                return False
        for thing, says in things:
            self._result.told.setdefault(thing, (source, says))
        for each in said:
            kept = self._kept.get(each["identity"], each)
            self._kept[each["identity"]] = {**kept, **{name: kept[name] or each[name] for name in self._open}}
        return True

    def _things(self, said: Values) -> Iterable[tuple[str, int]]:
        if not self._by_fact:
            return [(said["identity"], hash(tuple(said.values())))]
        told = {name: value for name, value in said.items() if value or name not in self._open}
        return [(fact(said["identity"], name), hash(value)) for name, value in told.items()]

    def _reject(self, source: Source, first: Source) -> None:
        if (first.file, first.sheet) == (source.file, source.sheet):
            self._result.reject(source, "", "told_otherwise", row=first.row)
        else:
            where = {"file": first.file, "sheet": first.sheet, "row": first.row}
            self._result.reject(source, "", "told_otherwise_elsewhere", **where)

    def __iter__(self) -> Iterator[Values]:
        """What is to be kept, in the order of the rows."""
        return iter(self._kept.values())


class Kept(NamedTuple):
    """What became of rows: the id of each by its identity, and the ids of those that are new, or written anew."""

    ids: dict[str, str]
    new: set[str]
    written: set[str]


def keep(
    session: Session,
    model: type[FromWorkbook],
    rows: Iterable[Values],
    result: Result,
    kind: str,
    *,
    also: Values | None = None,
    first: Collection[str] = (),
) -> Kept:
    """Insert and overwrite `rows`, each with its ``identity``.

    `also` is what new rows get that no workbook says, and `first` names what they say that others keep as it is known.  What
    is the same is told by a keyed hash over all values, so nothing that is sealed has to be opened.
    """
    by_identity = {row["identity"]: {**row, "content_hash": content_hash(row)} for row in rows}
    known = _known(session, model, list(by_identity))
    ids = {each: row_id for each, (row_id, _, _) in known.items()}
    new, changed = [], []
    for each, row in by_identity.items():
        if each not in known:
            ids[each] = new_id()
            new.append({**_sealed(model, row, ids[each]), "version": 1, **(also or {})})
        elif known[each][1] != row["content_hash"]:
            said = {name: value for name, value in row.items() if name not in first}
            changed.append({**_sealed(model, said, ids[each]), "version": known[each][2] + 1})
    result.accepted[kind] += len(new)
    result.changed[kind] += len(changed)
    result.unchanged[kind] += len(by_identity) - len(new) - len(changed)
    _write(staging.insert, session, model, new)
    _write(staging.update, session, model, changed)
    return Kept(ids, {row["id"] for row in new}, {row["id"] for row in (*new, *changed)})


def _write(how: Callable[..., None], session: Session, model: type[FromWorkbook], rows: Sequence[Values]) -> None:
    if rows:
        names = ("id", *(name for name in rows[0] if name != "id"))
        how(session, model, names, ([row[name] for name in names] for row in rows))


def _known(
    session: Session, model: type[FromWorkbook], identities: list[str]
) -> dict[str, tuple[str, str | None, int]]:
    known: dict[str, tuple[str, str | None, int]] = {}
    columns = model.identity, model.id, model.content_hash, model.version
    for some in batches(identities, AT_ONCE):
        rows = session.execute(select(*columns).where(among(session, model.identity, some)))
        known.update({str(each): (row_id, digest, version) for each, row_id, digest, version in rows})
    return known


def _sealed(model: type[FromWorkbook], row: Values, row_id: str) -> dict[str, Any]:
    sealed = {
        name: key_ring().seal(row[name] or None, model.__tablename__, name, row_id)  # type: ignore[attr-defined]  # models are tables
        for name in ("phone", "email")
        if name in row
    }
    return {**row, **sealed, "id": row_id}
