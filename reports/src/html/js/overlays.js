// Lines over the heatmap, on request.

const OVERLAYS = [
  ["objective", "Objective", "bad"],
  ["p50", "p50", "p50"],
  ["p99", "p99", "p99"],
  ["mean", "Mean", "mean"],
  ["quartiles", "Quartiles", "quartile"],
  ["rate", "Requests/s", "accent"],
];

function drawOverlays(plot) {
  const on = state.overlays;
  if (on.quartiles) drawQuartiles(plot);
  if (on.mean) line(plot, plot.y, (window) => window.mean, "mean");
  if (on.p50) line(plot, plot.y, (window) => window.p50, "p50");
  if (on.p99) line(plot, plot.y, (window) => window.p99, "p99");
  if (on.objective && state.objective > 0) drawObjective(plot);
  if (on.rate) drawRate(plot);
}

function drawObjective(plot) {
  const y = plot.y(state.objective / 1e9);
  if (y < plot.top || y > plot.bottom) return;
  const path = new Path2D();
  path.moveTo(plot.left, y);
  path.lineTo(plot.right, y);
  stroke(plot.context, path, "bad", [6, 4]);
  plot.context.fillStyle = colour("bad");
  plot.context.textAlign = "left";
  plot.context.textBaseline = "middle";
  plot.context.fillText(objectiveOfNanos(state.objective), plot.right + 5, y);
}

// The middle half of the requests, as a band with edges.
function drawQuartiles(plot) {
  line(plot, plot.y, (window) => window.p25, "quartile", [2, 2]);
  line(plot, plot.y, (window) => window.p75, "quartile", [2, 2]);
  const { context } = plot;
  context.save();
  context.globalAlpha = 0.18;
  context.fillStyle = colour("quartile");
  state.view.windows.forEach((window, place) => {
    if (!window || window.histogram.total === 0) return;
    const top = plot.y(window.p75);
    context.fillRect(plot.edge(place), top, plot.edge(place + 1) - plot.edge(place), plot.y(window.p25) - top);
  });
  context.restore();
}

// Requests per second in a strip of its own: latencies and rates share no axis.
function drawRate(plot) {
  const { context } = plot;
  const seconds = state.head.length_us / 1e6;
  const rates = state.view.windows.map((window) => (window ? (window.histogram.total + window.unanswered) / seconds : null));
  const most = Math.max(...rates.filter((rate) => rate !== null), 0);
  const [top, bottom] = [HEAT.top, HEAT.top + HEAT.rate - 12];
  context.fillStyle = colour("accent");
  context.globalAlpha = 0.75;
  rates.forEach((rate, place) => {
    if (!rate) return;
    const height = Math.max(1, rate / most * (bottom - top));
    context.fillRect(plot.edge(place), bottom - height, plot.edge(place + 1) - plot.edge(place), height);
  });
  context.globalAlpha = 1;
  context.fillStyle = colour("soft");
  context.fillRect(plot.left, bottom, plot.right - plot.left, 1);
  context.textAlign = "right";
  context.textBaseline = "top";
  if (most > 0) context.fillText(formatRate(most), plot.left - 8, top - 2);
}

function drawOverlayButtons() {
  const buttons = OVERLAYS.filter(([name]) => name !== "objective" || state.objective > 0).map(([name, label, tone]) => {
    const swatch = styled(element("span", { class: "swatch" }), { borderTopColor: state.overlays[name] ? colour(tone) : "" });
    const toggle = () => update({ overlays: { ...state.overlays, [name]: !state.overlays[name] } }, "heat");
    return element("button", { type: "button", class: "toggle", "aria-pressed": String(state.overlays[name]), onclick: toggle }, swatch, label);
  });
  replace(byId("overlay-buttons"), ...buttons);
}
