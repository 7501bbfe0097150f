"""A figure sums a number of the form that its own programme's records are told in."""

from typing import Any

from county import FORM, TALK, County, promise
from sqlalchemy import update

from hongzhu.figures import Figure
from hongzhu.i18n import Text
from hongzhu_registry.database import database
from hongzhu_registry.records.models import Record

WORDS = Text(zh="借出图书", en="Books lent")
BOOKS = Figure(name="books", title=WORDS, unit=Text(zh="册", en=" books"), of="records", kind="talk", sum="books")
WITH_BOOKS = FORM | {"properties": {"books": {"type": "integer", "title": "册数|Books", "minimum": 0}}, "required": []}
DAYS = "from=2020-11-01&to=2020-11-30"


def filed(county: County, child: str = "child-own", **data: int) -> str:
    record = {"kind": "talk", "occurred_on": "2020-11-23", "data": data, "child_ids": [child]}
    answer = county.ask("school", "POST", "/records", record)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def told(county: County) -> dict[str, Any]:
    figures = county.get("bureau", f"/reports/implementation?{DAYS}")["figures"]
    return dict(figures[f"{TALK}.books"])


def test_what_the_records_say_is_summed_and_opens_to_the_records(county: County) -> None:
    programme = promise(form=WITH_BOOKS, figures=(BOOKS,)).model_dump(mode="json", by_alias=True)
    assert county.ask("carers", "PUT", f"/programmes/{TALK}", programme).status_code == 200
    assert county.ask("bureau", "POST", f"/programmes/{TALK}/approve", {}).status_code == 200
    filed(county)  # and says nothing of books
    many = {filed(county, books=3): 3, filed(county, "child-mate", books=40): 40}
    withdrawn = filed(county, books=500)
    assert county.ask("school", "POST", f"/records/{withdrawn}/withdraw", {"reason": "登错了"}).status_code == 201
    older = filed(county, books=7)
    with database.transaction() as session:  # under a form before this one the same field was a text
        session.execute(update(Record).where(Record.id == older).values(data={"books": "7"}))
    figure = told(county)
    assert (figure["value"], figure["text"]) == (43, "43册")
    rows = county.get("bureau", figure["rows"].removeprefix("/api/v1"))["items"]
    assert {row["id"]: row["counted"] for row in rows} == many
