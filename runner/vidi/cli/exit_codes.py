"""What each exit code of a command means."""

EXIT_CODES = {
    "0": "all done or unchanged; `--estimate` within budget",
    "1": "ended, at least one failed or was moderated; the manifest is complete",
    "2": "wrong usage or job file; nothing sent",
    "3": "refused before spending: over budget, unpriced, no cap and nobody to ask, "
    "price too old, `--frozen` with something to buy",
    "4": "credentials missing or refused, account out of credit",
    "5": "unfinished: deadline reached, still running remotely; run again to fetch",
    "6": "at least one in doubt: `vidi reconcile`",
    "7": "another run holds the folder",
    "70": "our bug: a crash report with no secrets was written, its path printed",
    "130 / 143": "interrupted; everything is on disk",
}


def explain_exit(code: int) -> str:
    """What an exit code means; empty for one that is none of ours."""
    return next((told for key, told in EXIT_CODES.items() if str(code) in key.split(" / ")), "")
