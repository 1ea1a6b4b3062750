// How many requests were too slow, where, and what is left of the budget. A window is null where nobody reported.

const SIGNIFICANCE = 0.001;
const SUSPICION = 0.05;

// windows: [{ histogram, unanswered, mean, p99 } or null]; nanos: the objective.
function sla(windows, whole, nanos, perBillion) {
  const judged = windows.map((window, place) => window && {
    place,
    timed: window.histogram.total,
    over: countAtOrAbove(window.histogram, nanos),
    unanswered: window.unanswered,
    mean: window.mean,
    p99: window.p99,
  });
  const seen = judged.filter(Boolean);
  const sum = (part) => seen.reduce((total, window) => total + part(window), 0);
  const result = {
    nanos,
    windows: judged,
    seen,
    timed: sum((window) => window.timed),
    unanswered: sum((window) => window.unanswered),
    over: { low: sum((window) => window.over.low), high: sum((window) => window.over.high) },
  };
  result.requests = result.timed + result.unanswered;
  result.incidents = incidents(judged, perBillion);
  result.budget = budget(result, perBillion);
  result.customary = customary(seen, whole, nanos);
  return result;
}

const missedIn = (window) => window.over.low + window.unanswered;
const requestsIn = (window) => window.timed + window.unanswered;

// Whole requests: BigInt, because a budget must not depend on rounding.
function budget(of, perBillion) {
  const allowed = Number(BigInt(of.requests) * BigInt(1e9 - perBillion) / 1000000000n);
  const used = { low: of.over.low + of.unanswered, high: of.over.high + of.unanswered };
  return { allowed, used, left: { low: allowed - used.high, high: allowed - used.low } };
}

const GOOD = 0;
const SUSPICIOUS = 1;
const BAD = 2;

function standing(window, perBillion) {
  if (!window) return GOOD;
  const missed = missedIn(window);
  const expected = requestsIn(window) * ((1e9 - perBillion) / 1e9);
  const chance = missed === 0 ? 1 : chanceOfAtLeast(missed, expected);
  if (chance < SIGNIFICANCE) return BAD;
  return chance < SUSPICION ? SUSPICIOUS : GOOD;
}

// Merges bad windows; reaches over suspicious ones and across a single good one, never across a hole.
function incidents(windows, perBillion) {
  const standings = windows.map((window) => standing(window, perBillion));
  const bad = (at) => at < windows.length && standings[at] !== GOOD;
  const found = [];
  let at = 0;
  while (at < windows.length) {
    if (!bad(at)) {
      at += 1;
      continue;
    }
    let end = at + 1;
    for (;;) {
      if (bad(end)) end += 1;
      else if (bad(end + 1) && windows[end]) end += 2;
      else break;
    }
    if (standings.slice(at, end).includes(BAD)) found.push(incident(windows, at, end));
    at = end;
  }
  return found;
}

function incident(windows, from, to) {
  const inside = windows.slice(from, to);
  const sum = (part) => inside.reduce((total, window) => total + part(window), 0);
  return {
    from,
    to,
    missed: sum(missedIn),
    over: sum((window) => window.over.low),
    unanswered: sum((window) => window.unanswered),
    requests: sum(requestsIn),
  };
}

function customary(seen, whole, nanos) {
  const limit = nanos / 1e9;
  const verdict = (name, overall) => {
    const over = (window) => window[name] !== null && window[name] >= limit;
    const values = seen.map((window) => window[name]).filter((value) => value !== null);
    return {
      overall,
      highest: values.length ? Math.max(...values) : null,
      windowsOver: seen.filter(over).length,
      hidden: seen.filter((window) => !over(window)).reduce((sum, window) => sum + window.over.low, 0),
    };
  };
  return {
    windows: seen.filter((window) => window.timed > 0).length,
    windowsWithOver: seen.filter((window) => window.over.low > 0).length,
    mean: verdict("mean", mean(whole)),
    p99: verdict("p99", quantiles(whole, [0.99])[0]),
  };
}

// What happened in the windows from `from` to before `to`.
function between(of, from, to) {
  const part = { from, to, timed: 0, over: { low: 0, high: 0 }, unanswered: 0, missing: 0 };
  for (let place = from; place < to; place++) {
    const window = of.windows[place];
    if (!window) {
      part.missing += 1;
      continue;
    }
    part.timed += window.timed;
    part.unanswered += window.unanswered;
    part.over.low += window.over.low;
    part.over.high += window.over.high;
  }
  return part;
}

function parts(of, count) {
  const places = of.windows.length;
  const whole = Math.max(1, Math.min(count, places));
  const edge = (part) => Math.floor(part * places / whole);
  return Array.from({ length: places ? whole : 0 }, (_, part) => between(of, edge(part), edge(part + 1)));
}

function naturalParts(places) {
  const fitting = [12, 8, 6, 10, 7, 5, 4, 3].find((count) => places % count === 0);
  return Math.min(fitting ?? 6, Math.max(1, places));
}

function worst(of, most) {
  const missed = of.seen.filter((window) => missedIn(window) > 0);
  return missed.sort((a, b) => missedIn(b) - missedIn(a) || a.place - b.place).slice(0, most);
}
