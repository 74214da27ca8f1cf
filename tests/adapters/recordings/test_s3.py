"""Sounds in a bucket: the library's own store in memory stands for one."""

from __future__ import annotations

import sys

import pytest
from obstore.store import MemoryStore

from adapters.recordings.failures import NoStorage, NotThere, StorageFailure
from adapters.recordings.s3 import S3Storage, open_bucket


def test_without_the_library_the_settings_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)

    with pytest.raises(NoStorage, match=r"cti-server\[s3\]"):
        open_bucket("s3://recordings/cti")


@pytest.mark.parametrize("url", ["", "s3://", "http://bucket", "s3://Bucket!", "s3://b/x y", "file:///tmp"])
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(NoStorage, match="s3://bucket/prefix"):
        open_bucket(url)


async def test_what_is_put_into_a_bucket_is_read_in_ranges_and_removed() -> None:
    storage = S3Storage(MemoryStore())
    sound = bytes(range(256)) * 40_000

    await storage.put("demo/1.wav", iter([sound[:5_000_000], sound[5_000_000:]]))

    assert b"".join([block async for block in storage.read("demo/1.wav", 0, len(sound))]) == sound
    assert b"".join([block async for block in storage.read("demo/1.wav", 1_000_000, 7)]) == sound[1_000_000:1_000_007]
    await storage.remove("demo/1.wav")
    await storage.remove("demo/1.wav")
    with pytest.raises(NotThere):
        _ = [block async for block in storage.read("demo/1.wav", 0, 1)]


async def test_a_bucket_that_nobody_serves_is_a_failure_and_no_crash() -> None:
    storage = open_bucket("s3://bucket/x", endpoint="http://127.0.0.1:9", key="k", secret="s")

    with pytest.raises(StorageFailure):
        await storage.put("demo/1.wav", iter([b"x"]))
