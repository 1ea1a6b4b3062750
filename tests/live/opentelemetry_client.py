"""Records known values with OpenTelemetry's SDK and pushes them to a collector: OTLP over HTTP, both kinds of histograms, delta and
cumulative, plain and gzip. Prints, as JSON, how many values each metric was given.

    opentelemetry_client.py URL         as in http://127.0.0.1:8480/v1/metrics
"""

import json
import sys

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import Resource

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
ROUNDS = 5


def provider(url, temporality, compression):
    exporter = OTLPMetricExporter(
        endpoint=url,
        compression=compression,
        preferred_temporality={Histogram: temporality, Counter: temporality},
    )
    # Exported only when it is told to: an hour is longer than this takes.
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    views = [
        View(instrument_name="*.explicit", aggregation=ExplicitBucketHistogramAggregation(BOUNDS)),
        View(instrument_name="*.exponential", aggregation=ExponentialBucketHistogramAggregation()),
    ]
    resource = Resource.create({"service.name": "shop", "host.name": "web-1"})
    return MeterProvider([reader], resource=resource, views=views)


def record(prefix, meters, given):
    meter = meters.get_meter("test")
    explicit = meter.create_histogram(f"{prefix}.explicit", unit="s")
    exponential = meter.create_histogram(f"{prefix}.exponential", unit="s")
    counter = meter.create_counter(f"{prefix}.requests")
    for number in range(ROUNDS):
        # Each round reaches further: the exponential histogram's scale shrinks.
        for place in range(100):
            value = 0.0031 * (place + 1) * 4**number
            for histogram in (explicit, exponential):
                histogram.record(value, {"http.route": "/login"})
                given[f"{prefix}.{'explicit' if histogram is explicit else 'exponential'}"].append(value)
        counter.add(7)
        assert meters.force_flush(), "not exported"
    given[f"{prefix}.requests"] = 7 * ROUNDS


def main():
    url = sys.argv[1]
    told = {}
    for prefix, temporality, compression in (
        ("delta", AggregationTemporality.DELTA, Compression.Gzip),
        ("cumulative", AggregationTemporality.CUMULATIVE, Compression.NoCompression),
    ):
        given = {f"{prefix}.explicit": [], f"{prefix}.exponential": []}
        meters = provider(url, temporality, compression)
        record(prefix, meters, given)
        meters.shutdown()
        for name, values in given.items():
            if isinstance(values, list):
                told[name] = {"count": len(values), "below_100ms": sum(value <= 0.1 for value in values)}
            else:
                told[name] = {"count": values}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
