"""A plugin may ask for just those fields that a dossier keeps for a purpose."""

from hongzhu.dossier import FIELDS
from hongzhu_registry.access.policy import DOSSIER


def test_what_a_plugin_s_author_is_told_there_is_is_what_the_registry_keeps() -> None:
    assert DOSSIER.keys() == FIELDS
