import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu_registry.workbooks import identity
from hongzhu_registry.workbooks.cells import UnclearError

GOOD = "35048120120723253X"
BIRTHS = st.dates(dt.date(2004, 1, 1), dt.date(2020, 11, 1))


@pytest.mark.parametrize(
    "cell", [GOOD, GOOD.lower(), " 350481 20120723 253X ", "３５０４８１２０１２０７２３２５３Ｘ", "'" + GOOD]
)
def test_one_number_in_many_writings(cell):
    assert identity.id_number(cell) == GOOD


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (3.50481201207232e17, "id_lost_digits"),
        ("3.50481E+17", "id_lost_digits"),
        ("35048120120723253", "id_length"),
        ("350481201207232531", "id_checksum"),
        ("35048120120723253A", "id_characters"),
        ("350481120723253", "id_length"),
        ("350481201202302530", "id_birth"),
        ("35048120120723二53X", "id_characters"),
    ],
)
def test_a_bad_number_has_its_own_reason(cell, code):
    with pytest.raises(UnclearError) as unclear:
        identity.id_number(cell)
    assert unclear.value.code in (code, "id_checksum" if code == "id_birth" else code)


def test_a_birth_date_that_does_not_exist_is_refused(desk):
    stem = "35048120120230253"
    digit = next(d for d in "0123456789X" if identity.calc_check_digit(stem + "0") == d)
    with pytest.raises(UnclearError) as unclear:
        identity.id_number(stem + digit)
    assert unclear.value.code == "id_birth"


@given(BIRTHS, st.integers(0, 999), st.data())
def test_any_one_wrong_digit_is_found(desk, born_on, order, data):
    number = desk.id_number(born_on, order)
    assert identity.id_number(number) == number
    assert identity.birth_date(number) == born_on
    assert identity.sex(number) == ("male" if order % 2 else "female")
    place = data.draw(st.integers(0, 16))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    with pytest.raises(UnclearError):
        identity.id_number(number[:place] + wrong + number[place + 1 :])
