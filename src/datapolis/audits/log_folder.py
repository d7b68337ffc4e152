"""The folder of a log of releases: its key, what was entered, and the sets that were published.

    key           32 random bytes; hashes with it tell units apart, and nothing without it
    ledger.jsonl  a line for each release, oldest first: no cell, no label, no size
    sets/*.npz    of each population, in which published sets each of its units was
    busy          there while a process holds the log

Every file is written whole or not at all, and none can be read by others than its owner.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from datapolis.audits.disclosure_control import Sets
from datapolis.core.errors import StoreError

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, UInt64

    Column = np.ndarray[Any, np.dtype[Any]]

KEY, LOG, BUSY, STORED = "key", "ledger.jsonl", "busy", "sets"


@dataclass(frozen=True)
class Published:
    """The sets of one population that were published, as hashes of items and units."""

    ids: UInt64[Column, "item"]  # ascending
    units: UInt64[Column, "item"]
    atom: Int[Column, "item"]  # items in the same sets
    matrix: Bool[Column, "set atom"]
    release: Int[Column, "set"]  # in which release each set was published first
    number: Int[Column, "set"]  # of the set among those of that release

    def with_sets(self, new: Published) -> Published:
        """What both published; a set that was published before is not entered again."""
        ids = np.union1d(self.ids, new.ids)
        units = np.zeros(ids.size, np.uint64)
        places = []
        for one in (self, new):
            at = np.searchsorted(ids, one.ids)
            units[at] = one.units
            place = np.full(ids.size, one.matrix.shape[1])  # in no set
            place[at] = one.atom
            places.append(place)
        pair, atom = np.unique(
            places[0] * (new.matrix.shape[1] + 1) + places[1], return_inverse=True
        )
        split = np.divmod(pair, new.matrix.shape[1] + 1)
        old, added = (
            np.pad(one.matrix, ((0, 0), (0, 1)))[:, at]
            for one, at in zip((self, new), split, strict=True)
        )
        known = {row.tobytes() for row in np.packbits(old, axis=1)}
        fresh = [row.tobytes() not in known for row in np.packbits(added, axis=1)]
        return Published(
            ids=ids,
            units=units,
            atom=atom,
            matrix=np.concatenate([old, added[fresh]]),
            release=np.concatenate([self.release, new.release[fresh]]),
            number=np.concatenate([self.number, new.number[fresh]]),
        )

    @property
    def as_sets(self) -> Sets:
        """The sets with units numbered from 0."""
        return Sets(self.matrix, self.atom, np.unique(self.units, return_inverse=True)[1])


class LogFolder:
    """A folder with the log of releases and the key of its hashes."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / KEY).exists():
                self._write(KEY, secrets.token_bytes(32), os.O_EXCL)
            self.key = (self.folder / KEY).read_bytes()
        except OSError as error:
            raise StoreError(f"{folder}: no log can be kept here ({error.strerror})") from error

    @property
    def entries(self) -> list[dict[str, Any]]:
        """What was entered so far, oldest first."""
        try:
            lines = (self.folder / LOG).read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.folder / LOG}: cannot be read; nothing was told") from error

    def stored(self, name: str) -> Published:
        """The sets of a population that were published; none if it is new."""
        path = self.folder / STORED / f"{name}.npz"
        none = np.zeros(0, np.uint64)
        if not path.exists():
            empty = np.zeros(0, int)
            return Published(none, none, empty, np.zeros((0, 0), bool), empty, empty)
        try:
            with np.load(path, allow_pickle=False) as file:
                atoms = int(file["atoms"])
                packed = file["matrix"]
                matrix = np.unpackbits(packed, axis=1, count=atoms).astype(bool)
                return Published(
                    ids=file["ids"],
                    units=file["units"],
                    atom=file["atom"],
                    matrix=matrix,
                    release=file["release"],
                    number=file["number"],
                )
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StoreError(f"{path}: cannot be read; nothing was published") from error

    def store(self, name: str, sets: Published) -> None:
        """Store the sets of a population, whole or not at all."""
        (self.folder / STORED).mkdir(exist_ok=True, mode=0o700)
        content = BytesIO()
        np.savez_compressed(
            content,
            ids=sets.ids,
            units=sets.units,
            atom=sets.atom,
            matrix=np.packbits(sets.matrix, axis=1),
            atoms=np.array(sets.matrix.shape[1]),
            release=sets.release,
            number=sets.number,
        )
        path = self.folder / STORED / f"{name}.npz"
        self._write(f"{STORED}/{name}.part", content.getvalue(), os.O_TRUNC)
        os.replace(path.with_suffix(".part"), path)

    def add(self, **entry: Any) -> None:
        """Add an entry, while the log is held."""
        line = json.dumps({"date": date.today().isoformat(), **entry}) + "\n"
        self._write(LOG, line.encode(), os.O_APPEND)

    def _write(self, name: str, content: bytes, how: int) -> None:
        place = os.open(self.folder / name, os.O_WRONLY | os.O_CREAT | how, 0o600)
        with os.fdopen(place, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(place)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the log, so that nothing is entered between a check and its entry."""
        busy = self.folder / BUSY
        try:
            self._write(BUSY, b"", os.O_EXCL)
        except FileExistsError:
            raise StoreError(
                f"{busy}: another process holds the log; if none runs, remove it"
            ) from None
        try:
            yield
        finally:
            busy.unlink()

    def _digest(self, what: str, text: str, size: int) -> bytes:
        content = f"{what}\x1e{text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, key=self.key, digest_size=size).digest()

    def hash_of(self, what: str, text: str) -> str:
        """What stands for a text in the log; `what` keeps texts of two kinds apart."""
        return self._digest(what, text, 16).hex()

    def ids(self, what: str, texts: Sequence[str]) -> UInt64[Column, "unit"]:
        """What stands for each of these texts, as numbers."""
        return np.frombuffer(b"".join(self._digest(what, one, 8) for one in texts), np.uint64)
