"""The digest, by property."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hongzhu import i18n
from hongzhu.calendar import NOT_ANNOUNCED
from hongzhu.i18n import Text
from hongzhu_notifier.digest import Digest, Owed, Recipient, at_once, digests

TODAY = date(2020, 11, 23)
PEOPLE = {name: Recipient(name, f"{name}@school.test", f"https://hongzhu.test/l/{name}") for name in ("t1", "t2", "t3")}
ASSIGNEES = ("class_teacher", "school_coordinator")

codes = st.sampled_from(["bureau.talk", "bureau.tutoring", "bureau.roster"])
subjects = st.sampled_from([f"c{number}" for number in range(6)])
tasks = st.builds(
    lambda code, subject, days, step, passed: Owed(
        programme=code,
        period=f"since:{TODAY + timedelta(days=days)}",
        subject_id=subject,
        due_on=TODAY + timedelta(days=days),
        name=Text(zh=code, en=code),
        assignee=ASSIGNEES[step != 0],
        step=step,
        passed=passed and not step,
    ),
    codes,
    subjects,
    st.integers(-3, 3),
    st.integers(0, 2),
    st.booleans(),
)
owed_sets = st.frozensets(tasks, max_size=40)
answers = st.dictionaries(st.tuples(st.sampled_from(ASSIGNEES), subjects), st.sampled_from(list(PEOPLE.values())))


@given(owed_sets, answers)
def test_everything_owed_is_in_exactly_one_digest_or_has_nobody_to_tell(
    owed: frozenset[Owed], told: dict[tuple[str, str], Recipient]
) -> None:
    held = Counter(each for digest in digests(owed, told, TODAY) for each in digest.owed)
    assert held == Counter(each for each in owed if (each.assignee, each.subject_id) in told)


@given(owed_sets, answers)
def test_a_recipient_has_one_digest_and_only_of_what_is_theirs(
    owed: frozenset[Owed], told: dict[tuple[str, str], Recipient]
) -> None:
    made = digests(owed, told, TODAY)
    assert len({digest.recipient.recipient_id for digest in made}) == len(made)
    for digest in made:
        assert {told[each.assignee, each.subject_id] for each in digest.owed} == {digest.recipient}


@given(owed_sets, answers)
def test_counts_add_up_and_the_largest_comes_first(
    owed: frozenset[Owed], told: dict[tuple[str, str], Recipient]
) -> None:
    for digest in digests(owed, told, TODAY):
        about = {
            "passed": [each for each in digest.owed if each.passed],
            "overdue": [each for each in digest.owed if each.step],
            "due": [each for each in digest.owed if not each.step and not each.passed and each.due_on >= TODAY],
        }
        assert digest.past == len(digest.owed) - sum(map(len, about.values()))
        for what, these in about.items():
            # Whoever is told of two steps of one task is told of one task.
            once = set(map(_task, these))
            by_programme = Counter(code for code, _, _ in once)
            lines = [line for line in digest.lines if line.about == what]
            assert {line.programme: line.count for line in lines} == by_programme
            assert [line.count for line in lines] == sorted(by_programme.values(), reverse=True)
        assert digest.count == len(set(map(_task, about["due"])))


@given(owed_sets, answers)
def test_what_cannot_wait_is_told_each_by_itself_for_a_cause_of_its_own(
    owed: frozenset[Owed], told: dict[tuple[str, str], Recipient]
) -> None:
    made = at_once(owed, told)
    assert Counter(each for digest in made for each in digest.owed) == Counter(
        each for each in owed if (each.assignee, each.subject_id) in told
    )
    assert len({digest.cause for digest in made}) == len(
        {(*_task(digest.owed[0]), digest.owed[0].step) for digest in made}
    )
    assert all(digest.text().count("\n") == 2 and digest.urgent for digest in made)


def _task(each: Owed) -> tuple[str, str, str]:
    return each.programme, each.period, each.subject_id


def text_in(language: str) -> tuple[str, str]:
    week = [
        Owed(
            "bureau.talk",
            "week:2020-11-23",
            f"c{number}",
            TODAY,
            Text(zh="每周谈心", en="Weekly talk"),
            "class_teacher",
        )
        for number in range(2)
    ]
    late = Owed("bureau.talk", "week:2020-11-16", "c9", date(2020, 11, 22), week[0].name, "class_teacher")
    undone = [replace(late, step=1, subject_id="c8"), replace(late, step=1, subject_id="c7", due_on=date(2020, 11, 15))]
    away = replace(late, passed=True, subject_id="c6")
    told = {("class_teacher", each.subject_id): PEOPLE["t1"] for each in (*week, late, *undone, away)}
    before = i18n.language.set(language)
    try:
        (digest,) = digests([*week, late, *undone, away], told, TODAY)
        return digest.title(), digest.text()
    finally:
        i18n.language.reset(before)


def test_a_digest_says_how_much_by_when_and_where_and_no_more() -> None:
    title, text = text_in(i18n.ENGLISH)
    assert title == "Care tasks to do: 3"
    assert text.splitlines() == [
        "Weekly talk: 2, by 2020-11-23",
        "Weekly talk: overdue: 2, since 2020-11-15",
        "Past their day: 1",
        "While the system was away: 1 passed without being done",
        "",
        "See whom and file what was done: https://hongzhu.test/l/t1",
    ]


def test_a_digest_is_chinese_for_those_who_read_chinese() -> None:
    title, text = text_in(i18n.CHINESE)
    assert "3" in title
    assert text.startswith("每周谈心")


def test_a_digest_does_not_show_where_its_recipient_is_reached() -> None:
    digest = Digest(PEOPLE["t1"], str(TODAY), (), ())
    assert "@" not in repr(digest)
    assert "https" not in repr(digest)


def test_a_day_that_is_not_announced_is_told_as_such() -> None:
    name = Text(zh="慰问", en="visit")
    task = Owed("bureau.visit", "year:2020", "c1", NOT_ANNOUNCED, name=name, assignee="class_teacher")
    (digest,) = digests([task], {("class_teacher", "c1"): PEOPLE["t1"]}, TODAY)
    assert "9999" not in digest.text()
    assert "待校历公布" in digest.text()
