"""A plain resource: rows that are listed, shown, added and corrected under one rule of who sees what.

The nouns that are no more than that declare their columns (`models`) and what may be sent (`endpoints`); the rest is here, once.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from fastapi import Body, Header, Query, Response
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError, MissingError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.queries import require_open
from hongzhu_registry.database import UNSHOWN, FromWorkbook
from hongzhu_registry.rest import Asking, InTransaction, OnlyOnce, Paging, Router, etag, must_match

Filed = Callable[[Session, Principal, Any], None]
"""Called with a new or corrected row, and who sent it: what it proves is filed as evidence, and what happened is said."""
Settled = Callable[[Any], Iterable[str]]
"""Called with a row that is to be corrected: the fields that evidence, or what was said on the bus, stands on."""


class New(BaseModel):
    """What may be sent of a new row."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def must_be_over(self) -> None:
        """See that what is said to be done lies in no day to come; raises `InvalidError`."""


def visible(model: type[FromWorkbook], principal: Principal) -> Select[Any]:
    """Select the rows in sight."""
    table = model.__table__  # type: ignore[attr-defined]  # models are tables
    columns = (column for column in table.columns if column.name not in UNSHOWN)
    return select(*columns).where(in_sight(table.name, principal))


def resource(
    path: str,
    model: type[FromWorkbook],
    new: type[New],
    *,
    filters: tuple[str, ...] = (),
    filed: Filed | None = None,
    settled: Settled = lambda _row: (),
) -> Router:
    """Make the door of a plain resource; `filters` are the columns a list may be narrowed by."""
    router = Router(prefix=path, tags=[path.strip("/")])
    table = model.__table__  # type: ignore[attr-defined]  # models are tables
    many, one = path.strip("/"), new.__name__.removeprefix("New").lower()
    one = f"{'an' if one[0] in 'aeiou' else 'a'} {one}"
    filter_by = create_model("Filters", **dict.fromkeys(filters, (str | None, None)))  # type: ignore[call-overload]  # pydantic's own way of saying it

    def shown(session: Session, principal: Principal, response: Response, row_id: str) -> dict[str, Any]:
        found = session.execute(visible(model, principal).where(table.c.id == row_id)).mappings().first()
        if found is None:
            raise MissingError
        response.headers["ETag"] = etag(found["version"])
        return dict(found)

    @router.get("", summary=f"List {many}")
    def list_rows(
        session: InTransaction,
        principal: Asking,
        page: Paging,
        narrowed: Annotated[filter_by, Query()],
    ) -> dict[str, Any]:
        """List the rows in sight."""
        statement = visible(model, principal)
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
        for name, value in _placed(session, principal, model, row.model_dump()).items():
            setattr(made, name, value)
        made.version += 1
        session.flush()
        if filed:
            filed(session, principal, made)
        return shown(session, principal, response, row_id)

    return router


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
