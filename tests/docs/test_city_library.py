"""The test that docs/write-a-plugin.md shows, as it stands there."""

# excerpt test
import hongzhu_city_library

from hongzhu.testing.workers import MakeWorker


def test_it_says_who_it_is_and_what_it_promises(plugin_worker: MakeWorker) -> None:
    worker = plugin_worker(hongzhu_city_library)
    assert worker.agency().name == "city_library"
    assert worker.queue == "agency.city_library"
    assert [each.code for each in worker.programmes()] == ["city_library.reading_hour", "city_library.reading_friend"]


# end of excerpt
