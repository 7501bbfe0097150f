"""PostgreSQL: read by pg_dump at an exported snapshot, and loaded by psql within one transaction."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hongzhu.backup.archive import PIECE
from hongzhu.backup.kind import Loading, Snapshot
from hongzhu.errors import AwayError, ConfigurationError, ConflictError, InvalidError
from hongzhu.relay import GO_AGAIN

_STILL = "LOCK TABLE inbox, outbox IN SHARE MODE"
"""In the order in which a consumer comes by them, so that none waits for us while we wait for it."""
_PSQL = (
    "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
    "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=sqlstate", "--set=SHOW_CONTEXT=never", "--file=-",
)  # fmt: skip
"""Of an error only the code, for its text may quote a row.  When we are killed it comes to an end without `COMMIT`."""
_EMPTY = """
BEGIN;
SET search_path = public;
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT oid::regclass AS it FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition LOOP
        EXECUTE format('DROP TABLE %s CASCADE', each.it);
    END LOOP;
    FOR each IN SELECT oid::regprocedure AS it FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', each.it);
    END LOOP;
END $$;
"""
_READY = "ready"


class Postgres:
    """A PostgreSQL database by its URL, as its owner."""

    name = "postgresql"
    ending = ".sql"

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine = create_engine(url, poolclass=NullPool, hide_parameters=True)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let nobody write to inbox and outbox meanwhile; raises `AwayError` when somebody is at it for too long."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
            try:
                connection.exec_driver_sql(_STILL)
            except OperationalError:
                raise AwayError(
                    "In {database} something is being written that takes long; try again in a while.",
                    database=self._url.database,
                ) from None
            yield

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Open a transaction that sees what is there now, and lets pg_dump see the same."""
        program = _program("pg_dump")
        with self._engine.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            told = _one(connection, "SELECT pg_export_snapshot()")
            self._see_everything(connection)
            yield PostgresSnapshot(connection, [program, *_DUMP, f"--snapshot={told}"], self._environment)

    def see_unused(self) -> None:
        """Raise `ConflictError` while anybody else is connected."""
        with self._engine.connect() as connection:
            others = _one(
                connection,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
            )
            self._see_everything(connection)
        if others:
            raise ConflictError(
                "Others are at work on {database} ({count} connections): stop the services first.",
                database=self._url.database,
                count=others,
            )

    def is_empty(self) -> bool:
        """Say whether there is no table in it."""
        with self._engine.connect() as connection:
            tables = (
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
            return bool(_one(connection, tables) == 0)

    @contextmanager
    def loading(self) -> Iterator[Loading]:
        """Start psql; unless it is told to commit, it ends in the middle, and its transaction with it."""
        with tempfile.TemporaryFile() as errors:
            running = subprocess.Popen(  # noqa: S603  # found on the path, with words of our own
                [_program("psql"), *_PSQL],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            try:
                yield PostgresLoading(running, errors, self._url.database or "")
            finally:
                running.kill()
                running.wait()
                for pipe in (running.stdin, running.stdout):
                    with suppress(BrokenPipeError):
                        pipe and pipe.close()

    def _see_everything(self, connection: Connection) -> None:
        role, sees = connection.exec_driver_sql(
            "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).one()
        if not sees:
            raise ConfigurationError(
                "The account {role} does not see every row of {database}: let the server’s superuser say "
                "“ALTER ROLE {role} BYPASSRLS” once.",
                role=role,
                database=self._url.database,
            )

    @property
    def _environment(self) -> dict[str, str]:
        """Tell the programs where to go: by the environment, for what stands on a command line everybody can read."""
        url = self._url
        told = {
            "PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password,
            "PGDATABASE": url.database, "PGCLIENTENCODING": "UTF8",
        }  # fmt: skip
        return os.environ | {name: str(value) for name, value in told.items() if value}


_DUMP = ("--no-owner", "--no-privileges", "--encoding=UTF8", "--no-password")


class PostgresSnapshot:
    """A transaction in the middle of reading, and how pg_dump is called to see the same."""

    def __init__(self, connection: Connection, dump: list[str], environment: dict[str, str]) -> None:
        self._connection, self._dump, self._environment = connection, dump, environment

    def revision(self) -> str | None:
        """Ask Alembic's own table."""
        there = _one(self._connection, "SELECT to_regclass('public.alembic_version') IS NOT NULL")
        return _one(self._connection, "SELECT max(version_num) FROM alembic_version") if there else None

    def rows(self) -> dict[str, int]:
        """Count the rows of every table, the parts of one together."""
        tables = self._connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition ORDER BY relname"
        ).scalars()
        return {name: _one(self._connection, _count(name)) for name in tables.all()}

    def pieces(self, scratch: Path) -> Iterator[bytes]:  # noqa: ARG002  # what comes is passed on at once
        """Pass on what pg_dump says; raises `ConfigurationError` when it could not say it all."""
        with tempfile.TemporaryFile() as errors:
            running = subprocess.Popen(  # noqa: S603  # found on the path, with words of our own
                self._dump, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
            assert running.stdout is not None
            try:
                while piece := running.stdout.read(PIECE):
                    yield piece
                if running.wait() != 0:
                    raise ConfigurationError("pg_dump could not do it: {reason}", reason=_said(errors))
            finally:
                running.kill()
                running.wait()
                running.stdout.close()


class PostgresLoading:
    """A psql that is being told what to do."""

    def __init__(self, running: subprocess.Popen[bytes], errors: IO[bytes], database: str) -> None:
        self._running, self._errors, self._database = running, errors, database

    def load(self, pieces: Iterable[bytes], tables: Iterable[str]) -> dict[str, int]:
        """Drop what is there and make what was, within the transaction; raises `InvalidError` when it cannot be."""
        told = self._running.stdin
        answers = self._running.stdout
        assert told is not None
        assert answers is not None
        questions = [f"SELECT '{name}', ({_count(name)});" for name in tables]
        after = "\n".join(
            ["", "SET search_path = public;", *(f"{each};" for each in GO_AGAIN), *questions, f"SELECT '{_READY}';", ""]
        )
        counted: dict[str, int] = {}
        try:
            told.write(_EMPTY.encode())
            for piece in pieces:
                told.write(piece)
            told.write(after.encode())
            told.flush()
        except BrokenPipeError:
            raise self._failed() from None
        for line in answers:
            name, _, count = line.decode().strip().partition("|")
            if name == _READY:
                return counted
            if count.isdecimal():
                counted[name] = int(count)
        raise self._failed()

    def commit(self) -> None:
        """Let psql commit."""
        self._running.communicate(b"COMMIT;\n")
        if self._running.returncode != 0:
            raise self._failed()

    def _failed(self) -> InvalidError:
        self._running.wait()
        return InvalidError(
            "{database} could not be loaded ({reason}); nothing of it was changed.",
            database=self._database,
            reason=_said(self._errors),
        )


def _one(connection: Connection, question: str) -> Any:
    return connection.exec_driver_sql(question).scalar_one()


def _count(name: str) -> str:
    return f'SELECT count(*) FROM public."{name}"'  # noqa: S608  # the tables' own names


def _said(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read(500).decode(errors="replace").strip().partition("\n")[0]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigurationError(
            "{program} is not on the path: install PostgreSQL’s client programs, at least as new as the server (on Debian "
            "“apt install postgresql-client”).",
            program=name,
        )
    return found
