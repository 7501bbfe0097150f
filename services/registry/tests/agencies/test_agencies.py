"""How agencies are doing, and closing one: for a while, or for good."""

from datetime import timedelta
from threading import Event, Thread

import httpx
import pytest
from click.testing import CliRunner
from county import LOVE, PASSWORD, TALK, County, promise, supporter, token_of
from sqlalchemy import select, update

from hongzhu import bus, clock
from hongzhu.cli import main
from hongzhu.installation import hash_of
from hongzhu.testing.databases import Configure
from hongzhu_registry.access import service as access
from hongzhu_registry.access.models import Account, Token
from hongzhu_registry.agencies import service as agencies
from hongzhu_registry.agencies.provision import declare_queue
from hongzhu_registry.database import database
from hongzhu_registry.signed_in import SESSION

NOWHERE = "amqp://guest:guest@127.0.0.1:1/"


def used_at(who: str) -> object:
    with database.transaction() as session:
        return session.scalar(select(Token.used_at).where(Token.hash == bytes.fromhex(hash_of(token_of(who)))))


def standing(county: County, name: str = "carers") -> dict[str, object]:
    return {each["name"]: each for each in county.get("admin", "/agencies")["items"]}[name]  # type: ignore[no-any-return]


def test_the_bureau_is_told_how_each_agency_is_doing(
    sqlite_county: County, configure: Configure, broker_url: str
) -> None:
    county = sqlite_county
    configure(broker_url=broker_url)
    assert standing(county)["broker"] == "no queue" or broker_url.startswith("memory")
    with bus.connect(broker_url) as connection:
        for name in ("carers", "lawyers"):
            declare_queue(connection, name)
        with connection.channel() as channel:
            for body in (b"1", b"2", b"3"):
                connection.Producer(channel).publish(body, routing_key="agency.carers", serializer=None)
            connection.Producer(channel).publish(
                b"4", exchange=bus.PARKED, routing_key="agency.carers", serializer=None
            )
    county.get("carers", "/tasks")
    county.ask("carers", "PUT", f"/programmes/{TALK}", promise(fields={"grade"}).model_dump(mode="json", by_alias=True))
    found = standing(county)
    assert (found["broker"], found["waiting"], found["parked"], found["listening"]) == ("answers", 3, 1, 0)
    assert found["alive"] is True, "it asked for something just now"
    assert found["programmes"] == {"approved": [LOVE, TALK], "proposed": [TALK], "suspended": []}
    assert (found["tasks"], found["suspended"]) == ({"due": 2, "overdue": 0}, False)
    assert standing(county, "lawyers")["alive"] is False
    assert standing(county, "lawyers")["last_seen"] is None
    assert county.get("carers", "/agencies/carers")["waiting"] == 3, "an agency sees how it is doing itself"
    assert county.ask("lawyers", "GET", "/agencies/carers").status_code == 404
    assert all("waiting" not in each for each in county.get("carers", "/agencies")["items"])


def test_a_broker_that_is_away_is_said_to_be_so(sqlite_county: County, configure: Configure) -> None:
    configure(broker_url=NOWHERE)
    sqlite_county.get("carers", "/tasks")
    for name, alive in (("carers", True), ("lawyers", None)):
        found = standing(sqlite_county, name)
        assert [found[each] for each in ("broker", "listening", "waiting", "parked", "alive")] == [
            "away", None, None, None, alive,
        ]  # fmt: skip
    assert sqlite_county.ask("admin", "GET", "/parked").status_code == 503


def test_in_the_trial_an_agency_is_there_while_its_thread_is(sqlite_county: County) -> None:
    with bus.connect("memory://localhost/") as connection:
        declare_queue(connection, "lawyers")
    assert standing(sqlite_county, "lawyers")["alive"] is False
    over = Event()
    thread = Thread(name="lawyers", target=over.wait, args=(60,))
    thread.start()
    try:
        assert standing(sqlite_county, "lawyers")["alive"] is True
    finally:
        over.set()
        thread.join()


def test_when_an_agency_was_last_seen_is_noted_once_a_minute_and_of_nobody_else(county: County) -> None:
    for who in ("carers", "school"):
        county.get(who, "/tasks")
    first = used_at("carers")
    assert first is not None
    assert used_at("school") is None
    county.get("carers", "/tasks")
    assert used_at("carers") == first
    with database.transaction() as session:
        session.execute(update(Token).values(used_at=clock.now() - timedelta(seconds=61)))
    county.get("carers", "/tasks")
    assert used_at("carers") > first  # type: ignore[operator]  # both are moments


def test_a_suspended_agency_opens_nothing_until_it_is_let_back_in(county: County) -> None:
    with database.transaction() as session:
        access.open_account(session, "officer", "agency", password=PASSWORD, agency="carers")
    signing_in = {"username": "officer", "password": PASSWORD}
    officer = county.http.post("/api/v1/token", data=signing_in).json()["access_token"]

    def through() -> list[int]:
        by_officer = county.http.get("/api/v1/tasks", headers={"Authorization": f"Bearer {officer}"})
        anew = county.http.post("/api/v1/token", data=signing_in)
        return [county.ask("carers", "GET", "/tasks").status_code, by_officer.status_code, anew.status_code]

    assert through() == [200, 200, 200]
    assert county.ask("admin", "POST", "/agencies/carers/suspend").json()["standing"] == "suspended"
    assert through() == [401, 401, 401]
    assert standing(county)["suspended"] is True
    assert county.ask("lawyers", "GET", "/tasks").status_code == 200
    assert county.ask("admin", "POST", "/agencies/carers/resume").status_code == 200
    assert through() == [200, 200, 200]


def test_a_revoked_agency_stays_out_whoever_lets_it_back_in(county: County) -> None:
    answer = county.ask("admin", "POST", "/agencies/carers/revoke")
    assert (answer.json()["standing"], answer.json()["broker_account"]) == ("revoked", "left")
    assert county.ask("carers", "GET", "/tasks").status_code == 401
    for act in ("suspend", "resume"):
        assert county.ask("admin", "POST", f"/agencies/carers/{act}").status_code == 409
    with database.transaction() as session:
        ends = session.scalars(select(Token.expires_at).join(Account).where(Account.agency == "carers")).all()
    assert all(each.replace(tzinfo=clock.now().tzinfo) <= clock.now() for each in ends)
    assert county.ask("admin", "POST", "/agencies/nobody/revoke").status_code == 404


def test_an_agency_is_suspended_and_let_in_by_command(county: County) -> None:
    for act, status in (("suspend", 401), ("resume", 200), ("revoke", 401)):
        done = CliRunner().invoke(main, ["agency", act, "carers"])
        assert done.exit_code == 0, done.output
        assert county.ask("carers", "GET", "/tasks").status_code == status
    assert CliRunner().invoke(main, ["agency", "suspend", "nobody"]).exit_code == 1


@pytest.mark.usefixtures("county")
def test_an_agency_that_never_introduced_itself_can_be_suspended() -> None:
    with database.transaction() as session:
        access.open_account(session, "agency-far_away", "agency", agency="far_away")
        assert agencies.suspend(session, "far_away").title_zh == "far_away"


def introduced(county: County, *also: str, who: str = "carers") -> httpx.Response:
    said = {"name": "carers", "title": {"zh": "关爱会", "en": "carers"}, "also": also}
    return county.ask(who, "PUT", "/agencies/carers", said)


def helpers(county: County) -> set[str]:
    return {each["id"] for each in county.get("carers", "/supporters")["items"]}


def test_an_agency_sees_what_is_written_under_another_title_once_the_bureau_agrees(county: County) -> None:
    with database.transaction() as session:
        session.add(supporter("stranger", "爱心社", "volunteer"))
    before = helpers(county)
    assert introduced(county, "爱心社").json()["titles_asked"] == ["爱心社"]
    assert helpers(county) == before
    assert introduced(county, "爱心社", who="bureau").json()["titles_asked"] == []
    assert helpers(county) == before | {"stranger"}
    assert introduced(county, "爱心社").json()["titles_asked"] == [], "what was agreed to stays so"
    introduced(county)
    assert helpers(county) == before


@pytest.mark.parametrize(
    ("title", "status"), [("school-own", 422), ("school-own小学", 422), ("律师团", 409), ("", 422)]
)
def test_no_agency_is_called_like_a_school_or_another_agency(county: County, title: str, status: int) -> None:
    before = helpers(county)
    for who in ("carers", "bureau"):
        assert introduced(county, title, who=who).status_code == status
    assert helpers(county) == before


def test_on_the_page_the_bureau_agrees_to_the_titles_that_it_was_shown(sqlite_county: County) -> None:
    county = sqlite_county
    county.http.cookies.set(SESSION, token_of("bureau"))
    introduced(county, "爱心社")
    assert "爱心社" in county.http.get("/agencies").text
    introduced(county, "爱心社", "志愿者协会")
    assert county.http.post("/agencies/carers/titles", data={"titles": "爱心社"}).status_code == 422
    shown = county.http.post("/agencies/carers/titles", data={"titles": ["爱心社", "志愿者协会"]})
    assert shown.status_code == 200
    assert county.get("bureau", "/agencies/carers")["titles_asked"] == []


def test_an_address_of_the_broker_that_is_none_is_refused(county: County) -> None:
    refused = CliRunner().invoke(main, ["agency", "add", "newcomers", "--broker", "queue.example.org"])
    assert (refused.exit_code, "amqps://queue.example.org:5671" in refused.output) == (1, True)
