// What the charts over time share: a sharp canvas, the same left and right edges, the time axis.

const MARGIN = { left: 54, right: 50 };
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

// A canvas as sharp as the screen; drawing is in CSS pixels.
function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = FONT;
  return { context, width, height, ratio };
}

function frame(canvas, top, bottom) {
  const { context, width, height, ratio } = prepare(canvas);
  const right = width < 560 ? 34 : MARGIN.right;
  const plot = { context, ratio, width, height, left: MARGIN.left, top, right: width - right, bottom: height - bottom };
  const places = Math.max(1, state.head.places);
  plot.x = (place) => plot.left + place / places * (plot.right - plot.left);
  // A column's edges on whole device pixels: no seams between neighbours.
  plot.edge = (place) => Math.round(plot.x(place) * ratio) / ratio;
  return plot;
}

function placeAt(plot, x) {
  const places = state.head.places;
  const place = Math.floor((x - plot.left) / (plot.right - plot.left) * places);
  return place < 0 || place >= places ? null : place;
}

const TIME_STEPS = [1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

function timeAxis(plot) {
  const { context } = plot;
  const span = state.head.places * state.head.length_us / 1e6;
  const most = Math.max(2, Math.floor((plot.right - plot.left) / 58));
  const step = TIME_STEPS.find((step) => span / step <= most) ?? 604800;
  const offset = state.local ? -new Date(state.head.start_us / 1e3).getTimezoneOffset() * 60 : 0;
  const start = state.head.start_us / 1e6;
  context.fillStyle = colour("soft");
  context.textAlign = "center";
  context.textBaseline = "top";
  const last = start + span;
  for (let time = Math.ceil((start + offset) / step - 1e-9) * step - offset; time <= last + 1e-9; time += step) {
    const x = plot.left + (time - start) / span * (plot.right - plot.left);
    context.fillRect(Math.round(x), plot.bottom, 1, 4);
    context.fillText(timeLabel(time * 1e6, step), x, plot.bottom + 7);
  }
}

function timeLabel(micros, step) {
  const clockOnly = formatClock(micros, { local: state.local, seconds: step < 60 });
  if (step >= 86400 || (clock().date && clockOnly === "00:00")) return formatDate(micros, state.local).slice(5);
  return clockOnly === "00:00" && micros > state.head.start_us ? "24:00" : clockOnly;
}

// Hatches the windows that nobody reported.
function hatch(plot) {
  const { context } = plot;
  context.save();
  context.strokeStyle = colour("hatch");
  context.lineWidth = 1;
  for (const [from, length] of state.head.missing) {
    const [left, right] = [plot.edge(from), plot.edge(from + length)];
    context.save();
    context.beginPath();
    context.rect(left, plot.top, right - left, plot.bottom - plot.top);
    context.clip();
    context.fillStyle = colour("card");
    context.fill();
    context.beginPath();
    const height = plot.bottom - plot.top;
    for (let x = left - height; x < right; x += 5) {
      context.moveTo(x, plot.bottom);
      context.lineTo(x + height, plot.top);
    }
    context.stroke();
    context.restore();
  }
  context.restore();
}

// A line through one value for each window, broken where there is none, with a halo to stand out on any colour.
function line(plot, y, value, name, dash = []) {
  const { context } = plot;
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top);
  context.clip();
  const path = new Path2D();
  let down = false;
  state.view.windows.forEach((window, place) => {
    const at = window ? value(window, place) : null;
    if (at === null || at === undefined) {
      down = false;
      return;
    }
    const x = plot.x(place + 0.5);
    if (down) path.lineTo(x, y(at));
    else {
      path.moveTo(x - 0.5, y(at));
      path.lineTo(x + 0.5, y(at));
    }
    down = true;
  });
  stroke(context, path, name, dash);
  context.restore();
}

function stroke(context, path, name, dash = []) {
  context.lineJoin = "round";
  context.strokeStyle = colour("halo");
  context.lineWidth = 4.5;
  context.stroke(path);
  context.setLineDash(dash);
  context.strokeStyle = colour(name);
  context.lineWidth = 1.8;
  context.stroke(path);
  context.setLineDash([]);
}

// The chosen slice, on the canvas above the chart's own.
function drawMarker(canvas, top, bottom) {
  const plot = frame(canvas, top, bottom);
  if (state.selected === null) return;
  const [left, right] = [plot.edge(state.selected), plot.edge(state.selected + 1)];
  const { context } = plot;
  context.strokeStyle = colour("ink");
  context.lineWidth = 1.5;
  context.strokeRect(left - 0.75, plot.top - 0.75, Math.max(2, right - left) + 1.5, plot.bottom - plot.top + 1.5);
}

// Round numbers for a linear axis: 1, 2 or 5 times a power of ten.
function niceStep(span, most) {
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999);
}
