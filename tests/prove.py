"""The long proofs: ``python tests/prove.py [kills|embedded|hostile|canaries|fuzz …] [--times 20]``; all of them unless named.

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
from pathlib import Path
from tempfile import mkdtemp

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.proofs import canaries, fuzz, hostile, kills  # found by the line above
from tests.proofs.crash_at import POINTS
from tests.proofs.kills import AT_RANDOM
from tests.proofs.servers import Postgres, RabbitMQ, servers
from tests.proofs.stack import Distributed, Embedded

ROOT = Path(__file__).parents[1]


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
    """Let an agency's broker account try what it must not do."""
    with servers() as own:
        stack = Distributed(folder / "hostile", own)
        own.rabbitmq.ask("PUT", "/vhosts/hongzhu_test_other")
        url = stack.environment("plugin legal_aid")["HONGZHU_BROKER_URL"]
        outcome = hostile.attack(url, ("/", "hongzhu_test_other"))
    say(f"hostile agency: {outcome} {' '.join(outcome.allowed)}")
    return not outcome.allowed


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


def _restart(server: Postgres | RabbitMQ) -> None:
    server.kill()
    server.start()


def _tell(title: str, account: kills.Account) -> bool:
    print(f"\n{title}")
    for line in account.lines():
        print(line)
    return account.clean


PROOFS: dict[str, Callable[[Path, int, str], bool]] = {
    "kills": prove_kills,
    "embedded": prove_embedded,
    "hostile": prove_hostile,
    "canaries": prove_canaries,
    "isolation": prove_isolation,
    "fuzz": prove_fuzz,
}


def main() -> int:
    """Run the proofs that were asked for; 0 when all hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proofs", nargs="*", choices=[*PROOFS, []], default=[], metavar="|".join(PROOFS))
    parser.add_argument("--times", type=int, default=20, help="how often each point is hit")
    parser.add_argument("--only", default="", help="only the points whose name holds this, such as 'scheduler'")
    told = parser.parse_args()
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
