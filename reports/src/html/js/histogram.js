// Counted bins, dense from key `low`: the same mathematics as the program that wrote this page.

function histogram(low, width) {
  return { low, counts: new Float64Array(width), total: 0 };
}

function addBins(into, bins) {
  for (let i = 0; i < bins.length; i += 2) {
    into.counts[bins[i] - into.low] += bins[i + 1];
    into.total += bins[i + 1];
  }
}

function addHistogram(into, other) {
  for (let i = 0; i < other.counts.length; i++) into.counts[i + other.low - into.low] += other.counts[i];
  into.total += other.total;
}

// Edges in nanoseconds: both are exact doubles from 1 ns up to 104 days.
function lowerNanos(key) {
  if (key <= 0) return 0;
  const [two, decade] = [(key - 1) % 90 + 10, Math.floor((key - 1) / 90)];
  return decade === 0 ? two / 10 : two * 10 ** (decade - 1);
}

function upperNanos(key) {
  return key <= 0 ? 0 : lowerNanos(key) + widthNanos(key);
}

function widthNanos(key) {
  if (key <= 0) return 0;
  const decade = Math.floor((key - 1) / 90);
  return decade === 0 ? 0.1 : 10 ** (decade - 1);
}

// The harmonic mean of the edges: no value in the bin is further away than 1/21.
function midpointNanos(key) {
  const [low, high] = [lowerNanos(key), upperNanos(key)];
  return key <= 0 ? 0 : (2 * low * high) / (low + high);
}

// The bin of a whole number of nanoseconds, and whether the number is its lower edge.
function keyOfNanos(nanos) {
  if (nanos < 1) return { key: 0, isEdge: true };
  let decade = 0;
  while (decade < 40 && nanos >= 10 ** (decade + 1)) decade += 1;
  const unit = decade === 0 ? 0.1 : 10 ** (decade - 1);
  const two = decade === 0 ? nanos * 10 : Math.floor(nanos / unit);
  return { key: 1 + decade * 90 + two - 10, isEdge: decade === 0 || two * unit === nanos };
}

// Values at or over a threshold: { low, high }, equal where the count is exact.
function countAtOrAbove(of, nanos) {
  const { key, isEdge } = keyOfNanos(nanos);
  let high = 0;
  for (let i = Math.max(0, key - of.low); i < of.counts.length; i++) high += of.counts[i];
  const torn = isEdge ? 0 : of.counts[key - of.low] || 0;
  return { low: high - torn, high };
}

function countBelow(of, nanos) {
  const over = countAtOrAbove(of, nanos);
  return { low: of.total - over.high, high: of.total - over.low };
}

// Hyndman and Fan's type 1, placed inside its bin; in seconds.
function quantiles(of, fractions) {
  if (of.total === 0) return fractions.map(() => null);
  const unfuzzed = (product) => {
    const whole = Math.round(product);
    return Math.abs(product - whole) <= product * Number.EPSILON ? whole : product;
  };
  const ranks = fractions.map((fraction) => Math.min(of.total, Math.max(1, Math.ceil(unfuzzed(fraction * of.total)))));
  return ranks.map((rank) => {
    let below = 0;
    for (let i = 0; i < of.counts.length; i++) {
      const count = of.counts[i];
      if (count > 0 && below + count >= rank) {
        const key = i + of.low;
        return (lowerNanos(key) + (rank - below) / (count + 1) * widthNanos(key)) / 1e9;
      }
      below += count;
    }
    return null;
  });
}

function mean(of) {
  if (of.total === 0) return null;
  let sum = 0;
  for (let i = 0; i < of.counts.length; i++) if (of.counts[i]) sum += of.counts[i] * midpointNanos(i + of.low);
  return sum / of.total / 1e9;
}

// The lowest and highest key with a count; null where there is none above zero.
function keyRange(of) {
  let first = -1;
  let last = -1;
  for (let i = 0; i < of.counts.length; i++) {
    if (of.counts[i] > 0 && i + of.low > 0) {
      if (first < 0) first = i + of.low;
      last = i + of.low;
    }
  }
  return first < 0 ? null : { first, last };
}

function digest(of) {
  const range = keyRange(of);
  const [p25, p50, p75, p90, p99, p999] = quantiles(of, [0.25, 0.5, 0.75, 0.9, 0.99, 0.999]);
  return { count: of.total, mean: mean(of), p25, p50, p75, p90, p99, p999, maxBelow: range ? upperNanos(range.last) / 1e9 : null };
}
