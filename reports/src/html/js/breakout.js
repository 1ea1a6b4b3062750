// The break-out box: one time slice's histogram with its numbers, before the whole span's outline.

const SLICE_CELLS_PER_DECADE = 24;

function drawBreakout() {
  const place = state.selected;
  const window = place === null ? null : state.view.windows[place];
  byId("slice-title").textContent = sliceTitle(place, window);
  const of = place === null ? state.view.whole : window ? window.histogram : EMPTY;
  drawSlice(of, place !== null);
  replace(byId("slice-facts"), ...facts(of, place === null ? state.view.digest : window, place, window));
  byId("heat").setAttribute("aria-valuenow", String(place ?? 0));
  byId("heat").setAttribute("aria-valuetext", spoken(place, window));
}

function sliceTitle(place, window) {
  if (place === null) return "The whole span – point at a time, tap it, or use the arrow keys";
  const times = formatBetween(microsOf(place), microsOf(place + 1), { ...clock() }).replace(" and ", " to ");
  return window ? times : `${times}: no data`;
}

function spoken(place, window) {
  if (place === null) return "none chosen";
  if (!window) return `${sliceTitle(place, window)}`;
  const slow = state.sla ? `, ${formatBounds(state.sla.windows[place].over)} over the objective` : "";
  return `${sliceTitle(place, window)}: ${formatCounted(window.histogram.total, "request")}${slow}, p50 ${formatLatency(window.p50)}, p99 ${formatLatency(window.p99)}`;
}

function drawSlice(of, isSlice) {
  const { context, width, height } = prepare(byId("slice-canvas"));
  const { low, high } = latencyRange();
  const plot = { left: 8, right: width - 12, top: 22, bottom: height - 24 };
  const x = (seconds) => plot.left + (Math.log10(seconds) - low) / (high - low) * (plot.right - plot.left);
  const grid = logGrid(low, high, Math.max(8, Math.round((high - low) * SLICE_CELLS_PER_DECADE)));
  const cells = new Float64Array(grid.cells);
  spread(grid, of, cells);
  const most = Math.max(...cells, 1e-9);
  const columnWidth = (plot.right - plot.left) / grid.cells;
  const bar = (count) => count / most * (plot.bottom - plot.top);
  if (isSlice) drawOutline(context, plot, grid, columnWidth);
  cells.forEach((count, cell) => {
    if (count <= 0) return;
    const isSlow = state.objective > 0 && gridValue(grid, cell + 0.5) * 1e9 >= state.objective;
    context.fillStyle = colour(isSlow ? "bad" : "accent");
    const tall = Math.max(1.5, bar(count));
    context.fillRect(plot.left + cell * columnWidth + 0.5, plot.bottom - tall, Math.max(1, columnWidth - 1), tall);
  });
  sliceAxis(context, plot, x, low, high);
  drawModes(context, plot, x, of, (seconds) => plot.bottom - bar(cells[Math.floor(gridPlace(grid, seconds))] ?? 0));
}

// The whole span, scaled to the same height: how this slice differs from the usual.
function drawOutline(context, plot, grid, columnWidth) {
  const cells = new Float64Array(grid.cells);
  spread(grid, state.view.whole, cells);
  const most = Math.max(...cells, 1e-9);
  context.fillStyle = colour("line");
  cells.forEach((count, cell) => {
    const tall = count / most * (plot.bottom - plot.top);
    context.fillRect(plot.left + cell * columnWidth, plot.bottom - tall, columnWidth + 0.5, tall);
  });
}

function sliceAxis(context, plot, x, low, high) {
  context.fillStyle = colour("strong-line");
  context.fillRect(plot.left, plot.bottom, plot.right - plot.left, 1);
  context.textAlign = "center";
  context.textBaseline = "top";
  context.fillStyle = colour("soft");
  for (let decade = Math.ceil(low - 1e-9); decade <= high; decade++) {
    const at = x(10 ** decade);
    context.fillRect(Math.round(at), plot.bottom, 1, 4);
    const label = formatTick(10 ** decade);
    const half = context.measureText(label).width / 2;
    context.fillText(label, Math.max(plot.left + half, Math.min(plot.right - half, at)), plot.bottom + 7);
  }
  if (state.objective <= 0) return;
  const at = x(state.objective / 1e9);
  if (at < plot.left || at > plot.right) return;
  context.strokeStyle = colour("bad");
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(at, plot.top - 14);
  context.lineTo(at, plot.bottom);
  context.stroke();
  context.setLineDash([]);
}

function drawModes(context, plot, x, of, yOf) {
  context.textBaseline = "bottom";
  context.textAlign = "center";
  context.fillStyle = colour("ink");
  let taken = -Infinity;
  for (const peak of modes(of)) {
    const label = formatLatency(peak.at);
    const half = context.measureText(label).width / 2;
    const at = Math.max(plot.left + half, Math.min(plot.right - half, x(peak.at)));
    if (at - half < taken + 6) continue;
    context.fillText(label, at, Math.max(14, yOf(peak.at) - 4));
    taken = at + half;
  }
}

function facts(of, numbers, place, window) {
  const fact = (name, value, tone) => [element("dt", {}, name), element("dd", tone ? { class: tone } : {}, value)];
  const gap = () => [element("div", { class: "gap" })];
  if (place !== null && !window) return fact("Nobody reported this window", "");
  const seconds = place === null ? state.head.observed_seconds : state.head.length_us / 1e6;
  const unanswered = place === null ? state.view.windows.reduce((sum, one) => sum + (one ? one.unanswered : 0), 0) : window.unanswered;
  const rows = [...fact("Requests", formatCount(of.total)), ...fact("Rate", formatRate(seconds > 0 ? of.total / seconds : null))];
  if (state.objective > 0) {
    const over = countAtOrAbove(of, state.objective);
    rows.push(...fact(`${objectiveOfNanos(state.objective)} or longer`, `${formatBounds(over)}${of.total ? ` (${formatShare(over.high / of.total)})` : ""}`, over.high > 0 ? "bad-text" : null));
  }
  if (unanswered > 0) rows.push(...fact("Never answered", formatCount(unanswered), "bad-text"));
  if (of.total === 0) return rows;
  rows.push(...gap(), ...fact("p50", formatLatency(numbers.p50)), ...fact("p90", formatLatency(numbers.p90)));
  rows.push(...fact("p99", formatLatency(numbers.p99)), ...fact("p99.9", formatLatency(numbers.p999)));
  rows.push(...fact("All less than", formatLatency(numbers.maxBelow)), ...fact("Mean", formatLatency(numbers.mean)), ...gap());
  const peaks = modes(of);
  const listed = peaks.slice(0, 4).map((peak) => fact(`${formatLatency(peak.from)} – ${formatLatency(peak.to)}`, formatShare(peak.share)));
  rows.push(...fact(peaks.length === 1 ? "1 mode" : `${peaks.length} modes`, peaks.map((peak) => formatLatency(peak.at)).slice(0, 3).join(", ")));
  return peaks.length > 1 ? [...rows, ...listed.flat()] : rows;
}
