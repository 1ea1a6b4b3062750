// Numbers and times as people read them; the program has the same functions.

function formatCount(count) {
  const digits = String(Math.abs(count)).replace(/\B(?=(\d{3})+$)/g, ",");
  return count < 0 ? "−" + digits : digits;
}

// A noun that takes an s.
function formatCounted(count, noun) {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function formatBounds(bounds) {
  return bounds.low === bounds.high ? formatCount(bounds.low) : `${formatCount(bounds.low)} to ${formatCount(bounds.high)}`;
}

// So many places behind the point, halves rounded up: the same digits as the program's.
function fixed(number, places) {
  const unit = 10 ** places;
  return (Math.round(number * unit) / unit).toFixed(places);
}

function formatLatency(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (!Number.isFinite(seconds) || seconds <= 0) return "0 s";
  const units = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
  const [scale, unit] = units.find(([scale]) => seconds >= scale * 0.9995) ?? units[3];
  const number = seconds / scale;
  return number < 9.995 ? `${fixed(number, 2)} ${unit}` : `${formatCount(Math.round(number))} ${unit}`;
}

// An axis says 2 ms where a number says 2.00 ms.
function formatTick(seconds) {
  return formatLatency(seconds).replace(/\.?0+ /, (zeros) => (zeros.startsWith(".") ? " " : zeros));
}

function formatRate(perSecond) {
  if (perSecond === null || !Number.isFinite(perSecond)) return "–";
  if (perSecond >= 100) return formatCount(Math.round(perSecond)) + "/s";
  if (perSecond >= 0.1 || perSecond <= 0) return fixed(perSecond, 1) + "/s";
  return perSecond >= 0.001 ? fixed(perSecond, 3) + "/s" : "<0.001/s";
}

// Cut off, not rounded: never 100 where something is missing.
function formatPercent(part, whole, places) {
  if (whole === 0) return "–";
  const unit = 10n ** BigInt(places);
  const digits = String(BigInt(part) * 100n * unit / BigInt(whole)).padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)} %`;
}

// 100 % only for everything.
function formatCoverage(fraction) {
  if (fraction >= 1) return "100 %";
  return `${(Math.floor(Math.max(0, fraction) * 10000 + 1e-9) / 100).toFixed(2)} %`;
}

// For shares that are small: two digits that matter.
function formatShare(share) {
  const percent = share * 100;
  if (percent === 0 || percent >= 99.95) return `${Math.round(percent)} %`;
  if (percent >= 10) return `${percent.toFixed(0)} %`;
  return percent >= 0.001 ? `${Number(percent.toPrecision(2))} %` : "<0.001 %";
}

function formatBytes(bytes) {
  const unit = [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, scale]) => bytes >= scale);
  return unit ? `${(Math.floor(bytes * 10 / unit[1]) / 10).toFixed(1)} ${unit[0]}` : `${bytes} B`;
}

function formatSpan(seconds) {
  if (seconds < 60) return seconds < 1 ? formatLatency(seconds) : `${Math.floor(seconds * 10) / 10} s`;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const whole = Math.floor(seconds);
  const large = units.findIndex(([name, unit]) => whole >= unit && (name !== "d" || whole >= 2 * unit));
  const [[name, unit], [smallName, small]] = [units[large], units[large + 1]];
  const rounded = Math.floor((whole + Math.floor(small / 2)) / small) * small;
  const rest = Math.floor(rounded % unit / small);
  return `${Math.floor(rounded / unit)} ${name}` + (rest ? ` ${rest} ${smallName}` : "");
}

const two = (number) => String(number).padStart(2, "0");

// clock: { local, date, seconds }
function formatDate(micros, local) {
  const time = new Date(Math.floor(micros / 1e3));
  return local
    ? `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
    : time.toISOString().slice(0, 10);
}

function formatClock(micros, clock) {
  const time = new Date(Math.floor(micros / 1e3));
  const parts = clock.local
    ? [time.getHours(), time.getMinutes(), time.getSeconds()]
    : [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()];
  const text = parts.slice(0, clock.seconds ? 3 : 2).map(two).join(":");
  const millis = time.getUTCMilliseconds();
  return clock.seconds && millis ? `${text}.${String(millis).padStart(3, "0")}` : text;
}

function formatTime(micros, clock) {
  return clock.date ? `${formatDate(micros, clock.local)} ${formatClock(micros, clock)}` : formatClock(micros, clock);
}

// What stands after "between": the date once where it is the same; midnight at the end is 24:00.
function formatBetween(from, to, clock) {
  const sameDay = formatDate(from, clock.local) === formatDate(to - 1, clock.local);
  if (!sameDay) return `${formatTime(from, clock)} and ${formatTime(to, clock)}`;
  const end = formatClock(to, clock);
  const midnight = formatDate(from, clock.local) !== formatDate(to, clock.local);
  return `${formatTime(from, clock)} and ${midnight ? end.replace("00", "24") : end}`;
}
