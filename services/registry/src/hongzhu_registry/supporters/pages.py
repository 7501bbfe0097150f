"""``/agency/helpers``: those who help an agency, added and vetted by it."""

from typing import Annotated, Any, Literal

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from hongzhu.errors import InvalidError
from hongzhu_registry.access.policy import Principal
from hongzhu_registry.agencies.own_work import kinds_of_helpers
from hongzhu_registry.rest import InTransaction, Page, Paging
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show
from hongzhu_registry.supporters import queries, service
from hongzhu_registry.supporters.models import Supporter

router = Pages()

Status = Literal["applied", "vetted", "rejected"]
Typed = Annotated[str, Form(max_length=500)]


class Filters(Narrowing):
    """What the list may be narrowed by, and what was done before it is shown."""

    status: Status | None = None
    kind: str | None = None
    name: str | None = None
    """A part of it."""
    done: Literal["added", "applied", "vetted", "rejected"] | None = None


@router.get("/agency/helpers")
def list_helpers(
    request: Request, session: InTransaction, reader: Reading, page: Paging, filters: Annotated[Filters, Query()]
) -> HTMLResponse:
    """Show an agency's helpers, those first whom nobody has looked at."""
    reader.must_be("agency")
    return _shown(request, session, reader, page, filters)


@router.post("/agency/helpers")
def add_helper(
    request: Request,
    session: InTransaction,
    reader: Reading,
    *,
    name: Typed = "",
    kind: Typed = "",
    phone: Typed = "",
    town: Typed = "",
    occupation: Typed = "",
    capacity: Typed = "",
) -> Response:
    """Add a helper, who meets nobody until vetted."""
    reader.must_be("agency")
    typed = {"name": name, "kind": kind, "phone": phone, "town": town, "occupation": occupation, "capacity": capacity}
    typed = {field: value.strip() for field, value in typed.items()}
    try:
        service.add(session, reader, _read(typed, kinds_of_helpers(session, reader)))
    except InvalidError as error:
        return _shown(request, session, reader, Page(50, None), Filters(), error=error, typed=typed)
    return see_other("/agency/helpers", done="added")


@router.post("/agency/helpers/{supporter_id}")
def vet_helper(
    session: InTransaction,
    reader: Reading,
    supporter_id: str,
    status: Annotated[Status | None, Form()] = None,
) -> Response:
    """Vet a helper, reject one, or look at one again."""
    reader.must_be("agency")
    if status is None:
        raise InvalidError("Choose one.", field="status")
    service.change(session, reader, supporter_id, {"status": status}, lambda _version: None)
    return see_other("/agency/helpers", done=status)


def _read(typed: dict[str, str], kinds: dict[str, str]) -> dict[str, Any]:
    """Read a helper's form; raises `InvalidError` with the field named."""
    if not typed["name"]:
        raise InvalidError("Please fill this in.", field="name")
    if len(typed["name"]) > 50:
        raise InvalidError(
            "At most {longest} characters; these are {length}.", field="name", longest=50, length=len(typed["name"])
        )
    if typed["kind"] not in kinds:
        raise InvalidError("Choose one.", field="kind")
    capacity = typed["capacity"] or "1"
    if not capacity.isdecimal() or not 1 <= int(capacity[:5]) <= 1000:
        raise InvalidError("That number cannot be right here.", field="capacity")
    said = {
        field: typed[field][:longest] or None for field, longest in (("phone", 50), ("town", 50), ("occupation", 100))
    }
    nothing = dict.fromkeys(("email", "duty", "grade", "class_name", "status", "school_id", "organisation"))
    return {**nothing, **said, "name": typed["name"], "kind": typed["kind"], "capacity": int(capacity)}


def _shown(
    request: Request,
    session: Session,
    reader: Principal,
    page: Page,
    filters: Filters,
    *,
    error: InvalidError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    statement = queries.visible(reader)
    if filters.status is not None:
        statement = statement.where(queries.STATUS == filters.status)  # noqa: SIM300  # it is SQL
    if filters.kind is not None:
        statement = statement.where(Supporter.kind == filters.kind)
    if filters.name is not None:
        statement = statement.where(Supporter.name.icontains(filters.name, autoescape=True))
    return show(
        request,
        "helpers.html",
        status=error.status if error else 200,
        found=page.of(session, statement, queries.STATUS, Supporter.__table__.c.id),
        kinds=kinds_of_helpers(session, reader),
        done=filters.done,
        error=error,
        typed=typed or {},
    )
