"""The pytest plugin that comes with hongzhu; it must load on an agency's machine, which has no database."""

from collections.abc import Iterator

import pytest

from hongzhu import i18n
from hongzhu.testing.brokers import broker_url, rabbitmq_url
from hongzhu.testing.databases import configure, database_url, postgres_url
from hongzhu.testing.workers import plugin_worker


@pytest.fixture(autouse=True)
def _in_the_first_language() -> Iterator[None]:
    """Begin every test in Chinese, whatever language the one before it chose."""
    before = i18n.language.set(i18n.CHINESE)
    yield
    i18n.language.reset(before)


__all__ = ["broker_url", "configure", "database_url", "plugin_worker", "postgres_url", "rabbitmq_url"]
