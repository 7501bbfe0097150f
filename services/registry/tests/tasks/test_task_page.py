"""A task's page: what became of it, and excusing it."""

from county import TALK, County, of_task, token_of

from hongzhu_registry.signed_in import SESSION

TASK = f"/tasks/{of_task(TALK, 'child-own')}"


def test_a_task_is_excused_with_a_reason_and_the_excuse_is_taken_back_by_its_page(county: County) -> None:
    county.http.cookies.set(SESSION, token_of("school"))
    unsaid = county.http.post(f"{TASK}/excuse", data={"reason": " "}, follow_redirects=False)
    assert unsaid.status_code == 422
    assert 'aria-describedby="a-reason"' in unsaid.text
    assert county.http.post(f"{TASK}/excuse", data={"reason": "住院"}, follow_redirects=False).status_code == 303
    assert county.get("school", TASK)["state"] == "excused"
    assert "住院" in county.http.get(TASK).text
    assert county.http.post(f"{TASK}/take-back", follow_redirects=False).status_code == 303
    assert county.get("school", TASK)["state"] == "due"
    assert county.http.post(f"{TASK}/take-back", follow_redirects=False).status_code == 409


def test_what_is_to_do_comes_in_the_order_of_its_days_over_all_pages(sqlite_county: County) -> None:
    sqlite_county.http.cookies.set(SESSION, token_of("bureau"))
    whole = sqlite_county.http.get("/tasks?state=due").text
    first = sqlite_county.http.get("/tasks?state=due&limit=2").text
    assert whole.count("<tr data-opens>") == 4
    assert first.count("<tr data-opens>") == 2
    assert 'rel="next"' in first
