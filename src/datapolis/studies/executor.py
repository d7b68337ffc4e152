"""Spreading batches over threads of this process, or over the workers of a Dask cluster.

The work is one function of one batch. What it returns is kept here, in this process, as soon as it
is there: only one process writes, and no more is held in memory than what is being computed. What
a lost worker had is computed again by another.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from datapolis.core.errors import InputError

Batch = TypeVar("Batch")
Result = TypeVar("Result")

AHEAD = 2  # batches that a worker is given before it has returned one
PATIENCE = "20s"  # for a scheduler to answer
STARTS = 3  # of processes here, before it is given up
LOOK, ALONE = 1.0, 180.0  # seconds between two looks for workers, and without any
LARGE = {"distributed.admin.large-graph-warning-threshold": "1TB"}  # the work is sent once


def spread(
    work: Callable[[Batch], Result],
    batches: Sequence[Batch],
    keep: Callable[[Batch, Result, float], None],
    fail: Callable[[Batch, Exception], None],
    *,
    scheduler: str | None = None,
) -> list[Exception]:
    """Do the work of all batches; keep each result or its error; return the errors.

    scheduler   None: Dask's threads in this process. "tcp://host:8786": the workers of that Dask
                scheduler, which have the same datapolis. "processes:2": so many processes here

    A batch that fails does not stop the others. What is wrong with the input does: InputError.
    Once this has returned or raised, nothing is kept any more, though a thread may still compute.
    """
    errors: list[Exception] = []
    keeping, over = threading.Lock(), threading.Event()

    def take(batch: Batch, result: Result | Exception, seconds: float) -> None:
        with keeping:
            if over.is_set():
                return
            if isinstance(result, InputError):
                raise result
            if isinstance(result, Exception):
                fail(batch, result)
                errors.append(result)
            else:
                keep(batch, result, seconds)

    try:
        if batches and scheduler is None:
            _over_threads(work, batches, take)
        elif batches:
            _over_workers(work, batches, take, str(scheduler))
    finally:
        with keeping:
            over.set()
    return errors


def timed(work: Callable[[Batch], Result], batch: Batch) -> tuple[Result | Exception, float]:
    """What the work returns, or the error it raises, and the seconds it took."""
    began = time.monotonic()
    try:
        return work(batch), time.monotonic() - began
    except Exception as error:
        return error, time.monotonic() - began


def _over_threads(work: Any, batches: Sequence[Any], take: Callable[..., None]) -> None:
    import dask

    waiting, turn = iter(batches), threading.Lock()

    def do_next() -> None:
        with turn:  # whichever task Dask begins first takes the first batch
            batch = next(waiting)
        take(batch, *timed(work, batch))

    dask.compute(
        *[dask.delayed(do_next, pure=False)() for _ in batches],
        scheduler="threads",
        num_workers=os.cpu_count() or 1,
    )


def _over_workers(
    work: Any, batches: Sequence[Any], take: Callable[..., None], scheduler: str
) -> None:
    import dask
    from distributed import as_completed
    from distributed.protocol.pickle import dumps, loads

    with dask.config.set(LARGE), _client(scheduler) as client:
        waiting = iter(batches)
        # as a task, whose result is made again where it is lost; as bytes, so that a worker that
        # lacks a module says so
        shared = client.submit(loads, dumps(work), pure=False)
        given: dict[str, Any] = {}
        running = as_completed()

        def give() -> None:
            batch = next(waiting, None)
            if batch is not None:
                future = client.submit(timed, shared, batch, pure=False)
                given[future.key] = batch
                running.add(future)

        for _ in range(AHEAD * max(1, sum(client.nthreads().values()))):
            give()
        for future in _coming(running, client, scheduler):
            result = future.result() if future.status == "finished" else (_lost(future), 0.0)
            take(given.pop(future.key), *result)
            give()


def _coming(running: Any, client: Any, scheduler: str) -> Iterator[Any]:
    """What is computed, as it comes; InputError if there has been no worker for long."""
    looked = alone = 0.0
    while running.count():
        if running.has_ready():
            yield next(running)
            alone = 0.0
            continue
        time.sleep(0.02)
        looked += 0.02
        if looked < LOOK:
            continue
        alone = 0.0 if client.nthreads() else alone + looked
        looked = 0.0
        if alone > ALONE:
            raise InputError(
                "no worker is left; what is done is kept",
                field="scheduler",
                value=scheduler,
                allowed="a scheduler that has workers; then the same command goes on",
            )


def _lost(future: Any) -> Exception:
    """Why a batch did not come back: workers that died with it, one after another."""
    error = future.exception()
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def _cluster(many: int, scheduler: str, left: int = STARTS - 1) -> Any:
    """So many processes here; once more if one of them dies while they start."""
    from distributed import LocalCluster

    try:
        return LocalCluster(n_workers=many, threads_per_worker=1, dashboard_address=None)
    except (RuntimeError, OSError) as error:
        if left:
            return _cluster(many, scheduler, left - 1)
        raise InputError(
            "the processes did not start",
            field="scheduler",
            value=scheduler,
            allowed="fewer processes, or threads: no scheduler",
        ) from error


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "needs the package distributed",
            field="scheduler",
            value=scheduler,
            allowed="pip install 'datapolis[studies]'",
        ) from None
    if scheduler.startswith("processes:"):
        many = scheduler.removeprefix("processes:")
        if not many.isdigit() or not 1 <= int(many) <= 4 * (os.cpu_count() or 1):
            raise InputError(
                "not a number of processes",
                field="scheduler",
                value=scheduler,
                allowed=f"processes:1 to processes:{4 * (os.cpu_count() or 1)}",
            )
        with _cluster(int(many), scheduler) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(
            "no Dask scheduler answers there",
            field="scheduler",
            value=scheduler,
            allowed='an address such as "tcp://host:8786", or "processes:2"',
        ) from error
    with client:
        yield client
