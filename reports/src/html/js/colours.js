// A sequential scale that is even to the eye: a path through OKLab (Björn Ottosson, 2020) walked at constant speed.
// It begins near the background and ends far from it, so that "more" always stands out more.

const SCALE_STEPS = 256;
// Lightness, chroma, hue in degrees; from few to many.
const SCALE_LIGHT = [[0.9, 0.09, 112], [0.8, 0.11, 130], [0.67, 0.115, 185], [0.5, 0.115, 245], [0.34, 0.14, 285], [0.2, 0.09, 300]];
const SCALE_DARK = [[0.36, 0.11, 300], [0.44, 0.14, 280], [0.55, 0.13, 240], [0.7, 0.125, 185], [0.84, 0.14, 130], [0.965, 0.09, 105]];

function colourScale(knots) {
  const path = Array.from({ length: 1025 }, (_, i) => knotAt(knots, i / 1024));
  const walked = [0];
  for (let i = 1; i < path.length; i++) walked.push(walked[i - 1] + Math.hypot(...path[i].map((v, k) => v - path[i - 1][k])));
  const scale = [];
  let at = 0;
  for (let step = 0; step < SCALE_STEPS; step++) {
    const wanted = step / (SCALE_STEPS - 1) * walked[1024];
    while (at < 1023 && walked[at + 1] < wanted) at += 1;
    const along = (wanted - walked[at]) / (walked[at + 1] - walked[at]);
    scale.push(rgbOfOklab(path[at].map((v, k) => v + along * (path[at + 1][k] - v))));
  }
  return scale;
}

// Straight between the knots in OKLab.
function knotAt(knots, along) {
  const place = along * (knots.length - 1);
  const left = Math.min(knots.length - 2, Math.floor(place));
  const [a, b] = [oklab(knots[left]), oklab(knots[left + 1])];
  return a.map((v, k) => v + (place - left) * (b[k] - v));
}

function oklab([lightness, chroma, hue]) {
  const angle = hue * Math.PI / 180;
  return [lightness, chroma * Math.cos(angle), chroma * Math.sin(angle)];
}

function rgbOfOklab([lightness, a, b]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(gamma);
}

function gamma(linear) {
  const value = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
}

// From a cell's count to a step of the scale: by the root of its part of `top`, or by rank among all cells that are not empty.
function colourSteps(cells, byRank, top) {
  if (!byRank) return (count) => Math.min(SCALE_STEPS - 1, Math.round(Math.sqrt(count / top) * (SCALE_STEPS - 1)));
  const filled = [];
  for (const cell of cells) if (cell > 0) filled.push(cell);
  filled.sort((a, b) => a - b);
  const rank = (count) => {
    let [low, high] = [0, filled.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (filled[middle] < count) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (count) => Math.round(rank(count) / Math.max(1, filled.length - 1) * (SCALE_STEPS - 1));
}
