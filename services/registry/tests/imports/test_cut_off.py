"""A workbook whose reading is cut off is refused whole, and by name; handed in again, it is taken in."""

import shlex

import pytest
from county import County
from rosters import hand_in, line

from hongzhu_registry.imports.result import reader
from hongzhu_registry.workbooks import sandbox

ROSTERS = {"a": range(1, 4), "b": range(4, 8), "c": range(8, 10)}


def test_of_a_workbook_whose_reading_is_cut_off_nothing_is_taken_in_and_everything_the_next_time(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    rosters = {name: [line(order) for order in orders] for name, orders in ROSTERS.items()}
    whole = sandbox._command
    commands = iter([whole(), ["/bin/sh", "-c", f"{shlex.join(whole())} | head -c 400; kill -9 $$"], whole()])
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "_command", lambda: next(commands))
        first = hand_in(**rosters)
    [(name, why)] = first.unreadable
    assert (first.exit_status, why.code) == (2, "too_large")
    assert why.text(reader())
    cut_off = len(rosters[name.removesuffix(".xlsx")])
    assert first.accepted["children"] == 9 - cut_off
    assert first.rejected == []
    second = hand_in(**rosters)
    assert (second.exit_status, second.accepted["children"], second.unchanged["children"]) == (0, cut_off, 9 - cut_off)
