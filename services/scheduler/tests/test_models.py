from typing import get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hongzhu.facts import SUBJECTS
from hongzhu_scheduler.models import SHARDS, SUBJECT_TABLES, own_facts, shard_of

PYTHON_TYPES = {bool, int, str}


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_fact_is_a_column_of_the_same_name(kind):
    since = [f"{fact}_since" for fact in own_facts(SUBJECTS[kind])]
    assert list(SUBJECT_TABLES[kind].c.keys()) == [*SUBJECTS[kind].model_fields, "shard", "held_since", *since]


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_fact_is_a_column_of_the_same_type_and_may_be_unknown_where_the_fact_may(kind):
    for name, field in SUBJECTS[kind].model_fields.items():
        column = SUBJECT_TABLES[kind].c[name]
        hints = {field.annotation, *get_args(field.annotation)}
        assert column.nullable == (type(None) in hints), name
        assert (column.type.python_type in hints) or column.type.python_type is str, name


def test_the_migrations_make_exactly_the_tables_of_the_models(town):
    with town.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_no_partition})
        assert compare_metadata(context, town.database.metadata) == []


def _is_no_partition(name, kind, _parents):
    return kind != "table" or not name.startswith("occurrence_")


def test_every_school_has_one_shard_and_the_shards_are_all_used():
    shards = {shard_of(f"school-{number}") for number in range(1000)}
    assert shards == set(range(SHARDS))
    assert shard_of("school-1") == shard_of("school-1")
