"""Logs: one line an event, coloured for a terminal or JSON for a collector. Secrets and customers' numbers stay out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

_LONG_NUMBER: Final = re.compile(r"(?<![\d.:-])(\+?\d{3})\d{4,}(\d{4})(?![\d.:-])")


def masked(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Numbers keep their first three and last four digits; ids, which are joined by dots and dashes, are left alone."""
    for key, value in line.items():
        if isinstance(value, str) and key != "timestamp":
            line[key] = _LONG_NUMBER.sub(r"\1****\2", value)
    return line


def set_up(level: str, form: str) -> None:
    """Send everything that is logged, by whomever, to standard error in one form."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        masked,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_tail(form), renderer],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn.error", "uvicorn", "httpx", "httpcore", "aiosqlite", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel("WARNING")


def _tail(form: str) -> list[Any]:
    return [structlog.processors.format_exc_info] if form == "json" else []
