"""A programme that a bureau writes as data, in YAML or JSON, is a programme like any plugin's."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from county import TALK, County, promise

from hongzhu.cli import main
from hongzhu_registry.access import service as access
from hongzhu_registry.database import database

PAGE = Path(__file__).parents[4] / "docs/write-a-plugin.md"
(YAML,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
"""What the page shows is what is run here."""


def run(*words: str) -> str:
    result = CliRunner().invoke(main, ["programmes", *words])
    return f"{result.exit_code} {result.output}"


@pytest.fixture(autouse=True)
def _education_bureau(county: County) -> None:
    """Open the account of the agency that the page's programme is of."""
    with database.transaction() as session:
        access.open_account(session, "agency-education_bureau", "agency", agency="education_bureau")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "reading.yaml"
    written.write_text(YAML, encoding="utf-8")
    return written


def test_what_is_written_is_proposed_approved_and_then_said_on_the_bus(county: County, file: Path) -> None:
    assert run("add", str(file)).startswith("0 ")
    assert county.get("bureau", "/programmes/education_bureau.reading")["status"] == "proposed"
    assert not [topic for topic, _ in county.said() if topic == "programme.changed.v1"]
    answer = county.ask(
        "bureau", "POST", "/programmes/education_bureau.reading/approve", {"effective_from": "2020-12-01"}
    )
    assert answer.status_code == 200
    (said,) = [json.loads(body) for topic, body in county.said() if topic == "programme.changed.v1"]
    assert said["programme"]["trigger"]["kind"] == "every_month"


def test_it_may_be_approved_with_the_act_from_a_day_on(county: County, file: Path) -> None:
    assert run("add", str(file), "--approve", "--from", "2020-12-01").startswith("0 ")
    shown = county.get("bureau", "/programmes/education_bureau.reading")
    assert (shown["status"], shown["effective_from"]) == ("approved", str(date(2020, 12, 1)))
    assert run("add", str(file), "--approve").startswith("0 ")  # the same again changes nothing
    assert county.get("bureau", "/programmes/education_bureau.reading")["version"] == 1


@pytest.mark.usefixtures("county")
def test_json_will_do_as_well(tmp_path: Path) -> None:
    written = tmp_path / "talk.json"
    written.write_text(promise("carers.more").model_dump_json(by_alias=True), encoding="utf-8")
    assert run("add", str(written)).startswith("0 ")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("every_month", "trigger"),
        ("fact: boarding", "colour"),
        ("class_name", "class_nam"),
        ("type: object", "JSON Schema"),
        ("assignee: class_teacher", "assignee"),
        ("书名|Book", "中文|English"),
        ("education_bureau.reading", "hongzhu agency add"),
    ],
)
@pytest.mark.usefixtures("county")
def test_what_is_not_as_it_should_be_is_told_with_its_place(file: Path, wrong: str, told: str) -> None:
    changed = {"type: object": "type: thing", "fact: boarding": "fact: colour", "class_name": "class_nam"}
    changed |= {"书名|Book": "书名", "education_bureau.reading": "nobody.reading"}
    file.write_text(YAML.replace(wrong, changed.get(wrong, f"{wrong}_"), 1), encoding="utf-8")
    answer = run("add", str(file))
    assert answer.startswith("1 ")
    assert told in answer


@pytest.mark.usefixtures("county")
def test_the_catalogue_names_what_runs_and_is_whole_down_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert TALK in run()
    assert "love_parent" in run()
