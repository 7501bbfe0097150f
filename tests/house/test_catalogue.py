"""Everything a person reads is in the catalogue, in Chinese, and nothing else is."""

import pytest
from babel.messages.pofile import read_po
from tests.house import catalogue

SAID = catalogue.said()
TRANSLATED = catalogue.translated()


def test_every_sentence_is_translated() -> None:
    missing = {message: where for message, where in SAID.items() if not TRANSLATED.get(message)}
    assert missing == {}, "translate these in shared/src/hongzhu/locale/zh_CN.po"


def test_nothing_in_the_catalogue_is_no_longer_said() -> None:
    assert TRANSLATED.keys() - SAID.keys() - catalogue.said_by_click() == set()


def test_a_translation_fills_in_what_the_original_does() -> None:
    differing = {
        message for message, chinese in TRANSLATED.items() if catalogue.places(message) != catalogue.places(chinese)
    }
    assert differing == set()


def test_no_sentence_stands_in_the_catalogue_twice() -> None:
    with catalogue.CATALOGUE.open("rb") as file:
        text = file.read().decode()
        file.seek(0)
        entries = [message for message in read_po(file) if message.id]
    assert text.count("\nmsgid ") - 1 == len(entries)
    assert not any(message.fuzzy for message in entries)


@pytest.mark.parametrize(
    ("program", "found"),
    [
        pytest.param('_("Said so.")', {"Said so."}, id="a sentence"),
        pytest.param('raise TooLateError("Too late, {name}.", name=name)', {"Too late, {name}."}, id="an error"),
        pytest.param('class TooLateError(InvalidError):\n    title = "Too late."', {"Too late."}, id="a title"),
        pytest.param('print("Not for people.")', set(), id="anything else"),
    ],
)
def test_what_is_said_is_found(program: str, found: set[str]) -> None:
    errors = {"InvalidError", "TooLateError"}
    assert {message for message, _line in catalogue.in_module(program, {"_"} | errors, errors)} == found
