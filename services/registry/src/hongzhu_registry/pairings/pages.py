"""``/agency/matches``: whom an agency's helpers were matched with, and why."""

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from hongzhu_registry.access.sight import in_sight
from hongzhu_registry.children.queries import names_in_sight as child_names
from hongzhu_registry.children.queries import schools_in_sight
from hongzhu_registry.pairings import queries
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.rest import InTransaction, Paging
from hongzhu_registry.schools.queries import names_in_sight as school_names
from hongzhu_registry.signed_in import Pages, Reading, show
from hongzhu_registry.supporters.models import Supporter

router = Pages()


@router.get("/agency/matches")
def list_matches(request: Request, session: InTransaction, reader: Reading, page: Paging) -> HTMLResponse:
    """Show whom an agency's helpers are tied to, the newest first, with the reason where it was kept."""
    reader.must_be("agency")
    statement = queries.visible(reader).where(Pairing.ended_on.is_(None))
    columns = Pairing.__table__.c
    found = page.of(session, statement, columns.began_on, columns.id, newest_first=True)
    helpers = select(Supporter.id, Supporter.name).where(
        in_sight("supporter", reader), Supporter.id.in_([each["supporter_id"] for each in found["items"]])
    )
    ids = [each["child_id"] for each in found["items"] if each["child_id"]]
    return show(
        request,
        "matches.html",
        found=found,
        helpers={row.id: row.name for row in session.execute(helpers)},
        children=child_names(session, reader, ids),
        schools_of=schools_in_sight(session, reader, ids),
        schools=school_names(session, reader),
    )
