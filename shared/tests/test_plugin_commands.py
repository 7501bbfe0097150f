"""A plugin is begun with one command and looked at with another, which notices each rule that is broken."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from string import Template
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

import hongzhu
from hongzhu.agency import Agency
from hongzhu.cli import main
from hongzhu.errors import InvalidError
from hongzhu.figures import Figure
from hongzhu.hooks import hook
from hongzhu.i18n import ENGLISH, Text, language
from hongzhu.plugin_contract import broken, load, reaches
from hongzhu.programme import Programme
from hongzhu.testing.examples import programme


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    before = language.set(ENGLISH)
    yield
    language.reset(before)


BOTH = Text(zh="每周谈心", en="Weekly talk")
FORM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"topic": {"type": "string", "title": "主题|Topic", "enum": ["学习|School", "生活|Life"]}},
}


def plugin(*declared: Programme, name: str = "carers", title: Text | None = None) -> ModuleType:
    """Makes a plugin in memory."""
    module = ModuleType("hongzhu_carers")

    @hook
    def agency() -> Agency:
        return Agency(name=name, title=title or Text(zh="关爱会", en="Carers"))

    @hook
    def programmes() -> list[Programme]:
        return list(declared)

    vars(module).update(agency=agency, programmes=programmes)
    return module


def talk(**changes: Any) -> Programme:
    kept = {"name": BOTH, "purpose": BOTH, "form": FORM, "assignee": "class_teacher", "fields": {"grade"}}
    return programme(changes.pop("code", "carers.talk"), **(kept | changes))


def figure(**changes: Any) -> Figure:
    kept = {"name": "talks", "title": BOTH, "unit": Text(zh="次", en=" talks"), "of": "records", "kind": "talk"}
    return Figure.model_validate(kept | changes)


def with_property(**changes: Any) -> dict[str, Any]:
    return FORM | {"properties": {"topic": FORM["properties"]["topic"] | changes}}


def test_a_plugin_that_keeps_the_contract_is_told_nothing() -> None:
    assert list(broken("carers", plugin(talk()))) == []


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (plugin(talk(), name="others"), "others"),
        (plugin(talk(code="others.talk")), "others.talk"),
        (plugin(title=Text(zh="Carers", en="Carers")), "title"),
        (plugin(talk(name=Text(zh="每周谈心", en="每周谈心"))), "name"),
        (plugin(talk(purpose=Text(zh="谈心", en=" "))), "purpose"),
        (plugin(talk(fields={"shoe_size"})), "shoe_size"),
        (plugin(talk(subject="school", assignee="agency")), "not for children"),
        (plugin(talk(form=None)), "no form"),
        (plugin(talk(form=FORM | {"type": "thing"})), "JSON Schema"),
        (plugin(talk(form={**FORM, "additionalProperties": True})), "RecordForm"),
        (plugin(talk(form=with_property(title="主题"))), "title of topic"),
        (plugin(talk(form=with_property(enum=["学习"]))), "choice"),
        (plugin(talk(form=with_property(**{"$ref": "#/$defs/Topic"}))), "refers to #/$defs/Topic"),
        (plugin(talk(subject="school", fields=())), "no class_teacher can be told"),
        (plugin(talk(subject="city", fields=(), assignee="school_coordinator")), "no school_coordinator can be told"),
        (plugin(talk(), talk(code="carers.other", form=FORM | {"required": ["topic"]})), "different forms"),
        (plugin(talk(), talk()), "carers.talk is declared 2 times"),
        (plugin(talk(figures=(figure(kind="walk"),))), "the figure talks counts the kind walk"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_each_rule_that_is_broken_is_told(module: ModuleType, told: str) -> None:
    (sentence,) = broken("carers", module)
    assert told in sentence


SAID = Text(zh="谈心{talks}。", en="{talks} were held.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"figures": (figure(title=Text(zh="谈心", en="")),)},
            "the title of the figure talks is not there in both languages",
        ),
        (
            {"figures": (figure(unit=Text(zh="次", en="")),)},
            "the unit of the figure talks is not there in both languages",
        ),
        (
            {"figures": (figure(),), "sentence": Text(zh="谈心{talks}。", en="谈{talks}")},
            "the sentence is not there in both",
        ),
        (
            {"figures": (figure(), figure(name="more")), "sentence": Text(zh="谈心{talks}。", en="{more}.")},
            "does not name the same figures in both languages",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_figure_or_sentence_in_one_language_is_told(changes: dict[str, Any], told: str) -> None:
    assert list(broken("carers", plugin(talk(figures=(figure(),), sentence=SAID)))) == []
    [fault] = broken("carers", plugin(talk(**changes)))
    assert told in fault


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sentence": SAID}, "no such figure"),
        ({"figures": (figure(),), "sentence": Text(zh="谈心。", en="Talks.")}, "would be said whatever was done"),
        ({"figures": (figure(), figure())}, "one name"),
    ],
)
def test_a_sentence_stands_on_the_programme_s_own_figures(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        talk(**changes)

    def programmes() -> list[Programme]:
        return [talk(**changes)]

    module = plugin()
    module.programmes = hook(programmes)  # type: ignore[attr-defined]  # a plugin made in memory
    [fault] = broken("carers", module)
    assert "carers.talk" in fault or "what it promises" in fault


def test_a_figure_sums_a_whole_number_of_its_programme_s_own_form() -> None:
    form = FORM | {"properties": {**FORM["properties"], "books": {"type": "integer", "title": "图书|Books"}}}
    assert list(broken("carers", plugin(talk(form=form, figures=(figure(sum="books"),))))) == []
    for wrong in (figure(sum="topic"), figure(sum="boks"), figure(sum="books", kind="walk")):
        with pytest.raises(ValueError, match=r"what can be summed are the whole numbers of its own form.*: books"):
            talk(form=form, figures=(wrong,))


@pytest.mark.parametrize(
    "changes",
    [
        {"where": {"colour": "red"}},
        {"of": "pairings", "sum": "brochures"},
        {"of": "children"},
        {"of": "children", "kind": None, "distinct": "child"},
        {"own": True},
    ],
    ids=str,
)
def test_what_cannot_be_counted_is_no_figure(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="talks"):
        figure(**changes)


def test_a_hook_of_another_shape_is_told() -> None:
    module = plugin(talk())

    @hook
    def task_due(message: Any, registry: Any, surprise: Any) -> None:
        pass

    vars(module).update(task_due=task_due)
    assert list(broken("carers", module)) == ["task_due is called with (message, registry), and not with surprise."]


def test_a_hook_that_there_is_not_is_told() -> None:
    module = plugin(talk())

    @hook
    def task_doo(message: Any) -> None:
        pass

    vars(module).update(task_doo=task_doo)
    (sentence,) = broken("carers", module)
    assert sentence.startswith("task_doo is no hook; there are agency, programmes, task_due")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], EntryPoint]]:
    """Writes a plugin's code to a file, and gives the entry point that an installed one has."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(code: str) -> EntryPoint:
        file = tmp_path / "hongzhu_written/__init__.py"
        file.parent.mkdir()
        file.write_text(code, encoding="utf-8")
        return EntryPoint("written", "hongzhu_written", "hongzhu.agencies")

    yield write
    sys.modules.pop("hongzhu_written", None)


def test_code_that_is_none_is_told_with_its_line_and_without_a_trace(written: Callable[[str], EntryPoint]) -> None:
    with pytest.raises(InvalidError, match=r"cannot be imported: SyntaxError: .*__init__.py, line 2"):
        load(written("first = 1\ndef agency(:\n"))


def test_a_field_that_is_not_as_it_should_be_is_told_with_its_line(written: Callable[[str], EntryPoint]) -> None:
    code = (Path(hongzhu.__file__).parent / "scaffold/package.py.txt").read_text(encoding="utf-8")
    code = Template(code).substitute(name="written", title="馆", english="Hall").replace('"child"', '"children"')
    (sentence,) = broken("written", load(written(code)))
    assert re.search(r"promises: __init__.py:\d+: subject is not as it should be: Input should be 'child'", sentence)


def test_code_that_fails_is_told_and_stops_nothing() -> None:
    module = plugin(talk())

    @hook
    def programmes() -> list[Programme]:
        raise KeyError("forgotten")

    vars(module).update(programmes=programmes)
    (sentence,) = broken("carers", module)
    assert "forgotten" in sentence


def test_what_leads_to_a_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hongzhu_heavy.py").write_text("import sqlalchemy\n", encoding="utf-8")
    (tmp_path / "hongzhu_light.py").write_text("import hongzhu.matching\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert reaches("hongzhu_heavy") == ["sqlalchemy"]
    assert reaches("hongzhu_light") == []


def test_a_plugin_that_was_just_begun_keeps_the_contract_and_its_own_test(tmp_path: Path) -> None:
    begun = CliRunner().invoke(main, ["plugin", "new", "city_library", "--title", "市图书馆", "--into", str(tmp_path)])
    assert begun.exit_code == 0, begun.output
    folder = tmp_path / "city_library"
    written = (folder / "src/hongzhu_city_library/__init__.py").read_text(encoding="utf-8")
    assert written.count("\n") < 60, "a programme with its form, figure and sentence is quickly written"
    program = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    assert "2 passed" in done.stdout, done.stdout
    again = CliRunner().invoke(main, ["plugin", "new", "city_library", "--into", str(tmp_path)])
    assert again.exit_code == 1


@pytest.mark.parametrize("name", ["aid", "tea_house", "zither_" * 7 + "z"])
def test_a_plugin_that_was_just_begun_is_formatted_and_linted_as_the_tree_is(name: str, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[2] / "pyproject.toml", tmp_path)
    (tmp_path / "shared/src").mkdir(parents=True)  # by where it lies ruff knows what is our own
    (tmp_path / "shared/src/hongzhu").symlink_to(Path(hongzhu.__file__).parent)
    (tmp_path / "uv.lock").touch()
    words = ["plugin", "new", name, "--title", "馆" * 40, "--into", str(tmp_path / "plugins")]
    assert CliRunner().invoke(main, words).exit_code == 0
    for check in (["format", "--check"], ["check"]):
        command = [sys.executable, "-m", "ruff", *check, "--no-cache", "plugins"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout


def test_where_a_new_plugin_lies_decides_how_it_is_installed(tmp_path: Path) -> None:
    elsewhere = CliRunner().invoke(main, ["plugin", "new", "aid", "--into", str(tmp_path / "mine")])
    assert "pip install -e" in elsewhere.output
    assert "workspace" not in (tmp_path / "mine/aid/pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "uv.lock").touch()
    beside = CliRunner().invoke(main, ["plugin", "new", "aid", "--into", str(tmp_path / "plugins")])
    assert "make lock" in beside.output
    assert "workspace = true" in (tmp_path / "plugins/aid/pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("title", ['馆"', "馆\\", "馆{name}", "馆\n", "Tea house", "馆" * 41])
def test_a_title_that_would_break_the_code_is_refused_with_a_sentence(title: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["plugin", "new", "aid", "--title", title, "--into", str(tmp_path)])
    assert (refused.exit_code, "A title is Chinese" in refused.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["City", "1st", "city-library", "../city"])
def test_an_agency_s_name_is_a_name(name: str, tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["plugin", "new", name, "--into", str(tmp_path)]).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_every_installed_plugin_keeps_the_contract() -> None:
    from hongzhu import runtime

    for agency in runtime.agencies():
        done = CliRunner().invoke(main, ["plugin", "check", agency.name])
        assert done.exit_code == 0, done.output


def test_a_plugin_that_is_not_installed_is_missed() -> None:
    assert CliRunner().invoke(main, ["plugin", "check", "nobody"]).exit_code == 1
