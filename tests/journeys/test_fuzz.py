"""The short form of ``make prove ARGS="fuzz"``: whatever is asked, by whomever, is answered as the description says."""

from collections.abc import Iterator

import pytest
from tests.proofs.fuzz import DATABASES, NOBODY, Fuzzer, Tally, served

from hongzhu.testing.databases import fresh_postgres, fresh_sqlite

pytestmark = pytest.mark.timeout(900)

KINDS = [pytest.param(name, marks=[pytest.mark.postgres] if name == "postgresql" else []) for name in DATABASES]


@pytest.fixture(scope="module", params=KINDS)
def fuzzer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    """Serve the registry on a database of each kind."""
    folder = tmp_path_factory.mktemp("fuzz")
    with (
        fresh_sqlite(folder) if request.param == "sqlite" else fresh_postgres() as url,
        served(url, folder / "home") as web,
    ):
        yield Fuzzer(web)


def _nothing_found(tally: Tally) -> None:
    print(tally)
    assert tally.findings == []


def test_no_role_gets_a_server_error_or_an_answer_that_is_not_declared(fuzzer: Fuzzer) -> None:
    for number, role in enumerate(fuzzer.roles):
        _nothing_found(fuzzer.ask(role, 100, first_seed=number))


@pytest.mark.parametrize("nobody", NOBODY)
def test_nobody_gets_in_whatever_they_ask(fuzzer: Fuzzer, nobody: str) -> None:
    _nothing_found(fuzzer.ask(nobody, 100))


def test_texts_days_bodies_and_headers_at_the_edge_are_refused_in_words(fuzzer: Fuzzer) -> None:
    _nothing_found(fuzzer.ask_oddly("bureau", share=0.03))
