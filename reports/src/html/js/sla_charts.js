// Each window against the objective: how many missed it, and what part met it.

function drawSlaCharts() {
  drawOver();
  drawMet();
}

function drawOver() {
  const plot = frame(byId("over-canvas"), 8, 24);
  const { context } = plot;
  base(plot);
  const windows = state.sla?.windows ?? [];
  const most = 1.06 * Math.max(1, ...windows.map((window) => (window ? window.over.high + window.unanswered : 0)));
  const y = (count) => plot.bottom - count / most * (plot.bottom - plot.top);
  shadeIncidents(plot);
  windows.forEach((window, place) => {
    if (!window) return;
    const [left, width] = [plot.edge(place), Math.max(1 / plot.ratio, plot.edge(place + 1) - plot.edge(place))];
    column(context, "bad", left, width, y(0), y(window.over.low));
    context.globalAlpha = 0.45;
    column(context, "bad", left, width, y(window.over.low), y(window.over.high));
    context.globalAlpha = 1;
    column(context, "ink", left, width, y(window.over.high), y(window.over.high + window.unanswered));
  });
  countAxis(plot, most, y, "left");
  drawSum(plot, windows);
  key("over-key", [["bad", "over the objective"], ["ink", "never answered"], ["accent", "sum so far (right)", true]]);
}

function column(context, name, left, width, bottom, top) {
  if (bottom - top <= 0) return;
  context.fillStyle = colour(name);
  context.fillRect(left, Math.min(top, bottom - 1), width, Math.max(1, bottom - top));
}

function drawSum(plot, windows) {
  const total = state.sla ? state.sla.over.high : 0;
  if (total === 0) return;
  let sum = 0;
  const sums = windows.map((window) => (sum += window ? window.over.high : 0));
  const y = (count) => plot.bottom - count / (1.06 * total) * (plot.bottom - plot.top);
  line(plot, y, (_, place) => sums[place], "accent");
  countAxis(plot, total, y, "right");
}

function countAxis(plot, most, y, side) {
  const { context } = plot;
  context.fillStyle = colour(side === "left" ? "soft" : "accent");
  context.textAlign = side === "left" ? "right" : "left";
  context.textBaseline = "middle";
  const step = Math.max(1, niceStep(most, 3));
  for (let count = 0; count <= most; count += step) {
    context.fillText(short(count), side === "left" ? plot.left - 8 : plot.right + 6, y(count));
  }
}

const short = (count) => (count >= 1e6 ? `${count / 1e6}M` : count >= 10000 ? `${count / 1e3}k` : formatCount(count));

function drawMet() {
  const plot = frame(byId("met-canvas"), 8, 24);
  const { context } = plot;
  base(plot);
  const target = Number(state.head.target_percent);
  const met = (window) => (requestsIn(window) ? 100 * (1 - missedIn(window) / requestsIn(window)) : null);
  const seen = (state.sla?.seen ?? []).map(met).filter((percent) => percent !== null);
  const lowest = Math.min(...seen, target);
  const floor = Math.max(0, 100 - (100 - lowest) * 1.1);
  const y = (percent) => plot.bottom - (percent - floor) / (100 - floor) * (plot.bottom - plot.top);
  shadeIncidents(plot);
  (state.sla?.windows ?? []).forEach((window, place) => {
    const percent = window ? met(window) : null;
    if (percent === null) return;
    const [left, width] = [plot.edge(place), Math.max(1 / plot.ratio, plot.edge(place + 1) - plot.edge(place))];
    context.fillStyle = colour(percent < target ? "bad" : "good");
    context.fillRect(left, y(percent) - 1.25, width, 2.5);
    context.globalAlpha = percent < target ? 0.22 : 0;
    context.fillRect(left, y(100), width, y(percent) - y(100));
    context.globalAlpha = 1;
  });
  percentAxis(plot, floor, y);
  const path = new Path2D();
  path.moveTo(plot.left, y(target));
  path.lineTo(plot.right, y(target));
  context.strokeStyle = colour("ink");
  context.lineWidth = 1;
  context.setLineDash([4, 4]);
  context.stroke(path);
  context.setLineDash([]);
  key("met-key", [["good", "at or above the target"], ["bad", "below"], ["ink", `target ${state.head.target_percent} %`, true]]);
}

function percentAxis(plot, floor, y) {
  const { context } = plot;
  context.fillStyle = colour("soft");
  context.textAlign = "right";
  context.textBaseline = "middle";
  const step = niceStep(100 - floor, 3);
  for (let percent = 100; percent >= floor; percent -= step) {
    context.fillText(`${Number(percent.toPrecision(6))} %`, plot.left - 8, y(percent));
  }
}

function base(plot) {
  const { context } = plot;
  context.fillStyle = colour("plot");
  context.globalAlpha = 0.6;
  context.fillRect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
  context.globalAlpha = 1;
  hatch(plot);
  timeAxis(plot);
}

function shadeIncidents(plot) {
  const { context } = plot;
  context.fillStyle = colour("bad-soft");
  for (const { from, to } of state.sla?.incidents ?? []) {
    context.fillRect(plot.x(from), plot.top, plot.x(to) - plot.x(from), plot.bottom - plot.top);
  }
}

// entries: [[colour, text, is a line], …]
function key(id, entries) {
  const made = entries.map(([name, text, rule]) =>
    element("span", {}, styled(element("i", { class: rule ? "rule" : null }), { background: colour(name) }), text));
  replace(byId(id), ...made);
}

function drawSlaMarkers() {
  for (const id of ["over-canvas", "met-canvas"]) drawMarker(byId(id).nextElementSibling, 8, 24);
}

function wireSlaCharts() {
  for (const id of ["over-canvas", "met-canvas"]) {
    const plot = byId(id).parentElement;
    const choose = (event) => select(placeAt(heatFrameSize(), event.clientX - plot.getBoundingClientRect().left));
    plot.addEventListener("pointermove", (event) => event.pointerType === "mouse" && choose(event));
    plot.addEventListener("pointerdown", choose);
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && select(null));
  }
}
