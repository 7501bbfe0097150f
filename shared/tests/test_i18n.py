"""Everything that a person sees can be said in Chinese: no sentence of the code or of a page is missing from the catalogue."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import hongzhu.errors
from hongzhu import i18n
from hongzhu.errors import HongzhuError
from hongzhu.i18n import CHINESE, ENGLISH, Text, _, accepted_language

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("shared/src"), *ROOT.glob("services/*/src"), *ROOT.glob("plugins/*/src")]
ERRORS = [each for each in vars(hongzhu.errors).values() if isinstance(each, type) and issubclass(each, HongzhuError)]
KEYWORDS = {"_": None, **{each.__name__: None for each in ERRORS}}
METHODS = [("**/migrations/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    with files("hongzhu").joinpath("locale/zh_CN.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=CHINESE) if message.id}


def sentences() -> Iterator[tuple[str, str]]:
    for source in SOURCES:
        for file, line, message, *_rest in extract_from_dir(source, METHODS, keywords=KEYWORDS):
            for text in (message,) if isinstance(message, str) else message or ():
                if text:
                    yield f"{source / file}:{line}", text
    for error in ERRORS:
        yield error.__name__, error.title


def test_every_sentence_of_the_code_and_the_pages_is_in_the_catalogue(catalogue: dict[str, str]) -> None:
    found = {text: place for place, text in sentences()}
    assert len(found) > 100, "the extraction finds nothing"
    assert {text: place for text, place in found.items() if not catalogue.get(text)} == {}


def test_a_sentence_and_its_translation_have_the_same_places(catalogue: dict[str, str]) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)", text))

    assert {text: said for text, said in catalogue.items() if said and places(text) != places(said)} == {}


def _calls(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS and node.args:
            yield node


def test_no_sentence_is_put_together_before_it_is_looked_up() -> None:
    built = [
        f"{file}:{call.lineno}"
        for source in SOURCES
        for file in source.rglob("*.py")
        for call in _calls(file)
        if isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert built == []


def test_a_sentence_is_said_in_the_readers_language_with_its_places_filled() -> None:
    message = "Nothing called “{name}” is installed here."
    try:
        i18n.language.set(ENGLISH)
        assert _(message, name="x") == "Nothing called “x” is installed here."
        i18n.language.set(CHINESE)
        assert "x" in _(message, name="x")
        assert _(message, name="x") != "Nothing called “x” is installed here."
        assert _("no such sentence") == "no such sentence"
        assert str(Text(zh="中", en="en")) == "中"
    finally:
        i18n.language.set(CHINESE)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [(None, CHINESE), ("", CHINESE), ("zh-CN,en", CHINESE), ("en-GB,zh", ENGLISH), ("EN", ENGLISH), ("fr", CHINESE)],
)
def test_a_browser_is_answered_in_chinese_unless_english_comes_first(header: str | None, chosen: str) -> None:
    assert accepted_language(header) == chosen


def test_an_error_tells_what_is_wrong_where_and_with_which_status() -> None:
    error = hongzhu.errors.InvalidError("Nothing called “{name}” is installed here.", field="name", name="x")
    assert (error.status, error.field, "x" in str(error)) == (422, "name", True)
    assert str(hongzhu.errors.MissingError()) == _(hongzhu.errors.MissingError.title)
    told_apart = [each.status for each in ERRORS if "status" in vars(each) and each.status != 500]
    assert len(set(told_apart)) == len(told_apart)
