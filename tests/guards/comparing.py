"""What is kept beside what is found: differences in words, files, and the platform of bits."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform as machine
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FROZEN = Path(__file__).parent / "frozen"
BITS = "sha256"  # the key of a hash of floats, which holds on one platform only
SUMS = ("sum", "by place")
NEAR_ZERO = 1e-12
SHOWN = 160  # characters of a text that is told


def differences_of(kept: Any, found: Any, relative: float, where: str = "") -> list[str]:
    """What is not as it was kept, in sentences; hashes of bits are left out."""
    return list(_differences(kept, found, relative, where, NEAR_ZERO))


def _differences(kept: Any, found: Any, relative: float, where: str, near: float) -> Iterator[str]:
    if isinstance(kept, Mapping) and isinstance(found, Mapping):
        size = kept.get("size", 0.0)  # of numbers that are added up: their sum may cancel
        for key in sorted({*kept, *found} - {BITS}):
            place = f"{where}: {key}" if where else str(key)
            if key not in found:
                yield f"{place}: is gone; it was {_shown(kept[key])}"
            elif key not in kept:
                yield f"{place}: is new: {_shown(found[key])}"
            else:
                close = max(near, relative * size) if key in SUMS else near
                yield from _differences(kept[key], found[key], relative, place, close)
    elif _is_list(kept) and _is_list(found):
        yield from _of_lists(kept, found, relative, where, near)
    elif _is_number(kept) and _is_number(found):
        if not math.isclose(kept, found, rel_tol=relative, abs_tol=near):
            yield f"{where}: {found!r}, kept {kept!r}"
    elif kept != found or isinstance(kept, bool) != isinstance(found, bool):
        yield f"{where}: {_shown(found)}, kept {_shown(kept)}"


def _of_lists(
    kept: Sequence[Any], found: Sequence[Any], relative: float, where: str, near: float
) -> Iterator[str]:
    """Elements that have a name are compared by it; texts of lists of unequal length by content."""
    before, now = _names(kept), _names(found)
    if before is not None and now is not None:
        yield from _differences(
            dict(zip(before, kept, strict=True)),
            dict(zip(now, found, strict=True)),
            relative,
            where,
            near,
        )
        if sorted(before) == sorted(now) and before != now:
            yield f"{where}: in another order"
    elif len(kept) == len(found):
        for place, (one, other) in enumerate(zip(kept, found, strict=True)):
            yield from _differences(one, other, relative, f"{where}[{place}]", near)
    else:
        yield f"{where}: {len(found)} of them, kept {len(kept)}"
        for line in other_lines([*map(_text, kept)], [*map(_text, found)]):
            yield f"{where}: {_shown(line)}"


def _names(rows: Sequence[Any]) -> list[str] | None:
    """A name for each row of findings; None if they have none."""
    if not rows or not all(isinstance(row, Mapping) and "name" in row for row in rows):
        return None
    seen: Counter[str] = Counter()
    names = []
    for row in rows:
        name = ", ".join(part for part in (row["name"], row.get("of", "")) if part)
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def other_bits(kept: Any, found: Any, where: str = "") -> list[str]:
    """The places whose hash is not the one that was kept."""
    if not (isinstance(kept, Mapping) and isinstance(found, Mapping)):
        return []
    own = [where] if kept.get(BITS) != found.get(BITS) else []
    inside = (
        other_bits(kept[key], found[key], f"{where}: {key}" if where else str(key))
        for key in kept.keys() & found.keys()
    )
    return sorted([*own, *(one for every in inside for one in every)])


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _shown(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def sums(values: Any) -> dict[str, Any]:
    """How many values there are, and sums that change with any of them or with their order."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        return {"values": len(array), "texts": _digest(array)}
    number = array.astype(float)
    finite = np.isfinite(number)
    number = np.where(finite, number, 0.0)
    place = np.arange(1, len(number) + 1) / max(len(number), 1)
    return {
        "values": len(number),
        "finite": int(finite.sum()),
        "sum": float(number.sum()),
        "size": float(np.abs(number).sum()),
        "by place": float(number @ place),
    }


def _digest(texts: np.ndarray) -> str:
    return hashlib.sha256("\0".join(map(str, texts.tolist())).encode()).hexdigest()[:16]


def platform() -> str:
    """On what the bits of a simulation depend: processor, JAX, and how it compiles."""
    flags: list[str] = []
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        every = next((line for line in lines if line.startswith(("flags", "Features"))), "")
        vector = ("avx", "fma", "f16c", "sse4", "amx", "asimd", "sve")
        flags = sorted({one for one in every.split() if one.startswith(vector)})
    except OSError:
        flags = [machine.processor()]
    parts = {
        "machine": f"{machine.system()} {machine.machine()}",
        "processor": " ".join(flags),
        "jax": version("jax"),
        "XLA_FLAGS": os.environ.get("XLA_FLAGS", ""),
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items())


# --- files --------------------------------------------------------------------------------------


def read_json(name: str) -> Any:
    """What is kept under a name; nothing if nothing is."""
    place = FROZEN / f"{name}.json"
    return json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}


def write_json(name: str, content: Any) -> None:
    """Keep plain values, so that a change shows as a changed line."""
    (FROZEN / f"{name}.json").write_text(f"{_laid_out(content)}\n", encoding="utf-8")


def _laid_out(value: Any, depth: int = 0) -> str:
    """JSON with sorted keys: a line for each finding, note and array."""
    if depth == 3 or not value or not isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    pad = " " * (depth + 1)
    if isinstance(value, list):
        lines, (first, last) = [_laid_out(one, depth + 1) for one in value], "[]"
    else:
        lines = [
            f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(value[key], depth + 1)}"
            for key in sorted(value)
        ]
        first, last = "{}"
    inside = ",\n".join(f"{pad}{line}" for line in lines)
    return f"{first}\n{inside}\n{' ' * depth}{last}"


def read_lines(name: str) -> list[str]:
    """The lines that are kept under a name; none if nothing is."""
    place = FROZEN / f"{name}.txt"
    return place.read_text(encoding="utf-8").splitlines() if place.is_file() else []


def write_lines(name: str, lines: Sequence[str]) -> None:
    """Keep lines."""
    (FROZEN / f"{name}.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def other_lines(kept: Sequence[str], found: Sequence[str]) -> list[str]:
    """Which lines are gone and which are new."""
    lost = [f"is gone: {line}" for line in _beyond(kept, found)]
    return [*lost, *(f"is new: {line}" for line in _beyond(found, kept))]


def _beyond(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """The lines that stand here more often than there, in their order."""
    more, told = Counter(lines) - Counter(others), []
    for line in lines:
        if more[line] > 0:
            more[line] -= 1
            told.append(line)
    return told
