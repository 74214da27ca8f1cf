"""Logs: one line an event, plain for people or JSON for a collector. Secrets and customers' numbers stay out."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from cti.masking import masked_text

_CHATTY: Final = ("uvicorn.error", "uvicorn", "httpx", "httpcore", "aiosqlite", "alembic", "asyncio")


class Plain(logging.Formatter):
    """Time, level, who, what. Cheap: a call writes several lines, in the thread that rings phones."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%H:%M:%S", time.localtime(record.created))
        line = f"{stamp}.{int(record.msecs):03d} {record.levelname.lower():7} {masked_text(record.getMessage())}"
        if record.exc_info:
            line += "\n" + masked_text(self.formatException(record.exc_info))
        return line


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        words: dict[str, Any] = {
            "at": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked_text(record.getMessage()),
        }
        if record.exc_info:
            words["exception"] = masked_text(self.formatException(record.exc_info))
        return json.dumps(words, ensure_ascii=False)


def _one_line(_: object, __: str, words: MutableMapping[str, Any]) -> str:
    """What structlog's callers say, as one message for the standard library's loggers."""
    message = str(words.pop("event", ""))
    words.pop("exc_info", None)
    return message + "".join(f" {name}={value!r}" for name, value in words.items())


def set_up(level: str, form: str) -> None:
    """Send everything that is logged, by whomever, to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel("WARNING")
    structlog.configure(
        processors=[_one_line],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
