// How long connections took, by wire. They carry no requests: routes, status and objective do not choose among them.

const CONNECTION_HEADS = ["Wire", "Time", "Timed", "Rate", "p50", "p90", "p99", "All <", "p99 over time"];

function drawConnections() {
  const { head } = state;
  const name = state.route >= 0 ? head.routes[state.route].wire : state.wire;
  const shown = head.connections.filter((one) => name === "" || one.wire === name);
  byId("connections-card").hidden = shown.length === 0;
  if (!shown.length) return;
  const heads = CONNECTION_HEADS.map((head) => element("th", { scope: "col" }, head));
  const rows = shown.flatMap(({ wire, times }) => times.map((time, at) => connectionRow(time, at === 0 ? wire : null, times.length)));
  replace(byId("connections"), element("thead", {}, element("tr", {}, ...heads)), ...bodies(shown, rows));
  const all = shown.flatMap((one) => one.times);
  rows.forEach((row, at) => drawLine(row.lastElementChild.firstElementChild, sparkPoints(all[at].p99), all[at].p99.length));
  byId("connections-more").textContent = head.connections_left_out
    ? `${formatCounted(head.connections_left_out, "more wire")} with fewer connections: see --format json.` : "";
}

// A wire's rows belong together.
function bodies(shown, rows) {
  let at = 0;
  return shown.map(({ times }) => element("tbody", {}, ...rows.slice(at, at += times.length)));
}

function connectionRow({ name, digest }, wire, height) {
  const numbers = [formatCount(digest.count), formatRate(rate(digest.count)), formatLatency(digest.p50_seconds),
    formatLatency(digest.p90_seconds), formatLatency(digest.p99_seconds), formatLatency(digest.max_below_seconds)];
  return element("tr", {},
    wire === null ? null : element("th", { scope: "rowgroup", rowspan: String(height) }, wire),
    element("th", { scope: "row" }, name), ...numbers.map((number) => element("td", {}, number)),
    element("td", {}, element("canvas", { "aria-hidden": "true" })));
}

const sparkPoints = (values) => values.map((value, place) => [place, value]).filter(([, value]) => value !== null);
