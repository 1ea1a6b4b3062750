// The peaks of a distribution, by density over log-width; the rule and its numbers are the program's.

const CELLS_PER_DECADE = 24;
const VALLEY_SHARE = 0.7;
const MASS_SHARE = 0.01;
const SIGMAS = 3;

function modes(of) {
  const range = keyRange(of);
  if (!range) return [];
  const decade = (key) => Math.floor((key - 1) / 90) - 9;
  const [low, high] = [decade(range.first), decade(range.last) + 1];
  const grid = logGrid(low, high, (high - low) * CELLS_PER_DECADE);
  const counts = new Float64Array(grid.cells);
  spread(grid, of, counts);
  const heights = counts.map((count, i) => ((counts[i - 1] || 0) + 2 * count + (counts[i + 1] || 0)) / 4);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const peaks = basins(heights);
  for (;;) {
    const weak = weakest(peaks, heights, counts, total);
    if (weak < 0) break;
    mergePeak(peaks, weak, heights);
  }
  // A cell can reach beyond the outermost bin: no value is there.
  const [least, most] = [lowerNanos(range.first) / 1e9, upperNanos(range.last) / 1e9];
  return peaks.map((peak) => mode(peak, grid, counts, total))
    .map((peak) => ({ ...peak, from: Math.max(peak.from, least), to: Math.min(peak.to, most) }));
}

function basins(heights) {
  const peaks = [];
  let [start, top, falling] = [0, 0, false];
  for (let cell = 1; cell < heights.length; cell++) {
    if (heights[cell] > heights[cell - 1]) {
      if (falling) {
        peaks.push({ top, from: start, to: cell });
        start = cell;
      }
      falling = false;
      top = cell;
    } else if (heights[cell] < heights[cell - 1]) {
      falling = true;
    }
  }
  peaks.push({ top, from: start, to: heights.length });
  return peaks.filter((peak) => heights[peak.top] > 0);
}

function mass(peak, counts) {
  let sum = 0;
  for (let cell = peak.from; cell < peak.to; cell++) sum += counts[cell];
  return sum;
}

function weakest(peaks, heights, counts, total) {
  if (peaks.length < 2) return -1;
  let found = -1;
  peaks.forEach((peak, place) => {
    const top = heights[peak.top];
    const { depth } = higherValley(peaks, place, heights);
    const noise = SIGMAS * Math.sqrt((top + depth) * 0.375);
    const weak = top - depth < noise || depth > VALLEY_SHARE * top || mass(peak, counts) < MASS_SHARE * total;
    if (weak && (found < 0 || top < heights[peaks[found].top])) found = place;
  });
  return found;
}

function higherValley(peaks, place, heights) {
  const valley = (left) => {
    if (left < 0 || left + 1 >= peaks.length) return null;
    let depth = Infinity;
    for (let cell = peaks[left].top; cell <= peaks[left + 1].top; cell++) depth = Math.min(depth, heights[cell]);
    return depth;
  };
  const [below, above] = [valley(place - 1), valley(place)];
  if (below !== null && (above === null || below >= above)) return { depth: below, neighbour: place - 1 };
  return { depth: above ?? 0, neighbour: above === null ? place : place + 1 };
}

function mergePeak(peaks, place, heights) {
  const { neighbour } = higherValley(peaks, place, heights);
  const first = Math.min(place, neighbour);
  const [left, right] = [peaks[first], peaks[first + 1]];
  const top = heights[left.top] >= heights[right.top] ? left.top : right.top;
  peaks.splice(first, 2, { top, from: left.from, to: right.to });
}

function mode(peak, grid, counts, total) {
  let [first, last] = [peak.from, peak.to - 1];
  while (first < last && counts[first] === 0) first += 1;
  while (last > first && counts[last] === 0) last -= 1;
  return {
    at: gridValue(grid, peak.top + 0.5),
    from: gridValue(grid, first),
    to: gridValue(grid, last + 1),
    share: mass(peak, counts) / total,
  };
}
