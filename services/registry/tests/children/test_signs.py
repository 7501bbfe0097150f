"""Whatever signs somebody looks for, they are looked for, and do nothing else."""

from urllib.parse import quote

import pytest
from county import County

SIGNS = ["%", "'", "''; DROP TABLE child; --", "\\", "\\'", "%s", "%(a)s", ":x", '"', "{}", "李'", "\0"]


@pytest.mark.parametrize("signs", SIGNS)
def test_signs_that_mean_something_to_a_database_mean_nothing_in_a_name(county: County, signs: str) -> None:
    answer = county.ask("bureau", "GET", f"/children?q={quote(signs)}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == []
    assert county.get("bureau", "/children")["items"]
