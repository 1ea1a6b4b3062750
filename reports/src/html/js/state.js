// What the reader chose, and the numbers that follow from it.

const state = {
  head: null,
  series: [],
  wire: "",
  route: -1,
  status: "",
  metric: 0,
  objective: 0,
  local: false,
  theme: "auto",
  byRank: false,
  overlays: { objective: true, rate: true, p50: false, p99: false, mean: false, quartiles: false },
  selected: null,
  parts: 0,
  sort: { column: "over", ascending: false },
  view: null,
  sla: null,
};

const EMPTY = { low: 0, counts: new Float64Array(0), total: 0 };

function isChosen(route, index) {
  return (state.route < 0 || index === state.route) && (state.wire === "" || route.wire === state.wire);
}

// All that is drawn: one histogram for each window of the chosen routes; null where nobody reported.
function computeView() {
  const head = state.head;
  const chosen = state.series.filter((series) => series.metric === state.metric
    && (state.status === "" || series.status === state.status)
    && isChosen(head.routes[series.route], series.route));
  const { low, width } = extent(chosen);
  const windows = Array.from({ length: head.places }, () => ({ histogram: EMPTY, unanswered: 0, mean: null, p99: null }));
  for (const [from, length] of head.missing) windows.fill(null, from, from + length);
  for (const series of chosen) {
    for (const cell of series.cells) {
      const window = windows[cell.place];
      if (window.histogram === EMPTY) window.histogram = histogram(low, width);
      addBins(window.histogram, cell.bins);
    }
  }
  addUnanswered(windows);
  const whole = histogram(low, width);
  for (const window of windows) {
    if (!window || window.histogram.total === 0) continue;
    addHistogram(whole, window.histogram);
    Object.assign(window, digest(window.histogram));
  }
  state.view = { windows, whole, digest: digest(whole) };
  computeSla();
}

// Unanswered requests have no status: they are shown unless one is asked for.
function addUnanswered(windows) {
  if (state.status !== "") return;
  state.head.routes.forEach((route, index) => {
    if (!isChosen(route, index)) return;
    for (let i = 0; i < route.unanswered.length; i += 2) windows[route.unanswered[i]].unanswered += route.unanswered[i + 1];
  });
}

function extent(chosen) {
  let [low, high] = [Infinity, 0];
  for (const series of chosen) {
    for (const { bins } of series.cells) {
      if (bins.length) [low, high] = [Math.min(low, bins[0]), Math.max(high, bins[bins.length - 2])];
    }
  }
  return Number.isFinite(low) ? { low, width: high - low + 1 } : { low: 0, width: 1 };
}

function computeSla() {
  state.sla = state.objective > 0
    ? sla(state.view.windows, state.view.whole, state.objective, state.head.target_per_billion)
    : null;
}

const microsOf = (place) => state.head.start_us + place * state.head.length_us;

function clock() {
  const { head, local } = state;
  const ends = [head.start_us, head.start_us + head.places * head.length_us - 1];
  return {
    local,
    date: formatDate(ends[0], local) !== formatDate(ends[1], local),
    seconds: head.length_us % 60e6 !== 0,
  };
}

function isEverything() {
  return state.route < 0 && state.wire === "" && state.status === "" && state.metric === 0;
}

const rate = (count) => (state.head.observed_seconds > 0 ? count / state.head.observed_seconds : null);
