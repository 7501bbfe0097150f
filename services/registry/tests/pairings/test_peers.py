"""A peer is a child: its name is kept no longer than somebody needs it."""

from datetime import date

import pytest
from county import child, supporter
from sqlalchemy import select, update

from hongzhu_registry.children.models import Child
from hongzhu_registry.database import database
from hongzhu_registry.pairings.models import Pairing
from hongzhu_registry.retention.ticks import anonymise_due
from hongzhu_registry.supporters.models import Supporter

pytestmark = pytest.mark.usefixtures("county")


def furnish(peers: dict[str, list[str]]) -> None:
    """Adds peers, each of some children."""
    with database.transaction() as session:
        for name, children in peers.items():
            session.add(supporter(f"peer-{name}", "school-own", kind="peer", name=name, identity=name))
            session.flush()
            for place, each in enumerate(children, 1):
                if session.get(Child, each) is None:
                    session.add(child(each, "school-own", f"{each:>018}", name=f"名{each}"))
                    session.flush()
                session.add(
                    Pairing(
                        kind="peer",
                        supporter_id=f"peer-{name}",
                        child_id=each,
                        place=place,
                        began_on=date(2020, 9, 1),
                        ended_on=None if name.startswith("今") else date(2020, 10, 1),
                    )
                )


def end(*ids: str) -> None:
    """Lets the time of some children be over."""
    day = date(2020, 1, 1)
    with database.transaction() as session:
        session.execute(update(Child).where(Child.id.in_(ids)).values(left_on=day, retention_ends=day))
    assert anonymise_due() == len(ids)


def names() -> dict[str, str]:
    with database.transaction() as session:
        found = select(Supporter.id, Supporter.name).where(Supporter.kind == "peer")
        return {key.removeprefix("peer-"): name for key, name in session.execute(found)}


def test_a_peers_name_goes_with_the_last_child_it_is_kept_for() -> None:
    furnish({"今甲": ["1"], "昔乙": ["1"], "昔丙": ["1", "2"], "今丁": ["3"]})
    with database.transaction() as session:
        session.add(supporter("aunt", "school-own", kind="proxy_parent", name="今甲"))
    end("1")
    assert names() == {"今甲": "", "昔乙": "", "昔丙": "昔丙", "今丁": "今丁"}
    end("2")
    assert names() == {"今甲": "", "昔乙": "", "昔丙": "", "今丁": "今丁"}
    with database.transaction() as session:
        assert session.scalar(select(Supporter.identity).where(Supporter.id == "peer-昔丙")) is None
        assert session.get_one(Supporter, "aunt").name == "今甲", "who is no child is kept"
        assert session.scalar(select(Pairing.id).where(Pairing.supporter_id == "peer-今甲")), "that there was one stays"


def test_a_child_made_anonymous_is_nobodys_peer_by_name_either() -> None:
    furnish({"今甲": ["1"], "名2": ["1"], "名3": ["2", "3", "4"]})
    with database.transaction() as session:
        session.get_one(Child, "4").name = "名3"
    end("2")
    assert names() == {"今甲": "今甲", "名2": "", "名3": "名3"}
    end("3")
    assert names()["名3"] == "名3", "it may be the other one of that name, who is here"
