"""What is sealed opens in its own cell and nowhere else, with any key of the ring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongzhu.errors import ConfigurationError
from hongzhu.testing.databases import Configure
from hongzhu_registry.imports.service import take_in
from hongzhu_registry.sealing import KeyRing, SealBrokenError, key_ring

OLD, NEW, INDEX, LINK = (bytes([n]) * 32 for n in range(4))
RING = KeyRing({"old": OLD, "index": INDEX, "link": LINK})
ROTATED = KeyRing({"new": NEW, "old": OLD, "index": INDEX, "link": LINK})
CELL = ("child", "address", "c1")


@given(st.text())
def test_what_is_sealed_opens_in_its_cell_and_does_not_show(value: str) -> None:
    sealed = RING.seal(value, *CELL)
    assert sealed is not None
    assert RING.open(sealed, *CELL) == value
    assert len(value.encode()) < 4 or value.encode() not in sealed


@pytest.mark.parametrize(
    "cell", [("child", "address", "c2"), ("child", "id_number", "c1"), ("relative", "address", "c1")]
)
def test_a_value_moved_to_another_cell_does_not_open(cell: tuple[str, str, str]) -> None:
    sealed = RING.seal("永安", *CELL)
    with pytest.raises(SealBrokenError) as refused:
        RING.open(sealed, *cell)
    assert "永安" not in str(refused.value)


@given(st.integers(min_value=0, max_value=40), st.integers(min_value=1, max_value=255))
def test_a_value_in_which_a_bit_was_changed_does_not_open(place: int, change: int) -> None:
    sealed = bytearray(RING.seal("蜡烛巷1号", *CELL) or b"")
    sealed[place % len(sealed)] ^= change
    with pytest.raises(SealBrokenError):
        RING.open(bytes(sealed), *CELL)


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert RING.seal("永安", *CELL) != RING.seal("永安", *CELL)


def test_nothing_stays_nothing() -> None:
    assert RING.seal(None, *CELL) is None
    assert RING.open(None, *CELL) is None


def test_after_a_rotation_the_old_key_opens_and_the_new_one_seals() -> None:
    assert ROTATED.open(RING.seal("永安", *CELL), *CELL) == "永安"
    sealed = ROTATED.seal("永安", *CELL)
    assert sealed is not None
    assert sealed.startswith(b"new:")
    with pytest.raises(SealBrokenError):
        RING.open(sealed, *CELL)


@given(st.text(), st.text())
def test_blind_indexes_are_equal_for_equal_values_of_one_purpose_only(one: str, other: str) -> None:
    assert (RING.index(one, "child") == RING.index(other, "child")) == (one == other)
    assert RING.index(one, "child") != RING.index(one, "supporter")
    assert RING.index(one, "child") == ROTATED.index(one, "child")


@pytest.mark.parametrize("keys", ["", "first:AAAA", "first:!!", "index:" + "A" * 43 + "=", "nonsense"])
def test_keys_that_are_none_are_told_in_a_sentence_without_them(configure: Configure, keys: str) -> None:
    configure(secret_keys=keys)
    key_ring.cache_clear()
    with pytest.raises(ConfigurationError) as refused:
        key_ring()
    assert "hongzhu setup" in refused.value.message_id
    assert not keys or keys not in str(refused.value)


def test_without_keys_nothing_starts(configure: Configure) -> None:
    configure()
    key_ring.cache_clear()
    with pytest.raises(ConfigurationError):
        key_ring()


def test_an_import_without_keys_says_so_before_it_reads_anything(configure: Configure) -> None:
    configure()
    key_ring.cache_clear()
    read: list[str] = []
    with pytest.raises(ConfigurationError):
        take_in([("a.xlsx", b"no workbook")], lambda name, *_: read.append(name))
    assert read == []
