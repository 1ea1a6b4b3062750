// The summary in words, as the program makes it, for any choice of routes and objective.

const NAMED_SHARE = 0.5;
const SPAN_SHARE = 0.25;
const NAMED_MAX = 2;

// timeOf: a window's place to microseconds.
function sentence(of, objectiveText, timeOf, clock) {
  if (of.requests === 0) return "No request was seen.";
  const noun = of.timed === 1 ? "request" : "requests";
  const slow = `${howMany(of.over, of.timed)} ${noun} took ${objectiveText} or longer${when(of, timeOf, clock)}.`;
  if (of.unanswered === 0) return slow;
  if (of.unanswered === 1) return `${slow} 1 more was never answered.`;
  return `${slow} ${formatCount(of.unanswered)} more were never answered.`;
}

function howMany(over, timed) {
  const all = formatCount(timed);
  if (over.high === 0) return `None of ${all}`;
  if (over.low === over.high && over.low === timed && timed > 1) return `All ${all}`;
  return `${formatBounds(over)} of ${all}`;
}

function when(of, timeOf, clock) {
  if (of.seen.length < 2) return "";
  let named = of.incidents.filter((incident) => incident.over > 0);
  named.sort((a, b) => b.over - a.over || a.from - b.from);
  named = named.slice(0, NAMED_MAX);
  named = named.filter((incident) => incident.over * 4 >= named[0].over);
  const inside = named.reduce((sum, incident) => sum + incident.over, 0);
  const windows = named.reduce((sum, incident) => sum + incident.to - incident.from, 0);
  const telling = windows <= SPAN_SHARE * of.seen.length || of.seen.length < 8;
  if (inside === 0 || inside < NAMED_SHARE * of.over.low || !telling) return "";
  named.sort((a, b) => a.from - b.from);
  const spans = named.map((incident) => `between ${formatBetween(timeOf(incident.from), timeOf(incident.to), clock)}`);
  return inside === of.over.low
    ? `, ${spans.join(" or ")}`
    : `, ${formatCount(inside)} of them ${spans.join(" or ")}`;
}

// Reads 200ms, 1.5 s, 2m; null where it is not a whole number of nanoseconds.
function parseObjective(text) {
  const match = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(ns|us|µs|μs|ms|s|m|min|h)\s*$/.exec(text);
  if (!match) return null;
  const places = { ns: 0, us: 3, µs: 3, μs: 3, ms: 6, s: 9, m: 9, min: 9, h: 9 }[match[2]];
  const factor = { m: 60n, min: 60n, h: 3600n }[match[2]] ?? 1n;
  const [whole, fraction = ""] = match[1].split(".");
  if (fraction.replace(/0+$/, "").length > places) return null;
  const nanos = Number(BigInt((whole || "0") + fraction.slice(0, places).padEnd(places, "0")) * factor);
  return nanos > 0 && nanos < 1e15 ? nanos : null;
}

// An exact text of whole nanoseconds: 1.5 s, 200 ms.
function objectiveOfNanos(nanos) {
  const [scale, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]].find(([scale]) => nanos >= scale) ?? [1, "ns"];
  const places = String(scale).length - 1;
  const digits = String(nanos).padStart(places + 1, "0");
  const fraction = places ? digits.slice(-places).replace(/0+$/, "") : "";
  return `${digits.slice(0, digits.length - places)}${fraction ? "." + fraction : ""} ${unit}`;
}
