"""A real client of Prometheus against the collector's endpoints: its numbers against the known latencies of a capture.

A day is synthesized and replayed into a collector's store; prometheus-api-client asks as Grafana does. What it is told
must be what the truth beside the capture says: counts exactly, quantiles within a bin.
"""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from prometheus_api_client import PrometheusConnect

from common import ROOT, temporary_directory

WIRELAT = os.environ.get("WIRELAT", str(ROOT / "target/release/wirelat"))
TRANSACTIONS = 50_000
OBJECTIVE_S = 1.5
# A bin is at most 10 % wide.
BIN = 0.1


def wirelat(*arguments):
    subprocess.run([WIRELAT, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def truth(path):
    """Latencies in seconds of all answered requests, and the span that they were filed in."""
    totals, last = [], 0
    for line in path.read_text().splitlines():
        transaction = json.loads(line)
        if transaction.get("total_ns") is not None:
            totals.append(transaction["total_ns"] / 1e9)
            last = max(last, transaction["response_last_ns"])
    return sorted(totals), last / 1e9


def check(what, came, expected, tolerance=0.0):
    ok = abs(came - expected) <= tolerance * abs(expected)
    print(f"{'ok' if ok else 'WRONG':6} {what}: {came} (expected {expected})")
    return ok


def ask(url, totals, last):
    client = PrometheusConnect(url=url)
    if not client.check_prometheus_connection():
        return False
    names = client.all_metrics()
    results = [check("names", sum(name.startswith("wirelat_http_total_seconds") for name in names), 4)]
    end = datetime.fromtimestamp(last, timezone.utc) + timedelta(minutes=10)
    at = {"time": end.timestamp()}

    def one(query):
        [result] = client.custom_query(query, params=at)
        return float(result["value"][1])

    whole = "wirelat_http_total_seconds[2d]"
    slow = sum(total >= OBJECTIVE_S for total in totals)
    results += [
        check("requests", one(f"sum(increase({whole.replace('[', '_count[')}))"), len(totals)),
        check(
            "below the objective",
            one(f"histogram_fraction(0, {OBJECTIVE_S}, sum(increase({whole})))"),
            1 - slow / len(totals),
            1e-12,
        ),
    ]
    for fraction in (0.5, 0.99):
        expected = totals[max(0, -(-int(fraction * 1000) * len(totals) // 1000) - 1)]
        quantile = one(f"histogram_quantile({fraction}, sum by (le) (rate({whole.replace('[', '_bucket[')})))")
        results.append(check(f"quantile {fraction}", quantile, expected, BIN))
    lines = client.custom_query_range(
        "sum by (route) (increase(wirelat_http_requests_total[1h]))",
        start_time=end.replace(minute=0, second=0, microsecond=0) - timedelta(hours=30),
        end_time=end.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1),
        step="1h",
    )
    hours = sum(float(value) for line in lines for _, value in line["values"])
    every = one("sum(increase(wirelat_http_requests_total[2d]))")
    results.append(check("requests by route and hour", hours, every))
    return all(results)


def main():
    with temporary_directory() as directory:
        directory = Path(directory)
        capture, known = directory / "day.pcap", directory / "day.jsonl"
        wirelat("synth", "-o", capture, "--truth", known, "--transactions", TRANSACTIONS, "--profile", "day")
        transactions = directory / "transactions.jsonl"
        (directory / "data").mkdir()
        wirelat("replay", capture, "--store", directory / "data/store", "--window", "10s", "--transactions", transactions)
        totals, last = truth(transactions)
        command = [WIRELAT, "collect", "--data", str(directory / "data"), "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as collector:
            try:
                said = next(line for line in collector.stderr if "http://" in line)
                url = re.search(r"http://[0-9.:]+", said).group() + "/prometheus"
                good = ask(url, totals, last)
            finally:
                collector.terminate()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
