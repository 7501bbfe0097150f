"""A plain resource: rows that are listed, shown, added and corrected under one rule of who sees what.

The nouns that are no more than that declare their columns (`models`) and what may be sent (`endpoints`); the rest is here, once.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from fastapi import Body, Header, Query, Response
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from hongzhu.clock import today
from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.answers.once import OnlyOnce
from hongzhu_registry.children.queries import require_open
from hongzhu_registry.database import UNSHOWN, FromWorkbook
from hongzhu_registry.evidence import service as evidence
from hongzhu_registry.evidence.models import GivesEvidence
from hongzhu_registry.rest import Asking, InTransaction, Paging, Router, etag, must_match
from hongzhu_registry.sealing import CELL

Filed = Callable[[Session, Principal, Any], None]
"""Called with a new or corrected row, and who sent it: what it proves is filed as evidence, and what happened is said."""
Settled = Callable[[Any], Iterable[str]]
"""Called with a row that is to be corrected: the fields that others have gone by, on the bus or in rows of their own."""
Shows = Callable[[Session, Any], evidence.Shown]
"""Called with a row: what it is evidence of.  Whoever corrects the row corrects that, and whoever withdraws it takes it back."""


MaySay = Callable[[Principal, Any, Any], None]
"""Called with who sends, the row as it is, if there is one, and what was sent: raises `InvalidError` for what is not theirs to say."""
Opened = Callable[[Mapping[str, Any]], str | None]
"""Called with a row's sealed column and its id: what it says."""


class New(BaseModel):
    """What may be sent of a new row."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def must_be_over(self) -> None:
        """See that what is said to be done lies in no day to come; raises `InvalidError`."""


def visible(model: type[FromWorkbook], principal: Principal, derived: Iterable[ColumnElement[Any]] = ()) -> Select[Any]:
    """Select the rows in sight, without what is sealed."""
    table = model.__table__  # type: ignore[attr-defined]  # models are tables
    columns = (each for each in table.columns if each.name not in UNSHOWN and CELL not in each.info)
    return select(*columns, *derived).where(in_sight(table.name, principal))


def resource(  # noqa: PLR0915  # a few routes, each of them short
    path: str,
    model: type[FromWorkbook],
    new: type[New],
    *,
    filters: tuple[str, ...] = (),
    filed: Filed | None = None,
    settled: Settled = lambda _row: (),
    shows: Shows | None = None,
    withdraws: bool = True,
    may_say: MaySay = lambda *_: None,
    derived: tuple[ColumnElement[Any], ...] = (),
    opened: Mapping[str, Opened] | None = None,
) -> Router:
    """Make the door of a plain resource; `filters` are the columns a list may be narrowed by.

    Whoever has its own way to withdraw a row says that it has none here; `derived` is shown beside the columns, and `opened` is
    what is kept sealed, where one row is shown.
    """
    router = Router(prefix=path, tags=[path.strip("/")])
    table = model.__table__  # type: ignore[attr-defined]  # models are tables
    many, one = path.strip("/"), new.__name__.removeprefix("New").lower()
    one = f"{'an' if one[0] in 'aeiou' else 'a'} {one}"
    filter_by = create_model("Filters", **dict.fromkeys(filters, (str | None, None)))  # type: ignore[call-overload]  # pydantic's own way of saying it

    def shown(session: Session, principal: Principal, response: Response, row_id: str) -> dict[str, Any]:
        sealed = [table.c[name] for name in opened or ()]
        one_row = visible(model, principal, (*derived, *sealed)).where(table.c.id == row_id)
        found = session.execute(one_row).mappings().first()
        if found is None:
            raise MissingError
        response.headers["ETag"] = etag(found["version"])
        row = dict(found)
        return row | {name: tell(row) for name, tell in (opened or {}).items()}

    @router.get("", summary=f"List {many}")
    def list_rows(
        session: InTransaction,
        principal: Asking,
        page: Paging,
        narrowed: Annotated[filter_by, Query()],
    ) -> dict[str, Any]:
        """List the rows in sight."""
        statement = visible(model, principal, derived)
        for name, value in narrowed:
            if value is not None:
                statement = statement.where(table.c[name] == value)
        return page.of(session, statement, table.c.id)

    @router.get("/{row_id}", summary=f"Show {one}")
    def show_row(session: InTransaction, principal: Asking, response: Response, row_id: str) -> dict[str, Any]:
        """Show one row."""
        return shown(session, principal, response, row_id)

    @router.post("", status_code=201, summary=f"Add {one}")
    def add_row(
        session: InTransaction,
        principal: Asking,
        once: OnlyOnce,
        response: Response,
        row: Annotated[new, Body()],  # type: ignore[valid-type]  # the noun's own schema
    ) -> Any:
        """Add a row."""
        principal.must_be("bureau", "school", "agency")
        sent: New = row

        def act() -> dict[str, Any]:
            sent.must_be_over()
            made = model(**_placed(session, principal, model, sent.model_dump()))
            may_say(principal, None, sent)
            session.add(made)
            session.flush()
            if filed:
                filed(session, principal, made)
            return shown(session, principal, response, made.id)

        return once(act, sent)

    @router.patch("/{row_id}", summary=f"Correct {one}")
    def correct_row(
        session: InTransaction,
        principal: Asking,
        response: Response,
        row_id: str,
        changes: Annotated[dict[str, Any], Body()],
        if_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        """Correct some fields of a row, if nobody else has changed it since it was read."""
        principal.must_be("bureau", "school", "agency")
        shown(session, principal, response, row_id)
        made = session.get_one(model, row_id, with_for_update=True)
        must_match(if_match, made.version)
        if isinstance(made, GivesEvidence):
            made.must_stand()
        merged = {name: getattr(made, name) for name in new.model_fields} | changes
        try:
            row = new.model_validate(merged)
        except ValidationError as error:
            field = ".".join(map(str, error.errors()[0]["loc"]))
            raise InvalidError("{where} is not as it should be.", field=field, where=field) from error
        for name in ("child_id", *settled(made)):
            if name in changes and getattr(row, name) != getattr(made, name):
                raise InvalidError(
                    "{where} stays as it was filed, for others have gone by it; add what is right as a new row.",
                    where=name,
                    field=name,
                )
        row.must_be_over()
        may_say(principal, made, row)
        before = shows(session, made) if shows else {}
        placed = _placed(session, principal, model, row.model_dump())
        if "child_id" in placed:
            placed.pop(
                "school_id", None
            )  # it stays at the school where it was written, whatever school the child is at by now
        for name, value in placed.items():
            setattr(made, name, value)
        made.version += 1
        session.flush()
        if shows:
            _amend(session, principal, made, evidence.differing(before, shows(session, made)))
        if filed:
            filed(session, principal, made)
        return shown(session, principal, response, row_id)

    if shows and withdraws:
        _withdrawable(router, model, one, shown)
    return router


def _withdrawable(router: Router, model: type[FromWorkbook], one: str, shown: Callable[..., dict[str, Any]]) -> None:
    """Let what rows are evidence of be taken back."""

    @router.post("/{row_id}/withdraw", status_code=201, summary=f"Withdraw {one}")
    def withdraw_row(
        session: InTransaction,
        principal: Asking,
        once: OnlyOnce,
        response: Response,
        row_id: str,
        because: evidence.Because,
    ) -> Any:
        """Take back what a row is evidence of: it was an error, or never happened."""
        principal.must_be("bureau", "school", "agency")

        def act() -> dict[str, Any]:
            shown(session, principal, response, row_id)
            made: Any = session.get_one(model, row_id, with_for_update=True)
            evidence.withdraw(session, row_id, by=principal, reason=because.reason)
            made.withdrawn_on = today()
            made.version += 1
            session.flush()
            return shown(session, principal, response, row_id)

        return once(act, because)


def _amend(session: Session, principal: Principal, made: Any, changed: Any) -> None:
    """Correct what a row is evidence of, if that changed."""
    for kind in {now[0] for now in changed.values() if now}:
        evidence.must_be_theirs(session, principal, kind, "row")
    evidence.amend(session, made.id, changed, by=principal)


def _placed(
    session: Session, principal: Principal, model: type[FromWorkbook], values: dict[str, Any]
) -> dict[str, Any]:
    """Put a row where its sender may put it: a child's at the child's school, an agency's under the agency's name."""
    columns = model.__table__.c  # type: ignore[attr-defined]  # models are tables
    if values.get("child_id"):
        school_id = require_open(session, principal, [values["child_id"]])
        if "school_id" in columns:
            values["school_id"] = school_id
    if principal.role == "school":
        if "school_id" not in columns or (values.get("school_id") or principal.school_id) != principal.school_id:
            raise MissingError
        values["school_id"] = principal.school_id
    if principal.role == "agency":
        if "organisation" not in columns:
            raise MissingError
        values["organisation"] = principal.agency
    return values
