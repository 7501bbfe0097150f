"""The second wall: row-level security of PostgreSQL, made from the same policy as the conditions of the statements.

A session of the database that nobody narrowed sees no row.  `hongzhu_registry.database` tells it for whom it reads; a policy on
every table compares that with whose the row is.  Other databases have the first wall only.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select, text
from sqlalchemy.dialects import postgresql

from hongzhu_registry.access.policy import SIGHT, Role, Sight
from hongzhu_registry.access.sight import Asker, Told, any_of, children_of, supporters_of
from hongzhu_registry.database import EVERYTHING, WHO, metadata

ROLES: tuple[Role, ...] = ("school", "teacher", "agency", "guardian", "auditor", "protection", "notifier")
_UNKNOWN = Sight(school=None, agency=None)
"""A table without a line in the policy is the bureau's alone."""


_ASKER = Told()
assert tuple(each.name for each in fields(Told)) == ("level", *WHO), "a session is told exactly who asks"


def statements() -> list[str]:
    """Return the SQL that puts the wall up, whatever stood there before."""
    return [*_functions(), *(each for name in sorted(metadata.tables) for each in _around(name)), _PARTS]


def put_up(connection: Connection) -> None:
    """Put the wall up on PostgreSQL, unless it stands already just as the policy says; as the tables' owner."""
    if connection.dialect.name != "postgresql":
        return
    sql = statements()
    digest = hashlib.sha256("\n".join(sql).encode()).hexdigest()
    connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
    if connection.scalar(text("SELECT obj_description(to_regproc('sees_child'), 'pg_proc')")) != digest:
        for each in (*sql, f"COMMENT ON FUNCTION sees_child IS '{digest}'"):
            connection.exec_driver_sql(each.replace("%", "%%"))
    # Every time: a database that was restored has the wall, and the rights that accounts are given on every new table.
    connection.exec_driver_sql(_AUDIT_IS_ADDED_TO.replace("%", "%%"))


def _around(name: str) -> Iterator[str]:
    table, sight = metadata.tables[name], SIGHT.get(name, _UNKNOWN)
    quoted = postgresql.dialect().identifier_preparer.format_table(table)  # type: ignore[no-untyped-call]  # so SQLAlchemy's is
    for policy in ("sight", "adding"):
        yield f"DROP POLICY IF EXISTS {policy} ON {quoted}"
    if sight.open:
        yield f"ALTER TABLE {quoted} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"
        return
    # FORCE: also for the owner, who migrates.
    yield f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    yield f"CREATE POLICY sight ON {quoted} USING ({_sql(_visible(name, sight))})"
    if sight.adds:
        yield f"CREATE POLICY adding ON {quoted} FOR INSERT WITH CHECK ({_sql(_ASKER.level != '')})"


def _visible(name: str, sight: Sight) -> ColumnElement[bool]:
    columns = metadata.tables[name].c
    all_of_it = _ASKER.level == EVERYTHING
    # The bureau's sessions are told who asks; those of work that nobody asks for are not.
    seen: list[ColumnElement[bool]] = [and_(all_of_it, _ASKER.account_id == "") if sight.confidential else all_of_it]
    for role in ROLES:
        ties = tuple(tie for tie in sight.ties(role) or () if tie.kind not in ("of", "through"))
        if ties and name != "child":
            seen.append(and_(_ASKER.level == role, any_of(name, ties, role, _ASKER, seen=_seen_by_function)))
    if name == "child":
        seen += [and_(_ASKER.level == role, _own_child(columns.id, role)) for role in ROLES if sight.ties(role)]
    elif sight.child:
        seen.append(func.sees_child(columns[sight.child]))
    elif sight.through:
        seen.append(getattr(func, f"sees_{name}")(columns.id))
    if sight.own:
        seen.append(columns[sight.own] == _ASKER.account_id)
    return or_(*seen)


def _seen_by_function(what: str, column: ColumnElement[Any], role: Role, _asker: Asker) -> ColumnElement[bool]:
    # What a policy says with a subquery is planned with every statement, at every level; a function only where it is called.
    return getattr(func, f"{role}_has_{what}")(column)  # type: ignore[no-any-return]  # functions are made by their names


def _own_child(child: ColumnElement[Any], role: Role) -> ColumnElement[bool]:
    match role:
        case "school":
            own: ColumnElement[bool] = metadata.tables["child"].c.school_id == _ASKER.school_id
        case "guardian":
            own = child == _ASKER.child_id
        case _:
            own = _seen_by_function("child", child, role, _ASKER)
    return own


def _functions() -> Iterator[str]:
    # What is one's own is found out by looking at everything, or a policy would ask for itself.
    roles: tuple[Role, ...] = ("school", "teacher", "agency")
    for role in roles[1:]:
        yield _function(f"{role}_has_child", _named(children_of(role, _ASKER)), looks_at_everything=True)
    for role in roles:
        yield _function(f"{role}_has_supporter", _named(supporters_of(role, _ASKER)), looks_at_everything=True)
    yield _function("sees_child", "SELECT 1 FROM child WHERE child.id = $1")
    for name, sight in SIGHT.items():
        if sight.through:
            link, row, child = sight.through
            yield _function(f"sees_{name}", f"SELECT 1 FROM {link} WHERE {row} = $1 AND sees_child({child})")  # noqa: S608  # the policy's own names


def _named(those: Select[Any]) -> str:
    rows = those.subquery("those")
    return _sql(select(literal_column("1")).select_from(rows).where(rows.c.id == literal_column("$1")))


def _function(name: str, question: str, *, looks_at_everything: bool = False) -> str:
    # PL/pgSQL keeps its plan; the cost lets the planner look for the rows by an index first.
    head = f"CREATE OR REPLACE FUNCTION {name}(text) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000"
    if not looks_at_everything:
        return f"{head} AS $$ BEGIN RETURN EXISTS ({question}); END $$"
    # In its body, for only a superuser may give a function a setting of ours.
    return f"""{head} AS $$
        DECLARE level text := current_setting('hongzhu.level', true); answer boolean;
        BEGIN
            PERFORM set_config('hongzhu.level', '{EVERYTHING}', true);
            answer := EXISTS ({question});
            PERFORM set_config('hongzhu.level', level, true);
            RETURN answer;
        END $$"""


def _sql(expression: Any) -> str:
    return str(expression.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[no-untyped-call]


# A partition is reached through its table; by its own name it shows nothing.
_PARTS = """
    DO $$ DECLARE part regclass; BEGIN
        FOR part IN SELECT inhrelid FROM pg_inherits JOIN pg_class ON oid = inhparent WHERE relrowsecurity AND relkind = 'p' LOOP
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', part);
        END LOOP;
    END $$
"""

# Of what is written in the audit the sealer fills in its two columns.
_AUDIT_IS_ADDED_TO = """
    DO $$ DECLARE account text; BEGIN
        FOR account IN SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl)
            WHERE oid = 'audit_entry'::regclass AND grantee <> relowner AND grantee <> 0 AND privilege_type = 'UPDATE' LOOP
            EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM %s', account);
            EXECUTE format('GRANT UPDATE (position, seal) ON audit_entry TO %s', account);
        END LOOP;
    END $$
"""
