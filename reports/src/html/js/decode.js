// Reads the packed bins: per cell the places passed over, the histogram's length, the histogram as it is at rest.

const ZERO_ORDINAL = 23041; // the zero bin's place in the order of all bins
const KEYS_BEFORE_NANOS = 119 * 90; // bins from 1e-128 up to 1e-9: nothing is timed there

async function inflate(base64) {
  const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function reader(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  return { varint, place: () => at, seek: (to) => { at = to; } };
}

// A bin's key: 0 is zero and below, from 1 on 90 for each decade above a nanosecond. NaN has none.
function keyOfOrdinal(ordinal) {
  if (ordinal === 0) return -1;
  return Math.max(0, ordinal - ZERO_ORDINAL - KEYS_BEFORE_NANOS);
}

// [{ place, keys, counts }] of one series' bytes.
function decodeCells(bytes) {
  const from = reader(bytes);
  const cells = [];
  let place = 0;
  while (from.place() < bytes.length) {
    place += from.varint();
    const length = from.varint();
    const end = from.place() + length;
    cells.push({ place, bins: decodeBins(from, end) });
    place += 1;
  }
  return cells;
}

// [key, count, key, count, …], ascending.
function decodeBins(from, end) {
  const bins = [];
  let ordinal = 0;
  while (from.place() < end) {
    ordinal += from.varint();
    const count = from.varint() + 1;
    const key = keyOfOrdinal(ordinal);
    if (key >= 0) bins.push(key, count);
    ordinal += 1;
  }
  return bins;
}

async function decode(head, base64) {
  const bytes = await inflate(base64);
  let at = 0;
  return head.series.map((series) => {
    const mine = bytes.subarray(at, at + series.bytes);
    at += series.bytes;
    return { ...series, cells: decodeCells(mine) };
  });
}
