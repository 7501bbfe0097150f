"""What the bus hears of children is written by SQL, and says what a message made in Python would."""

import json

from county import County
from rosters import hand_in, line

from hongzhu.facts import ChildFacts
from hongzhu.messages import ChildChanged
from hongzhu_registry.children.service import announce
from hongzhu_registry.database import database


def test_every_child_is_said_once_with_all_its_facts_a_hundred_to_a_message(county: County) -> None:
    hand_in(roster=[line(order, 是否贫困户="是" if order % 2 else "否") for order in range(150)])
    before = len(county.said())
    with database.transaction() as session:
        announce(session)
    messages = [json.loads(payload) for _, payload in county.said()[before:]]
    assert len({each["id"] for each in messages}) == len(messages)
    said = [child for each in messages for child in each["children"]]
    assert sorted(len(each["children"]) for each in messages)[1:] == [100] * (len(messages) - 1)
    assert len({each["id"] for each in said}) == len(said) >= 150
    assert all(each.keys() == ChildFacts.model_fields.keys() for each in said)
    assert said == [each.model_dump(mode="json") for one in messages for each in ChildChanged(**one).children]
    poor = [each["in_poverty"] for each in said]
    assert poor.count(True) >= 75
    assert poor.count(False) >= 75
