"""What the SDKs and the libraries under them log: at DEBUG whole requests, secrets and all."""

from __future__ import annotations

import logging

from vidi.known_secrets import hide_secrets

LIBRARIES = ("replicate", "fal_client", "httpx", "httpcore", "aiohttp")


class _HideSecrets(logging.Filter):
    """Takes every known secret out of a record before any handler has it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without its secrets."""
        record.msg, record.args = hide_secrets(record.getMessage()), None
        return True


_FILTER = _HideSecrets("")


def hide_secrets_in_logs() -> None:
    """Have every logger of the libraries leave secrets out; asked for once they are imported.

    A filter of a logger is not asked for what the loggers below it record, so each has it.
    """
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_FILTER)  # a second time changes nothing
