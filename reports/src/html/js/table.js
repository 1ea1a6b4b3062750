// The routes, sortable.

const COLUMNS = [
  ["name", "Route", (row) => row.name],
  ["requests", "Requests", (row) => row.requests],
  ["over", "Over", (row) => row.over.high],
  ["rate", "Rate", (row) => row.requests],
  ["p50", "p50", (row) => row.digest.p50 ?? -1],
  ["p90", "p90", (row) => row.digest.p90 ?? -1],
  ["p99", "p99", (row) => row.digest.p99 ?? -1],
  ["max", "All <", (row) => row.digest.maxBelow ?? -1],
  ["client", "4xx", (row) => row.outcomes.client_error],
  ["server", "5xx", (row) => row.outcomes.server_error],
  ["unanswered", "No answer", (row) => row.outcomes.unanswered],
  ["other", "Unsure", (row) => unsure(row.outcomes)],
];

const unsure = (outcomes) => outcomes.quarantined + outcomes.open + outcomes.no_answer_expected;

// Rows do not depend on the filter: worked out once for each metric.
const rowsOf = new Map();

function tableRows() {
  if (!rowsOf.has(state.metric)) rowsOf.set(state.metric, state.head.routes.map(routeRow));
  return rowsOf.get(state.metric).map((row) => ({
    ...row,
    over: state.objective > 0 ? countAtOrAbove(row.whole, state.objective) : { low: 0, high: 0 },
  }));
}

function routeRow(route, index) {
  const mine = state.series.filter((series) => series.route === index && series.metric === state.metric);
  const { low, width } = extent(mine);
  const whole = histogram(low, width);
  const windows = new Map();
  for (const series of mine) {
    for (const cell of series.cells) {
      if (!windows.has(cell.place)) windows.set(cell.place, histogram(low, width));
      addBins(windows.get(cell.place), cell.bins);
      addBins(whole, cell.bins);
    }
  }
  const p99 = new Map([...windows].map(([place, of]) => [place, quantiles(of, [0.99])[0]]));
  const requests = Math.max(whole.total, Object.values(route.outcomes).reduce((sum, count) => sum + count, 0));
  return { index, route, name: routeName(route), outcomes: route.outcomes, requests, whole, digest: digest(whole), p99 };
}

function drawTable() {
  const { column, ascending } = state.sort;
  const value = COLUMNS.find(([id]) => id === column)[2];
  const rows = tableRows().filter((row) => state.wire === "" || row.route.wire === state.wire);
  const order = (a, b) => (typeof value(a) === "string" ? value(a).localeCompare(value(b)) : value(a) - value(b)) || b.requests - a.requests;
  rows.sort((a, b) => (ascending ? order(a, b) : order(b, a) || 0));
  const shown = COLUMNS.filter(([id]) => id !== "other" || rows.some((row) => unsure(row.outcomes) > 0));
  const heads = shown.map(([id, label]) => element("th", { scope: "col", "aria-sort": id === column ? (ascending ? "ascending" : "descending") : null },
    element("button", { type: "button", onclick: () => update({ sort: { column: id, ascending: id === column ? !ascending : id === "name" } }, "table") }, label)));
  heads.push(element("th", { scope: "col" }, "p99 over time"));
  const body = element("tbody", {}, ...rows.map((row) => tableRow(row, shown)));
  replace(byId("routes"), element("thead", {}, element("tr", {}, ...heads)), body);
  rows.forEach((row, at) => drawSpark(body.rows[at].lastElementChild.firstElementChild, row));
}

function tableRow(row, shown) {
  const texts = {
    requests: formatCount(row.requests), rate: formatRate(rate(row.requests)), p50: formatLatency(row.digest.p50), p90: formatLatency(row.digest.p90),
    p99: formatLatency(row.digest.p99), max: formatLatency(row.digest.maxBelow), over: formatBounds(row.over),
    client: formatCount(row.outcomes.client_error),
    server: formatCount(row.outcomes.server_error), unanswered: formatCount(row.outcomes.unanswered), other: formatCount(unsure(row.outcomes)),
  };
  const bad = { over: row.over.high > 0, unanswered: row.outcomes.unanswered > 0, server: row.outcomes.server_error > 0 };
  const cells = shown.slice(1).map(([id]) => element("td", { class: bad[id] ? "bad" : ["0", "0 %", "–"].includes(texts[id]) ? "none" : null }, texts[id]));
  const chosen = row.index === state.route;
  const name = element("button", { type: "button", title: `${row.name} on ${row.route.wire}`, "aria-pressed": String(chosen), onclick: () => update({ route: chosen ? -1 : row.index }) },
    row.route.method ? element("span", { class: "method" }, row.route.method) : null, row.route.route,
    state.head.wires.length > 1 ? element("span", { class: "wire" }, wireLabel(row.route.wire)) : null);
  return element("tr", { class: chosen ? "chosen" : null }, element("td", {}, name), ...cells, element("td", {}, element("canvas", { "aria-hidden": "true" })));
}

// What was not seen of a wire taints the numbers of its routes.
function wireLabel(name) {
  const wire = state.head.wires.find((wire) => wire.name === name);
  return wire && wire.coverage < 1 ? `${name} · coverage ${wire.coverage_text}` : name;
}

function drawSpark(canvas, row) {
  drawLine(canvas, [...row.p99].sort((a, b) => a[0] - b[0]), state.head.places);
}

// points: [place, positive value], ascending; a line breaks where a place has none.
function drawLine(canvas, points, places) {
  const { context, width, height } = prepare(canvas);
  const values = points.map(([, value]) => value);
  if (!values.length) return;
  const low = Math.log(Math.min(...values));
  // At least a factor of two, or noise would look like a story.
  const high = Math.max(Math.log(Math.max(...values)), low + Math.LN2);
  const y = (value) => height - 2 - (Math.log(value) - low) / (high - low) * (height - 5);
  const x = (place) => (place + 0.5) / places * width;
  context.strokeStyle = colour("accent");
  context.lineWidth = 1.2;
  context.lineJoin = "round";
  context.beginPath();
  context.fillStyle = colour("accent");
  points.forEach(([place, value], at) => {
    const isAfter = at > 0 && place - points[at - 1][0] === 1;
    const isBefore = at + 1 < points.length && points[at + 1][0] - place === 1;
    if (isAfter) context.lineTo(x(place), y(value));
    else context.moveTo(x(place), y(value));
    // Alone, it would be a line of no length.
    if (!isAfter && !isBefore) context.fillRect(x(place) - 1, y(value) - 1, 2, 2);
  });
  context.stroke();
}
