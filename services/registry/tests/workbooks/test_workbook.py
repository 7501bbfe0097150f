"""The fifty workbooks that 36 schools, a bureau and nine agencies handed in."""

from collections import Counter

from hongzhu_registry.workbooks import Activity, Child, Record, Score


def rows(demo, kind):
    return [row for book in demo() for sheet in book.sheets for row in sheet.rows if isinstance(row, kind)]


def test_all_fifty_workbooks_are_read_and_no_row_is_rejected(demo):
    assert len(demo()) == 50
    assert [f for book in demo() for f in book.rejected] == []
    assert [f for book in demo() for f in book.warnings] == []


def test_the_rosters_give_the_childrens_figures_of_the_report(demo):
    lines = rows(demo, Child)
    children = {c.id_number: c for c in lines}
    assert (len(lines), len(children)) == (1059, 1058)
    assert Counter(c.sex for c in children.values()) == {"male": 543, "female": 515}
    assert sum(c.in_poverty for c in children.values()) == 43
    assert sum(c.boarding for c in lines) == 124 + 87 + 65 + 30
    assert sum(c.mother.at_home for c in lines) == 337
    assert all(c.grade and c.class_name.endswith("班") and c.father.phone and c.guardian.phone for c in lines)
    assert all(" " not in c.name for c in lines)


def test_one_child_stands_on_two_rosters(demo):
    lines = rows(demo, Child)
    (twice,) = [n for n, times in Counter(c.id_number for c in lines).items() if times > 1]
    assert len({c.school_code for c in lines if c.id_number == twice}) == 2


def test_every_roster_says_its_school(demo):
    codes = {(c.school_code, c.school_name) for c in rows(demo, Child)}
    assert len(codes) == 36
    assert all(len(code) == 10 and name for code, name in codes)


def test_every_sheet_is_of_the_kind_that_its_headers_tell(demo):
    counts = Counter(type(row).__name__ for book in demo() for sheet in book.sheets for row in sheet.rows)
    assert counts == {
        "Child": 1059,
        "School": 36,
        "Staff": 420,
        "CalendarEntry": 13,
        "Supporter": 150,
        "Score": 2116,
        "Record": 21_772,
        "Referral": 15,
        "Subsidy": 24,
        "Enrolment": 20,
        "Activity": 59 + 18,
        "Attendance": 574,
        "Facility": 4,
        "Leader": 41,
        "Document": 3,
    }


def test_records_are_told_apart_by_their_own_column(demo):
    kinds = Counter(record.kind for record in rows(demo, Record))
    assert kinds == {"talk": 9660, "tutoring": 9054, "call": 2659, "visit": 375, "home_teaching": 24}


def test_scores_take_their_date_and_term_from_the_title(demo):
    tests = Counter((score.tested_on.isoformat(), score.term) for score in rows(demo, Score))
    assert tests == {("2020-07-09", "2020年春季"): 1058, ("2020-11-11", "2020年秋季"): 1058}
    assert all(set(score.marks) == {"语文", "数学"} for score in rows(demo, Score))


def test_activities_know_the_figures_of_the_report(demo):
    activities = rows(demo, Activity)
    assert sum(a.brochures or 0 for a in activities if not a.planned) == 2800
    assert sum(a.attendance or 0 for a in activities if a.name == "禁毒主题宣传") > 1500
    assert [a.held_on.isoformat() for a in activities if a.planned] == ["2020-12-16"]
    (summer,) = [a for a in activities if a.ends_on]
    assert (summer.ends_on - summer.held_on).days + 1 == 26


def test_footers_are_skipped_and_not_counted_as_rows(demo):
    skipped = [len(sheet.skipped_rows) for book in demo() for sheet in book.sheets if sheet.kind == "child"]
    assert skipped == [2] * 36
