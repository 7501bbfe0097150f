"""The benchmarks, each a ratio against its limit in the same run: `python benchmarks/run.py [--children N]`."""

import argparse
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--children", type=int, default=1_000_000, help="fewer for a quick look")
    arguments.add_argument("--rounds", type=int, default=3, help="the best of so many counts, on both sides")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="hongzhu-bench-") as home:
        os.environ["HONGZHU_HOME"] = home
        import api_reads
        import import_rosters
        import pages
        import peers
        import plan_and_emit
        import report

        load = os.getloadavg()[0]
        results = plan_and_emit.measure(chosen.children, chosen.rounds)
        results += peers.measure(chosen.rounds)
        results += import_rosters.measure(min(100_000, chosen.children), chosen.rounds)
        results += api_reads.measure(min(100_000, chosen.children), chosen.rounds)
        results += pages.measure(min(100_000, chosen.children))
        results += report.measure(chosen.children, chosen.rounds)
    lines = [
        "# Benchmarks",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {sys.version.split()[0]}."
        " Trust the ratios: each is against its limit in the same run,"
        f" the best of {chosen.rounds} rounds on either side."
        f" Load of the machine at the beginning: {load:.1f}.",
        "",
        "| path | measured | limit in the same run | ratio | target | met |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(each[:-1])} | {'yes' if each.met else 'no'} |" for each in results),
    ]
    written = "\n".join(lines) + "\n"
    print(written)
    if chosen.children == 1_000_000:
        (HERE / "results.md").write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
