"""Kills, faults and callbacks of a hostile network: is a page ever lost, is anybody ever paged twice?

``python -m bench.paging_faults --seeds 300 --json`` plays that many seeds, some at once. Each has a database of its own
on one PostgreSQL, a carrier with faults, two real pager processes that are killed (SIGKILL) at await boundaries and
started again, and incidents for people who answer, decline, pass on or stay silent. The verdict comes from the
carrier's ledger. ``--pager`` takes a pager that is broken on purpose: then the harness must find losses or doubles.

Exit status 1 where anything was lost or doubled or did not end. Talks to loopback only and stops by itself.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path


def main() -> int:
    """Parse the command line and run; return the exit status."""
    # Here, because every pager process imports the main module again.
    from bench.paging_broken import Variant
    from bench.paging_databases import postgres
    from bench.paging_process import log_to
    from bench.paging_runs import SLOTS, run
    from bench.report import show

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON document")
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--slots", type=int, default=SLOTS, help="seeds played at once")
    parser.add_argument("--pager", type=Variant, choices=list(Variant), default=Variant.REAL)
    parser.add_argument("--logs", type=Path, help="write the pagers' logs of each seed into this folder")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "codestroke")
    options = parser.parse_args()
    log_to(options.logs / "carriers.log" if options.logs else None)
    seeds = range(options.first, options.first + options.seeds)
    with postgres(options.cache) as url:
        report = asyncio.run(run(seeds, url, variant=options.pager, slots=options.slots, logs=options.logs))
    show(report, quiet=options.json)
    return 0 if not (report["lost"] or report["doubled"] or report["unfinished"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
