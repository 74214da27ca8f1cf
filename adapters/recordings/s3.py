"""Sounds in a bucket of any S3-compatible store, by `obstore` (the extra `s3`), which is loaded only here."""

from __future__ import annotations

import importlib
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, Final

from adapters.recordings.failures import NoStorage, NotThere, StorageFailure
from adapters.recordings.storage import BLOCK, checked

_URL: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,62})(?:/([A-Za-z0-9_/-]*))?")


def open_bucket(url: str, *, endpoint: str = "", region: str = "", key: str = "", secret: str = "") -> S3Storage:
    """The storage behind `s3://bucket/prefix`; raises `NoStorage`, naming what is wrong or missing."""
    found = _URL.fullmatch(url)
    if found is None:
        raise NoStorage("recordings_store is empty (disk) or s3://bucket/prefix")
    try:
        store = importlib.import_module("obstore.store")
    except ImportError:
        raise NoStorage("recordings_store wants the extra s3: pip install 'cti-server[s3]'") from None
    settings: dict[str, Any] = {"region": region or "us-east-1"}
    if endpoint:
        settings["endpoint"] = endpoint
    if key:
        settings |= {"access_key_id": key, "secret_access_key": secret}
    retry = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
    client = {"allow_http": endpoint.startswith("http://"), "timeout": "60s"}
    try:
        bucket = store.S3Store(
            found[1],
            prefix=(found[2] or "").strip("/") or None,
            client_options=client,
            retry_config=retry,
            **settings,
        )
    except Exception as failure:
        raise NoStorage(f"recordings_store cannot be used: {failure}") from None
    return S3Storage(bucket)


class S3Storage:
    """`bucket` is a store of obstore's."""

    def __init__(self, bucket: Any) -> None:
        self._obstore = importlib.import_module("obstore")
        exceptions = importlib.import_module("obstore.exceptions")
        self._missing: tuple[type[Exception], ...] = (exceptions.NotFoundError, FileNotFoundError)
        self._bucket = bucket

    def prepare(self) -> None:
        """Nothing: the bucket is there, or the first sound says that it is not."""

    async def put(self, place: str, chunks: Iterator[bytes]) -> None:
        # In parts, one after the other: a bucket shows an upload only when all of it is there.
        try:
            await self._obstore.put_async(self._bucket, checked(place), chunks, max_concurrency=2)
        except OSError as failure:
            raise StorageFailure(f"{place}: {failure.strerror or failure}") from failure
        except Exception as failure:
            raise StorageFailure(f"{place}: {_why(failure)}") from failure

    async def read(self, place: str, start: int, length: int) -> AsyncIterator[bytes]:
        try:
            while length > 0:
                size = min(16 * BLOCK, length)
                block = await self._obstore.get_range_async(self._bucket, checked(place), start=start, length=size)
                yield bytes(block)
                start, length = start + size, length - size
        except self._missing:
            raise NotThere(f"there is no {place}") from None
        except StorageFailure:
            raise
        except Exception as failure:
            raise StorageFailure(f"{place}: {_why(failure)}") from failure

    async def remove(self, place: str) -> None:
        try:
            await self._obstore.delete_async(self._bucket, checked(place))
        except self._missing:
            pass
        except Exception as failure:
            raise StorageFailure(f"{place}: {_why(failure)}") from failure

    def free(self) -> int | None:
        return None


def _why(failure: Exception) -> str:
    return str(failure).splitlines()[0][:200] if str(failure) else type(failure).__name__
