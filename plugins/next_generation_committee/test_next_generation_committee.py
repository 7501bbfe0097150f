"""What the committee for the next generation's plugin promises."""

from hongzhu.trigger import Rota
from hongzhu_next_generation_committee import programmes


def test_the_elders_go_round_the_schools_with_the_law_and_with_mental_health() -> None:
    assert {each.resolved_by for each in programmes()} == {"law_lecture", "mental_health"}
    assert all(each.subject == "school" and isinstance(each.trigger, Rota) for each in programmes())


def test_no_field_of_any_child_is_asked_for() -> None:
    assert not any(each.fields for each in programmes())
