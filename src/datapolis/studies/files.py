"""Files that are whole or not there, a folder held by one process, and hashes of arrays."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from datapolis.core.errors import StoreError


class Lock:
    """One process at a time; the system lets go of it when the process ends, however it ends."""

    def __init__(self, out: Path) -> None:
        self._file = (out / "lock").open("a+b")
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise StoreError(f"{out}: another run is at work in this folder") from None
            raise

    def release(self) -> None:
        """Let others in."""
        self._file.close()


@contextmanager
def disk(out: Path) -> Iterator[None]:
    """Tell what the disk refuses as a StoreError."""
    try:
        yield
    except FileNotFoundError:
        raise  # a mistake of ours, not of the disk
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full; make room and run the same command again",
            errno.EDQUOT: "your part of the disk is full; make room and run the same command again",
            errno.EACCES: "may not be written",
            errno.EROFS: "may not be written",
        }
        reason = reasons.get(
            error.errno or 0, f"cannot be written ({os.strerror(error.errno or 0)})"
        )
        raise StoreError(f"{out}: {reason}") from None


def write_whole(place: Path, content: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever happens."""
    partial = place.with_name(f"{place.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, place)
    if sys.platform != "win32":
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_new(place: Path, text: str) -> None:
    """Write a file that is not there yet; refuse to touch one that is."""
    try:
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StoreError(f"{place}: is there already; nothing was overwritten") from None
    except OSError as error:
        raise StoreError(f"{place}: cannot be written ({error.strerror})") from None


def keep_whole(place: Path, content: bytes) -> None:
    """Write a file unless it is there with this very content."""
    if not place.is_file() or place.read_bytes() != content:
        write_whole(place, content)


def write_json(place: Path, content: Any) -> None:
    """Write a JSON file as a whole."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(place, text.encode() + b"\n")


SEAL = "seal"  # the key under which plain data carries its own hash


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data with its own hash, so that a bit that flips later is seen."""
    return {**content, SEAL: _seal(content)}


def unsealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """What `sealed` was given; ValueError if it was changed since. Without a seal: as it is."""
    held = {key: value for key, value in content.items() if key != SEAL}
    if SEAL in content and content[SEAL] != _seal(held):
        raise ValueError("the seal is broken")
    return held


def _seal(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_json(place: Path) -> Any:
    """What a JSON file holds; StoreError if it cannot be read."""
    try:
        return json.loads(read_whole(place))
    except ValueError:
        raise damaged(place) from None


def damaged(place: Path) -> StoreError:
    """What is said of a file that is not what was written."""
    return StoreError(f"{place}: is damaged; use a new folder")


def write_table(out: Path, name: str, columns: Mapping[str, Any]) -> None:
    """Keep a table in the folder's tables as Parquet, whole or not at all."""
    import pyarrow
    from pyarrow import parquet

    place = out / "tables" / f"{name}.parquet"
    partial = place.with_suffix(".partial")
    with disk(out):
        place.parent.mkdir(exist_ok=True)
        parquet.write_table(pyarrow.table(dict(columns)), partial)
        os.replace(partial, place)


def read_whole(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError:
        raise StoreError(f"{place}: cannot be read; use a new folder") from None


def hash_of(values: Mapping[str, Any]) -> str:
    """The hash of named arrays; all nan are alike."""
    found = hashlib.sha256()
    for name in sorted(values):
        value = np.asarray(values[name])
        if value.dtype.kind == "f":
            value = np.where(np.isnan(value), np.float32(np.nan), value).astype(np.float32)
        found.update(f"{name} {value.dtype.str} {value.shape}".encode())
        found.update(np.ascontiguousarray(value).tobytes())
    return found.hexdigest()
