// Latency over time: a column for each window, its density in colour.

const HEAT = { top: 10, bottom: 26, rate: 46 };
const ROW_PIXELS = 2;
let scale = [];

function heatFrame(canvas) {
  return frame(canvas, HEAT.top + (state.overlays.rate ? HEAT.rate : 0), HEAT.bottom);
}

// The latencies on the axis: all that were seen, and the objective if it is near.
function latencyRange() {
  const range = keyRange(state.view.whole);
  if (!range) return { low: -3, high: 0 };
  let [low, high] = [Math.log10(lowerNanos(range.first) / 1e9), Math.log10(upperNanos(range.last) / 1e9)];
  if (state.overlays.objective && state.objective > 0) {
    const objective = Math.log10(state.objective / 1e9);
    if (objective > high && objective < high + 1) high = objective + 0.05;
    if (objective < low && objective > low - 1) low = objective - 0.05;
  }
  const middle = (low + high) / 2;
  return high - low < 0.5 ? { low: middle - 0.25, high: middle + 0.25 } : { low, high };
}

function drawHeat() {
  scale = colourScale(isDark() ? SCALE_DARK : SCALE_LIGHT);
  const plot = heatFrame(byId("heat-canvas"));
  const { low, high } = latencyRange();
  const height = plot.bottom - plot.top;
  plot.y = (seconds) => plot.bottom - (Math.log10(seconds) - low) / (high - low) * height;
  plot.context.fillStyle = colour("plot");
  plot.context.fillRect(plot.left, plot.top, plot.right - plot.left, height);
  const top = scaleTop(state.view.windows, state.view.whole);
  drawCells(plot, logGrid(low, high, Math.max(20, Math.floor(height / ROW_PIXELS))), top);
  hatch(plot);
  latencyAxis(plot, low, high);
  timeAxis(plot);
  drawOverlays(plot);
  drawLegend(top);
  drawHeatMarker();
}

function drawHeatMarker() {
  drawMarker(byId("heat-marker"), HEAT.top + (state.overlays.rate ? HEAT.rate : 0), HEAT.bottom);
}

// `top`: requests per window and decade at which the scale ends.
function drawCells(plot, grid, top) {
  const columns = state.view.windows.map((window) => {
    const cells = new Float64Array(grid.cells);
    if (window) spread(grid, window.histogram, cells);
    return cells;
  });
  const step = colourSteps(allCells(columns), state.byRank, top * (grid.high - grid.low) / grid.cells);
  const colours = scale.map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
  const edges = rowEdges(plot, grid.cells);
  columns.forEach((cells, place) => {
    const left = plot.edge(place);
    const width = Math.max(1 / plot.ratio, plot.edge(place + 1) - left);
    for (let row = 0; row < cells.length; row++) {
      if (cells[row] <= 0) continue;
      plot.context.fillStyle = colours[step(cells[row])];
      plot.context.fillRect(left, edges[row + 1], width, edges[row] - edges[row + 1]);
    }
  });
}

function* allCells(columns) {
  for (const cells of columns) yield* cells;
}

function rowEdges(plot, rows) {
  const height = plot.bottom - plot.top;
  return Array.from({ length: rows + 1 }, (_, row) => Math.round((plot.bottom - row / rows * height) * plot.ratio) / plot.ratio);
}

function latencyAxis(plot, low, high) {
  const { context } = plot;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const pixelsPerDecade = (plot.bottom - plot.top) / (high - low);
  const factors = pixelsPerDecade > 110 ? [1, 2, 5] : pixelsPerDecade > 60 ? [1, 3] : [1];
  for (let decade = Math.floor(low); decade <= Math.ceil(high); decade++) {
    for (const factor of factors) {
      const seconds = factor * 10 ** decade;
      const y = plot.y(seconds);
      if (y < plot.top - 1 || y > plot.bottom + 1) continue;
      context.fillStyle = colour("soft");
      context.fillText(formatTick(seconds), plot.left - 8, y);
      context.fillRect(plot.left - 4, Math.round(y), 4, 1);
    }
  }
}

// The colours mean density: requests in a window for each factor of 10 of latency.
function drawLegend(top) {
  const bar = element("canvas", { width: 256, height: 1 });
  const context = bar.getContext("2d");
  scale.forEach(([r, g, b], step) => {
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(step, 0, 1, 1);
  });
  const buttons = element("span", { class: "segments" });
  segments(buttons, [[false, "√ density"], [true, "rank"]], state.byRank, (byRank) => update({ byRank }, "heat"));
  replace(
    byId("heat-legend"),
    element("span", {}, "few", bar, `many (${formatCount(Math.round(top))} requests per window and decade of latency)`),
    element("span", {}, element("span", { class: "box" }), "no request"),
    state.head.missing.length ? element("span", {}, element("span", { class: "box hatched" }), "no data") : null,
    buttons,
  );
}

function wireHeat() {
  const heat = byId("heat");
  const choose = (event) => {
    const x = event.clientX - heat.getBoundingClientRect().left;
    select(placeAt(heatFrameSize(), x));
  };
  heat.addEventListener("pointermove", (event) => event.pointerType === "mouse" && choose(event));
  heat.addEventListener("pointerdown", choose);
  heat.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && document.activeElement !== heat && select(null));
  heat.addEventListener("keydown", moveSlice);
  heat.setAttribute("aria-valuemax", String(Math.max(0, state.head.places - 1)));
}

function heatFrameSize() {
  const width = byId("heat").clientWidth;
  return { left: MARGIN.left, right: width - (width < 560 ? 34 : MARGIN.right) };
}

function moveSlice(event) {
  const last = state.head.places - 1;
  const at = state.selected ?? 0;
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowUp: at + 1, ArrowDown: at - 1, PageUp: at + 12, PageDown: at - 12, Home: 0, End: last };
  if (event.key === "Escape") return select(null);
  if (!(event.key in steps)) return;
  event.preventDefault();
  select(state.selected === null && event.key.startsWith("Arrow") ? 0 : Math.max(0, Math.min(last, steps[event.key])));
}
