import pytest
from teachers_page import WEDNESDAY

from hongzhu import clock


@pytest.fixture
def wednesday(request: pytest.FixtureRequest) -> None:
    """The county opens on a Monday; by Wednesday there are days before and after."""
    name = next(each for each in ("county", "sqlite_county", "postgres_county") if each in request.fixturenames)
    request.getfixturevalue(name)
    clock.stand_on(WEDNESDAY)
