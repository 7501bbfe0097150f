"""A photo goes with what was done, says nothing beside what it shows, and goes when a dossier becomes anonymous."""

import base64
from io import BytesIO

import pytest
from county import PEOPLE, TALKED, County, token_of
from PIL import Image
from sqlalchemy import func, select

from hongzhu.errors import InvalidError
from hongzhu_registry.database import database
from hongzhu_registry.photos import queries
from hongzhu_registry.photos.image import LONGEST, MOST_SIGNS, jpeg
from hongzhu_registry.photos.models import Photo
from hongzhu_registry.signed_in import SESSION

SECRET = "燕东街道蜡烛巷1号"


def photo(size: tuple[int, int] = (2400, 1200), kind: str = "JPEG") -> str:
    """A picture that lies on its side, as its Exif says, and tells by whom and where it was taken."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = 6, "telephone", SECRET
    exif.get_ifd(0x8825)[1] = "N"
    made = BytesIO()
    Image.new("RGB", size, "red").save(made, kind, exif=exif, **({"comment": SECRET} if kind == "JPEG" else {}))
    return base64.b64encode(made.getvalue()).decode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_is_upright_and_small_and_tells_nothing_else(kind: str) -> None:
    kept = base64.b64decode(jpeg(f"data:image/{kind.lower()};base64,{photo(kind=kind)}"))
    picture = Image.open(BytesIO(kept))
    assert (picture.format, picture.size) == ("JPEG", (LONGEST // 2, LONGEST))
    assert dict(picture.getexif()) == {}
    assert "comment" not in picture.info
    assert not [said for said in (b"telephone", SECRET.encode(), b"Exif") if said in kept]


@pytest.mark.parametrize(
    ("kind", "there", "written", "turned"),
    [
        ("JPEG", b"\x01\x0f\x00\x02", b"\x01\x01\x00\x02", True),
        ("WEBP", b"MM\x00*", b"MX\x00*", False),
    ],
    ids=["a maker that is a length", "no Exif at all"],
)
def test_what_a_telephone_wrote_badly_beside_a_picture_costs_nobody_the_picture(
    county: County, kind: str, there: bytes, written: bytes, turned: bool
) -> None:
    sent = base64.b64decode(photo((20, 10), kind))
    assert there in sent
    odd = base64.b64encode(sent.replace(there, written)).decode()
    record = county.ask("school", "POST", "/records", TALKED).json()["id"]
    assert county.ask("school", "PUT", f"/photos/{record}", {"image": odd}).status_code == 204
    kept = Image.open(BytesIO(base64.b64decode(county.get("bureau", f"/photos/{record}")["image"])))
    assert kept.size == ((10, 20) if turned else (20, 10))


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "no base64",
        base64.b64encode(b"<svg/>").decode(),
        base64.b64encode(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;").decode(),
        photo()[:400],
        "A" * (MOST_SIGNS + 1),
        photo((10_000, 6_000), "PNG"),
    ],
    ids=["nothing", "no base64", "another thing", "another kind", "half of one", "too long", "too many pixels"],
)
def test_what_is_no_photo_or_too_large_is_refused(sent: str) -> None:
    with pytest.raises(InvalidError):
        jpeg(sent)


def test_a_photo_is_kept_sealed_and_seen_on_the_dossier_by_those_who_keep_it(county: County) -> None:
    record = county.ask("school", "POST", "/records", TALKED).json()["id"]
    assert county.ask("school", "PUT", f"/photos/{record}", {"image": photo()}).status_code == 204
    with database.transaction() as session:
        sealed = session.scalars(select(Photo.image).where(Photo.id == record)).one()
    shown = {}
    for who in set(PEOPLE) - {"guardian"}:
        county.http.cookies.set(SESSION, token_of(who))
        shown[who] = county.http.get(f"/photos/{record}", follow_redirects=False)
    assert {who for who, answer in shown.items() if answer.status_code == 200} == {"admin", "bureau", "school"}
    picture = shown["school"].content
    assert picture.startswith(b"\xff\xd8")
    assert shown["school"].headers["cache-control"] == "no-store"
    assert sealed is not None
    assert picture[:64] not in sealed
    assert base64.b64encode(picture)[:64] not in sealed
    county.http.cookies.set(SESSION, token_of("bureau"))
    assert f'<img src="/photos/{record}"' in county.http.get("/children/child-own").text
    seen = county.get("auditor", f"/audit?subject_id={record}")["items"]
    assert any(each["action"] == "GET /photos/{photo_id}" and each["outcome"] == "denied" for each in seen)


def test_another_photo_takes_the_place_of_the_first_and_may_be_taken_out(county: County) -> None:
    record = county.ask("school", "POST", "/records", TALKED).json()["id"]
    for size in ((20, 10), (40, 10)):
        assert county.ask("school", "PUT", f"/photos/{record}", {"image": photo(size)}).status_code == 204
    image = base64.b64decode(county.get("bureau", f"/photos/{record}")["image"])
    assert Image.open(BytesIO(image)).size == (10, 40)
    assert county.ask("school", "DELETE", f"/photos/{record}").status_code == 204
    assert county.ask("bureau", "GET", f"/photos/{record}").status_code == 404


def test_whoever_is_told_of_a_wrong_photo_is_told_which_field(county: County) -> None:
    told = county.ask("school", "PUT", "/photos/record-own", {"image": "no photo"})
    assert (told.status_code, told.json()["field"]) == (422, "photo")


def test_an_anonymous_dossier_has_no_photo(county: County) -> None:
    record = county.ask("school", "POST", "/records", TALKED).json()["id"]
    assert county.ask("school", "PUT", f"/photos/{record}", {"image": photo()}).status_code == 204
    with database.transaction() as session:
        queries.forget(session, ["child-own"])
        assert session.scalar(select(func.count()).where(Photo.id == record)) == 0
        assert session.scalar(select(func.count()).where(Photo.id == "record-other")) == 1, "another child's stays"
