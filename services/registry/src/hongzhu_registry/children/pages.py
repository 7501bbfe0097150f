"""``/children`` as pages: finding a child, its dossier, and what may be done with it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from hongzhu.errors import ConflictError, InvalidError, StaleError
from hongzhu.i18n import _
from hongzhu_registry.children import acts, queries
from hongzhu_registry.children.dossier import dossier
from hongzhu_registry.children.filters import Filters
from hongzhu_registry.children.models import Child
from hongzhu_registry.children.opening import whole
from hongzhu_registry.children.queries import require_open
from hongzhu_registry.copies import service as copies
from hongzhu_registry.copies import words
from hongzhu_registry.menu import OFFICES
from hongzhu_registry.pages import spoken_class
from hongzhu_registry.photos import queries as photos
from hongzhu_registry.programmes.queries import names as programme_names
from hongzhu_registry.programmes.queries import names_of_kinds
from hongzhu_registry.rest import InTransaction, Page, Paging
from hongzhu_registry.schools.queries import TO_CHOOSE_FROM, names, names_to_show
from hongzhu_registry.signed_in import Narrowing, Pages, Reading, see_other, show
from hongzhu_registry.timeline import service as timeline

router = Pages()

GRADES = range(1, 10)
"""The nine grades of compulsory schooling."""
OF_TIMELINE = 30
"""Events that a dossier shows at once."""


class Narrowed(Narrowing, Filters):
    """What the page may be narrowed by: the same as the API's list."""


class Typed(BaseModel):
    """What was typed into a form, as it was typed."""

    model_config = ConfigDict(extra="allow")

    def said(self) -> dict[str, str]:
        """Return the fields that hold text."""
        return {name: said for name, said in (self.model_extra or {}).items() if isinstance(said, str)}


def _grades(held: int | None = None) -> list[tuple[str, str]]:
    """List the grades to choose from, and the one that a dossier holds already."""
    return [(str(each), spoken_class(each, None)) for each in sorted({*GRADES, held} - {None})]


@router.get("/children")
def list_children(
    request: Request, session: InTransaction, reader: Reading, page: Paging, filters: Annotated[Narrowed, Query()]
) -> Response:
    """Show the children in sight; an identity number leads to its child at once, and stays in no address."""
    reader.must_be(*OFFICES)
    statement = queries.filtered(session, reader, filters.model_dump(exclude_none=True))
    found = page.of(session, statement, Child.__table__.c.id)
    if filters.q and queries.is_number(filters.q) and len(found["items"]) == 1:
        path = f"/children/{found['items'][0]['id']}"
        return Response(headers={"HX-Redirect": path}) if "hx-request" in request.headers else see_other(path)
    schools = {each["school_id"] for each in found["items"]}
    return show(
        request,
        "children.html",
        found=found,
        grades=_grades(),
        seen=set(statement.selected_columns.keys()),
        to_choose_from=TO_CHOOSE_FROM,
        schools=names_to_show(session, reader, schools) if reader.role != "agency" else names(session),
    )


@router.get("/children/{child_id}")
def show_child(request: Request, session: InTransaction, reader: Reading, page: Paging, child_id: str) -> HTMLResponse:
    """Show a dossier."""
    reader.must_be(*OFFICES)
    return _dossier(request, session, reader, page, child_id)


@router.post("/children/{child_id}/guardian-link")
def give_link(request: Request, session: InTransaction, reader: Reading, page: Paging, child_id: str) -> HTMLResponse:
    """Give a link to the guardian's copy; it is shown this once, and stands in no address."""
    reader.must_be("bureau", "school")
    require_open(session, reader, [child_id])
    return _dossier(request, session, reader, page, child_id, link=copies.link(child_id))


def _dossier(
    request: Request, session: InTransaction, reader: Reading, page: Page, child_id: str, **more: Any
) -> HTMLResponse:
    found = dossier(session, reader, child_id)
    events = timeline.shown(session, reader, child_id, limit=min(page.limit, OF_TIMELINE), cursor=page.cursor)
    programmes = programme_names(session)
    values = {
        "events": events | {"items": [each | {"day": date.fromisoformat(each["on"])} for each in events["items"]]},
        "photos": defaultdict(str, photos.of_child(session, reader, child_id)),
        "possible": acts.possible(found["child"]) if found["keeps"] else [],
        "acts": titles(),
        "schools": names(session),
        "programmes": programmes,
        "kinds": names_of_kinds(session) | programmes,
        "words": _words(),
        "link": None,
    }
    return show(request, "child.html", **found, **(values | more))


def titles() -> dict[str, str]:
    """Name what may be done with a dossier."""
    return {
        "correct": _("Correct the dossier"),
        "transfer": _("To another school"),
        "leave": _("Record leaving"),
        "return": _("Came back"),
        "pause": _("Ill or away"),
        "consent": _("Basis and consent"),
    }


def _words() -> dict[str, Any]:
    return {
        "fields": words.fields(),
        "relatives": words.relatives(),
        "of_relatives": words.of_relatives(),
        "events": words.events(),
        "nothing": words.NOTHING,
        "value": words.value,
        "called": words.called,
        "held": words.held,
        "changed": words.changed,
        "detail": words.detail,
    }


def _form(
    request: Request, session: InTransaction, reader: Reading, child_id: str, name: str, **more: Any
) -> HTMLResponse:
    child = whole(session, reader, child_id)
    more = {"typed": None, "error": None} | more
    return show(
        request,
        "child-act.html",
        status=more["error"].status if more["error"] else 200,
        child=child,
        act=name,
        title=titles()[name],
        schools=names(session),
        grades=_grades(child.get("grade")),
        words=_words(),
        **more,
    )


def _asking(name: str) -> Callable[..., HTMLResponse]:
    def ask(request: Request, session: InTransaction, reader: Reading, child_id: str) -> HTMLResponse:
        reader.must_be("bureau", "school")
        return _form(request, session, reader, child_id, name)

    return ask


def _doing(name: str) -> Callable[..., Response]:
    def do(
        request: Request, session: InTransaction, reader: Reading, child_id: str, typed: Annotated[Typed, Form()]
    ) -> Response:
        reader.must_be("bureau", "school")
        queries.require(session, reader, [child_id])
        said = typed.said()
        try:
            with session.begin_nested():  # what is refused halfway leaves nothing behind
                acts.ACTS[name].carry_out(session, reader, child_id, said)
        except (InvalidError, ConflictError, StaleError) as error:
            return _form(request, session, reader, child_id, name, typed=said, error=error)
        # A school that gave the child away sees it no longer.
        away = name == "transfer" and not reader.is_bureau
        return see_other("/children") if away else see_other(f"/children/{child_id}")

    return do


for _name in acts.ACTS:
    router.add_api_route(f"/children/{{child_id}}/{_name}", _asking(_name), methods=["GET"])
    router.add_api_route(f"/children/{{child_id}}/{_name}", _doing(_name), methods=["POST"])
