"""What must be true of the repository itself, beside its Python."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
AGENCIES = {name: body for name, body in SERVICES.items() if body.get("command", [])[:2] == ["run", "plugin"]}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|Users|home/\w+)/")
UP_TO_SHARED = re.compile(r"((?:\.\./)+)shared\b")


def tracked() -> list[Path]:
    """Lists the files that git tracks or would track."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_the_lock_names_only_the_public_package_index() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = {urlsplit(url).hostname for url in re.findall(r"[a-z+]+://[^\s\"']+", lock)}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    sources = [package["source"] for package in tomllib.loads(lock)["package"]]
    outside = [source for source in sources if not source.keys() <= {"registry", "editable", "virtual"}]
    assert outside == []


def test_every_member_of_the_workspace_is_in_the_lock() -> None:
    manifests = [*ROOT.glob("shared/pyproject.toml"), *ROOT.glob("*/*/pyproject.toml")]
    members = {tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"] for path in manifests}
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["manifest"]["members"]
    assert members <= set(locked), "run: make lock"


def test_no_file_mentions_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        depth = len(path.relative_to(ROOT).parts) - 1
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in MACHINE_PATH.findall(text)]
        found += [f"{path.relative_to(ROOT)}: {up}shared" for up in UP_TO_SHARED.findall(text) if up.count("/") > depth]
    assert found == []


def test_uv_is_pinned_in_one_place() -> None:
    pin = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]["required-version"]
    assert re.fullmatch(r"==\d+\.\d+\.\d+", pin)
    for name in ("Makefile", "Dockerfile", ".ci/run"):
        assert not re.search(r"\buv[=~><]+\d", (ROOT / name).read_text(encoding="utf-8")), name


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_explains_every_target_in_both_languages() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()) - {"help"}
    help_ = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = {line.split()[1]: line for line in help_.splitlines() if line.startswith("  make ")}
    assert lines.keys() == targets
    assert targets >= {"demo", "test", "check", "bench", "prove", "screenshots", "up"}
    for line in lines.values():
        chinese, english = line.split(" · ")
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert re.fullmatch(r"[\x20-\x7e]+", english)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_says_plainly_when_python_is_too_old(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "shared").mkdir()
    shutil.copy(ROOT / "shared/pyproject.toml", tmp_path / "shared")
    result = subprocess.run(
        ["make", "setup", "PYTHON=false"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "需要 Python 3.11 或更高版本" in result.stderr
    assert "Python 3.11 or newer is needed" in result.stderr
    assert not (tmp_path / ".venv").exists()


def test_compose_holds_no_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text), "an address with a password in it"
    assert not re.search(r"(?i)(password|passwd|token|secret_key|secret_keys|api_key)\w*\s*[:=]", text)
    assert all("environment" not in body for body in SERVICES.values()), "settings come from a service's own env file"
    assert any(line.strip("/") == "secrets" for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


def test_each_container_is_given_its_own_secrets_and_no_other() -> None:
    files = {name: body.get("env_file", []) for name, body in SERVICES.items()}
    assert all(len(names) <= 1 for names in files.values())
    given = [file for names in files.values() for file in names]
    assert len(given) == len(set(given)), "two containers share a file of secrets"
    mounted = {name: [v for v in body.get("volumes", []) if "secrets" in v] for name, body in SERVICES.items()}
    assert {name for name, volumes in mounted.items() if volumes} == {"rabbitmq"}


def test_an_agency_gets_its_own_file_its_own_image_and_no_way_to_a_database() -> None:
    assert AGENCIES
    for name, body in AGENCIES.items():
        assert (ROOT / "plugins" / name).is_dir(), name
        assert body["command"] == ["run", "plugin", name]
        assert body["env_file"] == [f"secrets/agency-{name}.env"]
        assert body["build"]["args"] == {"PARTS": f"plugins/{name}"}
        assert body["networks"] == ["bus"]
        assert "volumes" not in body
    assert SERVICES["postgres"]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"]["internal"] is True


def test_every_container_has_a_health_check_and_few_rights() -> None:
    for name, body in SERVICES.items():
        assert body["cap_drop"] == ["ALL"], name
        assert body["security_opt"] == ["no-new-privileges:true"], name
        assert name == "migrate" or ("healthcheck" in body and body["restart"] == "unless-stopped"), name
        assert "privileged" not in body, name
    published = [name for name, body in SERVICES.items() if "ports" in body]
    assert published == ["registry"]
