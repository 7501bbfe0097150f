"""Looking for many values at once finds exactly these, whatever they say."""

from county import County
from sqlalchemy import select

from hongzhu.database import among
from hongzhu_registry.database import database
from hongzhu_registry.schools.models import School

NAMES = ['东"门', "西\\门", "a,b", "{南}", "", "NULL", "北\n门", "%s", "'"]


def test_values_are_found_whatever_signs_they_hold(county: County) -> None:
    with database.transaction() as session:
        some = session.scalars(select(School)).first()
        assert some is not None
        for name in NAMES:
            some.name = name
            session.flush()
            assert list(session.scalars(select(School.id).where(among(session, School.name, NAMES)))) == [some.id]
            others = [each for each in NAMES if each != name]
            assert list(session.scalars(select(School.id).where(among(session, School.name, others)))) == []
        assert list(session.scalars(select(School.id).where(among(session, School.id, [])))) == []
