// The service level in words: budget, incidents, worst windows, parts, and what the average and the p99 hide.

const WORST_MAX = 8;
const bold = (text) => element("strong", {}, text);
const title = (text) => element("h3", {}, text);

function drawSlaTables() {
  const of = state.sla;
  if (!of) return;
  byId("sla-title").textContent = `Requests that took ${objectiveOfNanos(state.objective)} or longer`;
  drawExactness(of);
  drawBudget(of);
  drawCustomary(of);
  drawIncidents(of);
  drawWorst(of);
  drawParts(of);
}

// A threshold that is a bin's edge is counted exactly; any other within its bin.
function drawExactness(of) {
  const { key, isEdge } = keyOfNanos(state.objective);
  if (isEdge) return replace(byId("exactness"), "counted exactly");
  const edges = [lowerNanos(key), upperNanos(key)].map((nanos) =>
    element("button", { type: "button", onclick: () => update({ objective: nanos }) }, objectiveOfNanos(nanos)));
  const said = of.over.low === of.over.high ? "exact: no request is that close to it; " : "a range: it lies inside a bin; ";
  replace(byId("exactness"), said, "always exact are ", edges[0], " and ", edges[1]);
}

function drawBudget(of) {
  const { allowed, used, left } = of.budget;
  const most = Math.max(allowed, used.high, 1);
  const meter = element("div", { class: "meter" },
    styled(element("i", { class: used.low > allowed ? "bad" : null }), { width: `${used.high / most * 100}%` }),
    styled(element("i", { class: "limit" }), { left: `calc(${allowed / most * 100}% - 1px)` }));
  const overspent = left.low < 0;
  replace(byId("budget"), title("Error budget"), meter, element("p", {},
    bold(`${formatCount(allowed)}`), ` of ${formatCounted(of.requests, "request")} may miss a target of ${state.head.target_percent} %. `,
    bold(formatBounds(used)), ` did${of.unanswered ? `, ${formatCount(of.unanswered)} of them never answered` : ""}: `,
    element("strong", { class: overspent ? "bad-text" : null }, overspent ? `${formatBounds({ low: Math.max(0, -left.high), high: -left.low })} too many` : `${formatBounds(left)} left`), "."));
}

function drawCustomary(of) {
  const { customary } = of;
  const verdict = (name, { overall, highest, windowsOver, hidden }) => element("div", { class: "verdict" },
    element("div", { class: "value" }, formatLatency(overall), element("small", {}, name)),
    element("p", {}, `At most ${formatLatency(highest)} in a window; at or over the objective in `, bold(`${formatCount(windowsOver)} of ${formatCount(customary.windows)}`),
      customary.windows === 1 ? " window. Blind to " : " windows. Blind to ", element("strong", { class: hidden > 0 ? "bad-text" : null }, `${formatCount(hidden)} of ${formatCount(of.over.low)}`), of.over.low === 1 ? " slow request." : " slow requests."));
  replace(byId("customary"), title("What the average and the p99 would have said"), verdict("average", customary.mean), verdict("p99", customary.p99));
}

function times(from, to) {
  return formatBetween(microsOf(from), microsOf(to), clock()).replace(" and ", " to ");
}

function drawIncidents(of) {
  const rows = of.incidents.slice().sort((a, b) => b.missed - a.missed).slice(0, WORST_MAX);
  const table = rows.length
    ? tableOf(["When", "Missed", "Of", "Share"], rows.map((one) => [times(one.from, one.to), formatCount(one.missed), formatCount(one.requests), formatShare(one.missed / one.requests)]))
    : element("p", {}, "No window missed the target by more than chance explains.");
  replace(byId("incidents"), title(of.incidents.length > rows.length ? `Worst ${rows.length} of ${of.incidents.length} incidents` : "Incidents"), table);
}

function drawWorst(of) {
  const rows = worst(of, WORST_MAX).map((window) => [
    element("button", { class: "link", type: "button", onclick: () => { select(window.place); byId("heat").scrollIntoView({ block: "center", behavior: "smooth" }); } }, times(window.place, window.place + 1)),
    formatCount(missedIn(window)), formatCount(requestsIn(window)), formatPercent(requestsIn(window) - missedIn(window), requestsIn(window), 2),
    formatLatency(window.mean), formatLatency(window.p99),
  ]);
  const table = rows.length ? tableOf(["When", "Missed", "Of", "Met", "Mean", "p99"], rows) : element("p", {}, "Every request met the objective.");
  replace(byId("worst"), title("Worst windows"), element("div", { class: "scroll" }, table));
}

function tableOf(heads, rows) {
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))))));
}

function drawParts(of) {
  const places = state.head.places;
  if (places < 2) return replace(byId("parts"));
  const natural = naturalParts(places);
  const count = state.parts || natural;
  const cut = parts(of, count);
  const most = Math.max(1, ...cut.map((part) => part.over.high));
  const options = [...new Set([2, 3, 4, 6, 8, 12, 24, natural])].filter((n) => n <= places && n > 1).sort((a, b) => a - b);
  const bars = cut.map((part) => element("div", { class: "part" },
    element("div", { class: "count" }, part.missing === part.to - part.from ? "no data" : formatBounds(part.over)),
    element("div", { class: "column" }, styled(element("i"), { height: `${part.over.high / most * 100}%` })),
    element("span", { class: "span", title: times(part.from, part.to) }, `${since(part.from)} to ${since(part.to)}`),
    element("span", { class: "span" }, `of ${formatCount(part.timed)}`)));
  replace(byId("parts"),
    element("div", { class: "inline" }, title("The span in equal parts"), choice(options.map((n) => [n, `${n} parts`]), count, (n) => update({ parts: Number(n) }, "parts"))),
    element("div", { class: "bars" }, ...bars),
    comparison(of, count));
}

// From the beginning: 0, 2 h, 4 h.
function since(place) {
  return place === 0 ? "0" : formatSpan(place * state.head.length_us / 1e6);
}

// Any two spans side by side: "8 h to 10 h: 121; 2 h to 10 h: 113".
function comparison(of, count) {
  const places = state.head.places;
  const edges = Array.from({ length: count + 1 }, (_, part) => Math.floor(part * places / count));
  const last = edges.length - 1;
  // To begin with, the worst part and the whole.
  const over = parts(of, count).map((part) => part.over.high);
  const highest = over.indexOf(Math.max(...over));
  const spans = [{ from: highest, to: highest + 1 }, { from: 0, to: last }];
  const box = element("div");
  const draw = () => replace(box, ...spans.map((span) => {
    const pick = (end) => choice(edges.map((edge, at) => [at, since(edge)]), span[end], (at) => { span[end] = Number(at); draw(); });
    const [from, to] = [Math.min(span.from, span.to), Math.max(span.from, span.to)];
    const part = between(of, edges[from], edges[to]);
    const share = part.timed ? ` (${formatShare(part.over.high / part.timed)})` : "";
    return element("div", { class: "inline" }, pick("from"), "to", pick("to"), bold(`${formatBounds(part.over)} of ${formatCount(part.timed)}${share}`));
  }));
  draw();
  return element("div", {}, styled(title("Any two spans side by side"), { marginTop: "14px" }), box);
}
