"""Logging: fixed event names with keys and values, console or JSON lines, never patient data."""

from __future__ import annotations

import logging
import sys

import structlog

from codestroke.settings import LogSettings
from codestroke.settings.model import LogFormat

# Libraries that say too much, or say things that we say better ourselves.
_QUIET = (
    "aiokafka",
    "kafka",
    "faust",
    "mode",
    "pynetdicom",
    "pydicom",
    "alembic",
    "twilio",
    "uvicorn.access",
    "kafka.net",
)


def configure(settings: LogSettings) -> None:
    """Configure logging of this process; called once by its entry point."""
    level = logging.getLevelNamesMapping()[settings.level]
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.ERROR))
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format is LogFormat.JSON
        # The plain formatter shows no local variables: they may hold a number or a token.
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
