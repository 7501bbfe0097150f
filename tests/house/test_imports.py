"""The import contracts hold for this tree, and each of them notices when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = "houses stand side by side, on hongzhu"
NO_DATABASE = "an agency's machine has no database and no web server"
SERVICE_ROOMS = "only the service rooms of hongzhu touch the database and the web"
DOOR_DESK_SHELF = "door, desk, shelf"
AGENCY = "plugins/legal_aid/src/hongzhu_legal_aid"
REGISTRY = "services/registry/src/hongzhu_registry"


def check(root: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "tests/house/imports.py"
    return subprocess.run([sys.executable, str(script), str(root)], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the tree's Python, with one noun more, so that every contract has something to say."""
    for house in ("shared", "services", "plugins"):
        shutil.copytree(
            ROOT / house,
            tmp_path / house,
            ignore=lambda folder, names: [
                name
                for name in names
                if not (Path(folder) / name).is_dir() and Path(name).suffix not in {".py", ".toml"}
            ],
        )
    noun = tmp_path / REGISTRY / "planted"
    noun.mkdir()
    for name in ("__init__", "endpoints", "pages", "service", "queries", "models"):
        (noun / f"{name}.py").write_text("", encoding="utf-8")
    return tmp_path


def test_this_tree_keeps_every_contract() -> None:
    result = check(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        pytest.param(f"{AGENCY}/misplaced.py", "import sqlalchemy", NO_DATABASE, id="a plugin imports a database"),
        pytest.param(
            f"{AGENCY}/misplaced.py", "from fastapi import FastAPI", NO_DATABASE, id="a plugin serves the web"
        ),
        pytest.param(
            f"{AGENCY}/misplaced.py", "import hongzhu_registry", SIDE_BY_SIDE, id="a plugin imports a service"
        ),
        pytest.param(
            f"{AGENCY}/misplaced.py", "import hongzhu_education_bureau", SIDE_BY_SIDE, id="a plugin imports another"
        ),
        pytest.param(
            f"{REGISTRY}/misplaced.py", "import hongzhu_scheduler", SIDE_BY_SIDE, id="a service imports another"
        ),
        pytest.param(
            f"{REGISTRY}/misplaced.py", "import hongzhu_legal_aid", SIDE_BY_SIDE, id="a service knows an agency"
        ),
        pytest.param(
            "shared/src/hongzhu/misplaced.py", "import hongzhu_registry", SIDE_BY_SIDE, id="hongzhu imports a service"
        ),
        pytest.param(
            "shared/src/hongzhu/misplaced.py",
            "import sqlalchemy",
            SERVICE_ROOMS,
            id="an open room of hongzhu has a database",
        ),
        pytest.param(
            f"{REGISTRY}/planted/queries.py", "from . import service", DOOR_DESK_SHELF, id="a shelf asks the desk"
        ),
        pytest.param(
            f"{REGISTRY}/planted/service.py", "from . import endpoints", DOOR_DESK_SHELF, id="a desk opens the door"
        ),
        pytest.param(
            f"{REGISTRY}/planted/pages.py", "from . import endpoints", DOOR_DESK_SHELF, id="a door into a door"
        ),
    ],
)
def test_a_planted_violation_breaks_its_contract(copy: Path, file: str, line: str, broken: str) -> None:
    with (copy / file).open("a", encoding="utf-8") as planted:
        planted.write(line + "\n")
    result = check(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{broken} BROKEN" in result.stdout


def test_a_plugin_may_not_reach_a_database_through_hongzhu(copy: Path) -> None:
    (copy / "shared/src/hongzhu/database.py").write_text("import sqlalchemy\n", encoding="utf-8")
    (copy / AGENCY / "misplaced.py").write_text("import hongzhu.database\n", encoding="utf-8")
    assert f"{NO_DATABASE} BROKEN" in check(copy).stdout


def test_a_new_agency_is_held_to_the_contracts_without_being_listed(copy: Path) -> None:
    package = copy / "plugins/planted/src/hongzhu_planted"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import psycopg\nimport hongzhu_legal_aid\n", encoding="utf-8")
    result = check(copy)
    assert f"{NO_DATABASE} BROKEN" in result.stdout
    assert f"{SIDE_BY_SIDE} BROKEN" in result.stdout


def test_an_agency_runs_where_the_service_libraries_are_not_installed() -> None:
    program = """
import importlib, sys
from importlib.metadata import entry_points
sys.modules.update(dict.fromkeys(sys.argv[1].split(",")))
for agency in entry_points(group="hongzhu.agencies"):
    agency.load()
for room in ("hongzhu.plugin_worker", "hongzhu.cli"):
    importlib.import_module(room)
"""
    libraries = "alembic,fastapi,psycopg,sqlalchemy,starlette,uuid_utils,uvicorn"
    result = subprocess.run([sys.executable, "-c", program, libraries], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
