#!/usr/bin/env python3
"""Runs the code of docs/read-with-*.md on an export, as those pages tell.

Every block of SQL, Python or R is run in a directory with the files that the page's commands make. What it
prints must be what stands below it, and per route the numbers must be those of `wirelat report`.

usage: export_readers.py WIRELAT DOCS [--write] [PAGE...]

--write puts what was printed into the pages, for the case that the synthesized day changes.
"""

import csv
import io
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"```(sh|sql|python|r)\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)
PAGES = ["duckdb", "pandas", "polars", "r"]
OBJECTIVE = "200ms"


def run(command, directory, text=None):
    done = subprocess.run(command, cwd=directory, input=text, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:80]}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_sql(code, _directory):
    return run([sys.executable, "-c", SQL_RUNNER], _directory, code)


SQL_RUNNER = """
import csv, sys, duckdb
answer = duckdb.sql(sys.stdin.read())
out = csv.writer(sys.stdout, lineterminator="\\n")
out.writerow(answer.columns)
out.writerows(answer.fetchall())
"""

RUNNERS = {
    "sql": run_sql,
    "python": lambda code, directory: run([sys.executable, "-W", "error", "-"], directory, code),
    "r": lambda code, directory: run(["Rscript", "-"], directory, code),
}


def run_shell(wirelat, code, directory, made):
    """The commands of a page; those that other pages had too are not run again."""
    for line in code.splitlines():
        if line and line not in made:
            words = shlex.split(line)
            assert words[0] == "wirelat", line
            run([wirelat] + words[1:], directory)
            made.add(line)


def reported(wirelat, directory):
    """What `wirelat report` says of each route."""
    said = run([wirelat, "report", "sla", "--store", "day", "--objective", OBJECTIVE, "--format", "json"], directory)
    routes = {}
    for route in json.loads(said)["routes"]:
        [over] = route["over"]
        assert over["at_least"] == over["at_most"], route
        latency = route["latency"]
        routes[route["method"], route["route"]] = (latency["count"], over["at_least"], latency["p99_seconds"])
    return routes


def compare(page, printed, routes):
    """The routes that were printed are those with the most requests over the objective, with the report's numbers."""
    rows = list(csv.DictReader(io.StringIO(printed)))
    if "route" not in rows[0]:
        timed, over = (sum(int(row[name]) for row in rows) for name in ("timed", "over"))
        assert 0 < over <= sum(route[1] for route in routes.values()), (page, over)
        assert 0 < timed <= sum(route[0] for route in routes.values()), (page, timed)
        return 0
    expected = sorted(routes.items(), key=lambda item: (-item[1][1], item[0]))[: len(rows)]
    assert len(rows) == 8, f"{page}: {len(rows)} routes"
    for row, (name, (timed, over, p99)) in zip(rows, expected):
        assert (row["method"], row["route"]) == name, f"{page}: {row}, not {name}"
        assert (int(row["timed"]), int(row["over"])) == (timed, over), f"{page}: {row}, reported {timed}, {over}"
        assert row["p99"] == f"{p99:.9f}", f"{page}: {row}, reported {p99:.9f}"
    return len(rows)


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    write = "--write" in sys.argv
    wirelat, docs, pages = str(pathlib.Path(arguments[0]).resolve()), pathlib.Path(arguments[1]), arguments[2:]
    with tempfile.TemporaryDirectory() as directory:
        made, routes, wrong = set(), None, 0
        for name in pages or PAGES:
            page = docs / f"read-with-{name}.md"
            text = page.read_text()
            outputs, compared = [], 0
            for language, code, expected in BLOCK.findall(text):
                if language == "sh":
                    run_shell(wirelat, code, directory, made)
                    outputs.append(None)
                    continue
                routes = routes or reported(wirelat, directory)
                printed = RUNNERS[language](code, directory)
                compared += compare(page.name, printed, routes)
                outputs.append(printed)
                if not write and printed != expected:
                    wrong += 1
                    print(f"{page}: printed\n{printed}instead of\n{expected}")
            assert compared > 0, f"{page}: nothing was compared with the report"
            print(f"{page}: {len(outputs) - 1} blocks run, {compared} routes as in the report")
            if write:
                left = iter(outputs)

                def put(block):
                    printed = next(left)
                    if printed is None:
                        return block.group(0)
                    return f"```{block.group(1)}\n{block.group(2)}```\n\n```text\n{printed}```"

                page.write_text(BLOCK.sub(put, text))
        sys.exit(1 if wrong else 0)


main()
