"""The long proofs: ``python -m tests.proofs [kills|year …] [--times 20] [--days 312]``; all of them unless named; see ``--help``.

Each prints its counts and nothing is skipped: what a proof needs and does not find ends it with an error.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from rich.console import Console
from tests.proofs import agency, backlog, canaries, fuzz, hostile, kills, poison
from tests.proofs.account import Account
from tests.proofs.crash_at import POINTS
from tests.proofs.kills import AT_RANDOM
from tests.proofs.servers import Postgres, RabbitMQ, servers
from tests.proofs.stack import Distributed, Embedded, Stack

from hongzhu import runtime
from hongzhu.rehearsal import report
from hongzhu.rehearsal.command import demo_data
from hongzhu.rehearsal.rehearsal import Rehearsal

ROOT = Path(__file__).parents[2]
FIRST_DAY, DAYS = date(2020, 9, 1), 312
"""The school year that the demo's calendar holds, from its first day to its last."""


def say(line: str) -> None:
    """Print a line at once, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def prove_kills(folder: Path, times: int, only: str) -> bool:
    """Kill every component of the distributed stack at each of its points and at random."""
    with servers() as own:
        points = {
            name: [point for point in (*each, AT_RANDOM) if only in f"{name} · {point}"] * times
            for name, each in POINTS.items()
        }
        disturbances = {"broker": lambda: _restart(own.rabbitmq), "database": lambda: _restart(own.postgres)}
        account = kills.live(lambda n: Distributed(folder / f"county-{n}", own), points, disturbances, say)
    return _tell("kills, PostgreSQL and RabbitMQ", account)


def prove_embedded(folder: Path, times: int, only: str) -> bool:
    """Kill the embedded stack, which is one process, at random."""
    account = kills.live(lambda n: Embedded(folder / f"county-{n}"), {"up": [AT_RANDOM] * times}, {}, say)
    return _tell("kills, embedded", account)


def prove_hostile(folder: Path, times: int, only: str) -> bool:
    """Let every agency's broker account try what it must not do, to itself, to each other agency and to the services."""
    names = [each.name for each in runtime.agencies()]
    outcome = hostile.Outcome(0, [])
    with servers() as own:
        stack = Distributed(folder / "hostile", own, names)
        own.rabbitmq.ask("PUT", "/vhosts/hongzhu_test_other")
        for name in names:
            url = stack.environment(f"plugin {name}")["HONGZHU_BROKER_URL"]
            others = [each for each in names if each != name]
            outcome += (each := hostile.attack(url, name, others, ("/", "hongzhu_test_other")))
            say(f"  {name}: {each}")
    say(f"hostile, {len(names)} agencies: {outcome} {' '.join(outcome.allowed)}")
    return not outcome.allowed


def prove_agency(folder: Path, times: int, only: str) -> bool:
    """Kill an agency on a machine of its own while tasks arrive, upgrade it, suspend it and revoke it."""
    if reason := agency.may_make_namespaces():
        raise RuntimeError(reason)
    folder.chmod(0o755)
    python = agency.make_environment(folder)
    with servers() as own:
        stack = Distributed(folder / "stack", own, ["education_bureau"])
        try:
            with agency.Machine(python, folder).connected() as machine:
                outcome = agency.live(stack, machine, times, say)
        finally:
            stack.stop()
    say(f"agency alone: {outcome}")
    return outcome.clean


def prove_backlog(folder: Path, times: int, only: str) -> bool:
    """Let 100,000 messages wait for one stopped agency, or 5,000 for each of `--times`; the others must not notice."""
    names = [each.name for each in runtime.agencies()]
    with servers() as own:
        url = f"{own.rabbitmq.url}/"
        outcome = backlog.prove(url, folder, say, many=5_000 * times, asked=3_000, agencies=names)
    say(f"backlog: {outcome}")
    return outcome.clean


def prove_poison(folder: Path, times: int, only: str) -> bool:
    """Send every kind of poison among 1,000 good messages, or 50 for each of `--times`."""
    with servers() as own:
        outcome = poison.poison(f"{own.rabbitmq.url}/", 50 * times, say)
    say(f"poison: {outcome} {' '.join(outcome.unseen)}")
    return outcome.clean


def prove_canaries(folder: Path, times: int, only: str) -> bool:
    """Let a thousand canaries go through everything, and search for them everywhere."""
    clean = True
    with servers() as own:
        for number in range(times):
            outcome = canaries.fly(Distributed(folder / f"canaries-{number}", own), 1000, say)
            say(f"canaries: {outcome}")
            for hit in (*outcome.hits[:20], *outcome.clear[:20]):
                say(f"  {hit}")
            clean &= outcome.clean
    return clean


def prove_fuzz(folder: Path, times: int, only: str) -> bool:
    """Ask the API as each role, 5,000 times or 250 for each of `--times`, on both kinds of database."""
    clean = True
    for database, tallies in fuzz.fuzz_all(250 * times, folder):
        for tally in tallies:
            say(f"{database}: {tally}")
            for finding in tally.findings[:20]:
                say(f"  {finding}")
            clean &= tally.clean
    return clean


def prove_isolation(folder: Path, _times: int, _only: str) -> bool:
    """Ask every route as every role, and ten thousand questions on one connection behind row-level security."""
    room = ROOT / "services/registry/tests"
    return not subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder / 'pytest'}"]
        + [str(room / name) for name in ("test_policy.py", "test_isolation.py", "test_fields.py")],
        env=os.environ | {"HONGZHU_PROVE_REQUESTS": "10000", "HONGZHU_REQUIRE_SERVICES": "1"},
        cwd=ROOT,
        check=False,
    ).returncode


def prove_year(folder: Path, times: int, only: str, days: int = DAYS) -> bool:
    """Rehearse a whole school year of the demo's city with chaos, on PostgreSQL and RabbitMQ."""
    with servers() as own:
        stack = Distributed(folder / "year", own, [each.name for each in runtime.agencies()])
        restarts = {"broker": lambda: _restart(own.rabbitmq), "database": lambda: _restart(own.postgres)}
        return _rehearse(stack, FIRST_DAY, days, restarts)


def prove_sixty(folder: Path, times: int, only: str) -> bool:
    """Rehearse sixty days of the demo's city with chaos, embedded."""
    return _rehearse(Embedded(folder / "sixty"), FIRST_DAY, 60, {})


def _rehearse(stack: Stack, first: date, days: int, restarts: dict[str, Callable[[], None]]) -> bool:
    stack.forking = True
    stack.configure_here()
    began = time.monotonic()
    lived: dict[str, date] = {}

    def progress(day: date, doing: str) -> None:
        if day.day == 1 and lived.get("day") != day:
            say(f"  {day}")
        lived["day"] = day
        with (stack.folder / "progress.log").open("a") as log:
            log.write(f"{time.monotonic() - began:7.2f} {day} {doing}\n")

    rehearsal = Rehearsal(stack, first, days, chaos=True, restarts=restarts, progress=progress)
    outcome = rehearsal.live(demo_data())
    took = time.monotonic() - began
    say(
        f"{type(stack).__name__.lower()}: {rehearsal.lived} days in {took:.0f} s, {rehearsal.people.filed} tasks filed for"
    )
    for what, many in sorted(rehearsal.chaos.done.items() if rehearsal.chaos else ()):
        say(f"  {what}: {many}")
    for what, many in sorted(rehearsal.people.refused.items()):
        say(f"  refused: {what}: {many}")
    for code, reason in sorted(outcome.left_out.items()):
        say(f"  not compared: {code} ({reason})")
    for each in (*outcome.lost[:10], *outcome.dup[:10], *outcome.wrong[:10]):
        say(f"  {each}")
    Console(highlight=False, markup=False).print(report.laid_out(rehearsal, outcome))
    say(str(outcome))
    return outcome.clean


def _restart(server: Postgres | RabbitMQ) -> None:
    server.kill()
    server.start()


def _tell(title: str, account: Account) -> bool:
    print(f"\n{title}")
    for line in account.lines():
        print(line)
    return account.clean


PROOFS: dict[str, Callable[[Path, int, str], bool]] = {
    "kills": prove_kills,
    "embedded": prove_embedded,
    "hostile": prove_hostile,
    "agency": prove_agency,
    "backlog": prove_backlog,
    "poison": prove_poison,
    "canaries": prove_canaries,
    "isolation": prove_isolation,
    "fuzz": prove_fuzz,
    "year": prove_year,
    "sixty": prove_sixty,
}


def main() -> int:
    """Run the proofs that were asked for; 0 when all hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("proofs", nargs="*", choices=[*PROOFS, []], default=[], metavar="|".join(PROOFS))
    parser.add_argument("--times", type=int, default=20, help="how often each point is hit")
    parser.add_argument("--days", type=int, default=DAYS, help="how much of the school year is rehearsed")
    parser.add_argument("--only", default="", help="only the points whose name holds this, such as 'scheduler'")
    told = parser.parse_args()
    PROOFS["year"] = partial(prove_year, days=told.days)
    # Told to end in any way, it still takes its servers and processes with it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    signal.signal(signal.SIGINT, lambda _number, _frame: sys.exit(1))
    failed = []
    for name in told.proofs or PROOFS:
        folder = Path(mkdtemp(prefix=f"hongzhu-{name}-"))
        if PROOFS[name](folder, told.times, told.only):
            shutil.rmtree(folder)
        else:
            failed.append(f"{name}: see {folder}")
    print("\n".join(["", *failed]) if failed else "\nall hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
