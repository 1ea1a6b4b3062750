// Starts the page, and redraws what a choice changes.

function drawSummary() {
  const { head, sla: of } = state;
  // The program's sentence says what there is instead.
  if (!head.routes.length) return;
  const given = head.objectives.find((objective) => objective.nanos === state.objective);
  if (of) {
    // The program's own sentence where it made one; in local time its hours would be wrong.
    const said = isEverything() && given && !state.local ? given.summary : sentence(of, objectiveOfNanos(state.objective), microsOf, clock());
    // A number and its unit stay on one line.
    byId("headline").textContent = said.replace(/(\d) (ns|µs|ms|s)\b/g, "$1\u00a0$2");
    const { allowed, used } = of.budget;
    const met = `${formatPercent(of.requests - used.high, of.requests, 3)} met it`;
    byId("budget-line").textContent = of.requests === 0 ? "" : `${met}; the target of ${head.target_percent} % allows ${formatCount(allowed)} misses, and there were ${formatBounds(used)}.`;
  }
  const filter = [state.wire, state.route >= 0 ? routeName(head.routes[state.route]) : "", state.status].filter(Boolean).join(" · ");
  byId("heat-title").textContent = filter ? `Latency over time: ${filter}` : "Latency over time";
  drawTiles();
}

function drawTiles() {
  const { view, sla: of } = state;
  const tile = (name, value, more, bad) => element("div", { class: bad ? "tile bad" : "tile" },
    element("div", { class: "name" }, name), element("div", { class: "value" }, value), element("div", { class: "more" }, more));
  const total = view.whole.total;
  const unanswered = view.windows.reduce((sum, window) => sum + (window ? window.unanswered : 0), 0);
  const numbers = view.digest;
  const tiles = [tile("Requests", formatCount(total + unanswered), `${formatRate(rate(total + unanswered))} on average`)];
  if (of) {
    tiles.push(tile(`${objectiveOfNanos(state.objective)} or longer`, formatBounds(of.over), total ? `${formatShare(of.over.high / total)} of them` : "–", of.over.high > 0));
    const { left, allowed } = of.budget;
    tiles.push(tile("Budget left", formatBounds(left), `of ${formatCounted(allowed, "request")}`, left.low < 0));
  }
  tiles.push(tile("Never answered", formatCount(unanswered), "counted as not met", unanswered > 0));
  tiles.push(tile("p50", formatLatency(numbers.p50), `p90 ${formatLatency(numbers.p90)}`));
  tiles.push(tile("p99", formatLatency(numbers.p99), `all less than ${formatLatency(numbers.maxBelow)}`));
  replace(byId("tiles"), ...tiles);
}

const DRAW = {
  heat: () => { drawOverlayButtons(); drawHeat(); },
  table: drawTable,
  parts: () => state.sla && drawParts(state.sla),
};

// Takes over choices and redraws; `part` names the only thing that they touch.
function update(choices, part) {
  const focus = document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent;
  const parent = document.activeElement?.closest("[id]")?.id;
  Object.assign(state, choices);
  if (part) DRAW[part]();
  else {
    computeView();
    drawAll();
  }
  refocus(parent, focus);
}

// Redrawn buttons are new ones: the keyboard's place must not be lost.
function refocus(parent, focus) {
  if (!parent || !focus || document.activeElement !== document.body) return;
  const candidates = byId(parent)?.querySelectorAll("button, select, input") ?? [];
  const same = [...candidates].find((made) => (made.getAttribute("aria-label") ?? made.textContent) === focus);
  same?.focus({ preventScroll: true });
}

function select(place) {
  if (place === state.selected) return;
  state.selected = place;
  drawHeatMarker();
  drawSlaMarkers();
  drawBreakout();
}

// What says nothing where there is no request.
const REQUEST_PARTS = ["tiles", "controls", "heat-card", "sla-card", "routes-card"];

function drawAll() {
  applyTheme();
  drawTop();
  drawSummary();
  if (state.head.routes.length) drawRequests();
  drawConnections();
  drawLedger();
  drawCoverage();
}

function drawRequests() {
  drawControls();
  drawOverlayButtons();
  drawHeat();
  drawBreakout();
  byId("sla-card").hidden = !state.sla;
  if (state.sla) {
    drawSlaCharts();
    drawSlaTables();
    drawSlaMarkers();
  }
  drawTable();
}

function redrawWhenSized() {
  let width = window.innerWidth;
  let pending = 0;
  window.addEventListener("resize", () => {
    // A phone's address bar changes the height all the time.
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(drawAll);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => state.theme === "auto" && drawAll());
}

async function start() {
  state.head = JSON.parse(byId("data").textContent);
  const words = location.hash.slice(1).split(",");
  state.theme = ["dark", "light"].find((theme) => words.includes(theme)) ?? "auto";
  state.local = words.includes("local");
  applyTheme();
  if (!("DecompressionStream" in window)) {
    byId("headline").append(" This browser is too old to draw the pictures: it lacks DecompressionStream.");
    return;
  }
  state.series = await decode(state.head, byId("bins").textContent);
  state.objective = state.head.objectives[0]?.nanos ?? 0;
  if (!state.objective) state.sort = { column: "requests", ascending: false };
  for (const id of REQUEST_PARTS) byId(id).hidden = !state.head.routes.length;
  computeView();
  wireHeat();
  wireSlaCharts();
  drawAll();
  redrawWhenSized();
}

start();
