"""What is seen and done with a notice's link is on record, like every call of the API."""

from county import County

from hongzhu_registry.weeks.links import link_to_week


def test_opening_a_link_is_an_entry_of_the_audit(county: County) -> None:
    path = "/w/" + link_to_week("teacher-own").rpartition("/w/")[2]
    assert county.http.get(path).status_code == 200
    (entry,) = [each for each in county.get("auditor", "/audit?limit=200")["items"] if each["role"] == "link"]
    assert (entry["account_id"], entry["action"], entry["outcome"]) == ("teacher-own", "GET /w/{token}", "done")
    # The token opens the week: it must not stand in the audit.
    assert entry["subject_id"] is None
