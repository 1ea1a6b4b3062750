// Counts over a logarithmic axis. Bins are 10 % of the value wide at mantissa 10 and 1 % at 99: drawn as they are,
// equal traffic looks like a saw. Spread over cells of equal log-width, a cell's count is the density.

// low and high are log10 of seconds.
function logGrid(low, high, cells) {
  return { low, high, cells };
}

function gridPlace(grid, seconds) {
  return (Math.log10(seconds) - grid.low) / (grid.high - grid.low) * grid.cells;
}

function gridValue(grid, place) {
  return 10 ** (grid.low + place / grid.cells * (grid.high - grid.low));
}

// Adds each bin's count to the cells it covers; what lies off the grid goes to the nearest cell.
function spread(grid, of, into) {
  for (let i = 0; i < of.counts.length; i++) {
    if (of.counts[i] === 0) continue;
    const key = i + of.low;
    const from = key > 0 ? gridPlace(grid, lowerNanos(key) / 1e9) : 0;
    const to = key > 0 ? gridPlace(grid, upperNanos(key) / 1e9) : 0;
    spreadBin(from, to, of.counts[i], into);
  }
}

function spreadBin(from, to, count, cells) {
  const end = cells.length;
  const [insideFrom, insideTo] = [Math.min(end, Math.max(0, from)), Math.min(end, Math.max(0, to))];
  if (insideTo - insideFrom <= 0) {
    cells[Math.min(end - 1, Math.floor(insideFrom))] += count;
    return;
  }
  const perCell = count / (insideTo - insideFrom);
  for (let cell = Math.floor(insideFrom); cell < end; cell++) {
    const overlap = Math.min(insideTo, cell + 1) - Math.max(insideFrom, cell);
    if (overlap <= 0) break;
    cells[cell] += overlap * perCell;
  }
}

// Where a scale of densities ends, in requests per window and decade. It depends on the windows alone, not on how large
// they are drawn: the picture that the program draws says the same number.
const MEASURED_PER_DECADE = 40;
const SCALE_SHARE = 0.999;
const FEW = 3; // in a cell; also where no cell has more

function scaleTop(windows, whole) {
  const range = keyRange(whole);
  if (!range) return FEW * MEASURED_PER_DECADE;
  const decade = (key) => Math.floor((key - 1) / 90) - 9;
  const [low, high] = [decade(range.first), decade(range.last) + 1];
  const grid = logGrid(low, high, (high - low) * MEASURED_PER_DECADE);
  const cells = new Float64Array(grid.cells);
  const filled = [];
  for (const window of windows) {
    if (!window || window.histogram.total === 0) continue;
    cells.fill(0);
    spread(grid, window.histogram, cells);
    for (const cell of cells) if (cell > 0) filled.push(cell);
  }
  filled.sort((a, b) => a - b);
  return Math.max(FEW, filled[Math.ceil((filled.length - 1) * SCALE_SHARE)]) * MEASURED_PER_DECADE;
}
