"""The order of a rehearsed day."""

from datetime import date
from functools import partial
from time import sleep
from typing import Any
from unittest.mock import Mock

from hongzhu.rehearsal.rehearsal import Rehearsal

MONDAY = date(2020, 9, 7)


def test_what_people_file_is_filed_before_a_child_of_theirs_moves() -> None:
    trial: Any = Mock()
    rehearsal = Rehearsal(trial, MONDAY, 1)
    done: list[str] = []

    def file(number: int) -> None:
        sleep(0.02)  # as long as a call may take while others are quicker
        done.append(f"filing {number}")

    rehearsal._at_work([partial(file, number) for number in range(3)], [partial(done.append, "move")])
    assert sorted(done[:3]) == [f"filing {number}" for number in range(3)]
    assert done[3:] == ["move"]
