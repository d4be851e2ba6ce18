"""The metrics of one process: counted as things happen or read when asked for, told on the loopback address.

with Meters("decisions", folder) as meters:
    meters.read("runner", lambda: readings(runner.reports(), now))
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from subscriber.metrics import METRICS, READINGS_FAILED, Kind, Metric

__all__ = ["Meters", "Reading"]

_LOOPBACK: Final = "127.0.0.1"
# From one hop's budget of 10 ms to the case's deadline of 15 s.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_TOTAL: Final = "_total"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one metric is just now, for the values of its labels."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()


class Meters(Collector):
    """Collects, and answers `GET /metrics` while it is open.

    Args:
        process: its name in the list of processes.
        folder: where `PROCESS.url` is written, readable by its owner only.
    """

    def __init__(self, process: str, folder: Path) -> None:
        self._file = folder / f"{process}.url"
        self._registry = CollectorRegistry()
        self._direct = {metric: _made(metric) for metric in METRICS}
        self._used: set[Metric] = set()
        self._lock = threading.Lock()
        self._readings: dict[str, Callable[[], Iterable[Reading]]] = {}
        self._registry.register(self)
        self._server: WSGIServer | None = None

    def add(self, metric: Metric, amount: float, *labels: str) -> None:
        """Count; a gauge may also fall."""
        meter = self._meter(metric)
        if isinstance(meter, Histogram):
            raise TypeError(f"{metric.name} is observed, not counted")
        (meter.labels(*labels) if labels else meter).inc(amount)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Note one value of a histogram."""
        meter = self._meter(metric)
        if not isinstance(meter, Histogram):
            raise TypeError(f"{metric.name} is counted, not observed")
        (meter.labels(*labels) if labels else meter).observe(value)

    def read(self, name: str, reading: Callable[[], Iterable[Reading]]) -> None:
        """Have something read at each asking, by the asking's own thread; the same name again: instead."""
        with self._lock:
            self._readings = {**self._readings, name: reading}

    def open(self) -> Meters:
        """Listen on a free port, and write where."""
        server, _thread = start_http_server(0, _LOOPBACK, self._registry)
        self._server = server
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(f"http://{_LOOPBACK}:{server.server_port}/metrics\n")
        new.replace(self._file)
        return self

    def close(self) -> None:
        """Stop listening; the address is taken away."""
        if self._server is not None:
            self._file.unlink(missing_ok=True)
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Meters:
        return self.open()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def collect(self) -> Iterator[Family]:
        """Give everything there is; for the registry."""
        yield from self._read_now()
        with self._lock:
            used = [self._direct[metric] for metric in METRICS if metric in self._used]
        for meter in used:
            yield from meter.collect()

    def describe(self) -> Iterator[Family]:
        """Name nothing before it is there; see prometheus_client's `Collector`."""
        return iter(())

    def _meter(self, metric: Metric) -> Counter | Gauge | Histogram:
        with self._lock:
            self._used.add(metric)
        return self._direct[metric]

    def _read_now(self) -> Iterator[Family]:
        found: defaultdict[Metric, list[Reading]] = defaultdict(list)
        for name, reading in self._readings.items():
            try:
                for each in reading():
                    found[each.metric].append(each)
            except Exception:  # noqa: BLE001 - one thing that is away must not hide all others; it is counted
                self.add(READINGS_FAILED, 1, name)
        for metric, readings in found.items():
            yield _family(metric, readings)


def _made(metric: Metric) -> Counter | Gauge | Histogram:
    match metric.kind:
        case Kind.COUNTER:
            name = metric.name.removesuffix(_TOTAL)
            return Counter(name, metric.meaning, metric.labels, registry=None)
        case Kind.GAUGE:
            return Gauge(metric.name, metric.meaning, metric.labels, registry=None)
        case Kind.HISTOGRAM:
            return Histogram(metric.name, metric.meaning, metric.labels, registry=None, buckets=_BUCKETS)


def _family(metric: Metric, readings: Iterable[Reading]) -> Family:
    family: CounterMetricFamily | GaugeMetricFamily
    if metric.kind is Kind.COUNTER:
        name = metric.name.removesuffix(_TOTAL)
        family = CounterMetricFamily(name, metric.meaning, labels=metric.labels)
    else:
        family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for reading in readings:
        family.add_metric(reading.labels, reading.value)
    return family
