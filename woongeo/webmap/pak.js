// Unpacks the data of a page, as woongeo/webmap/pack.py writes it.
"use strict";

// Rows of whole numbers: seven bits a byte, the lowest first; even ones are positive.
function woongeoRijen(bytes, at, lengths) {
  let p = at;
  return lengths.map((length) => {
    const n = Math.abs(length);
    // A row with a number that is too long for a short one has its length written as negative.
    const row = length < 0 ? new Float64Array(n) : new Int32Array(n);
    for (let k = 0; k < n; k += 1) {
      let byte = bytes[p], value = byte & 127, times = 128;
      p += 1;
      while (byte > 127) {
        byte = bytes[p];
        p += 1;
        value += (byte & 127) * times;
        times *= 128;
      }
      row[k] = value % 2 ? -(value + 1) / 2 : value / 2;
    }
    return row;
  });
}

// From counts to where each begins; the last is where all end.
function woongeoBegin(counts) {
  const first = new Int32Array(counts.length + 1);
  for (let k = 0; k < counts.length; k += 1) first[k + 1] = first[k] + counts[k];
  return first;
}

// Shapes: all corners in one row, in whole web-mercator metres. A hundred thousand lists of lists
// would take the memory of a tab.
class WoongeoVormen {
  constructor({ hoeken, ringen, vormen, punten, rooster }, rows) {
    const xy = rows[hoeken];
    this.corner = woongeoBegin(rows[ringen]);
    this.first = woongeoBegin(rows[vormen]);
    this.length = rows[vormen].length;
    this.xy = xy;
    let startX = 0, startY = 0;
    for (let r = 0; r + 1 < this.corner.length; r += 1) {
      let x = startX, y = startY;
      for (let k = 2 * this.corner[r]; k < 2 * this.corner[r + 1]; k += 2) {
        x += xy[k];
        y += xy[k + 1];
        if (k === 2 * this.corner[r]) [startX, startY] = [x, y];
        xy[k] = x * rooster;
        xy[k + 1] = y * rooster;
      }
    }
    if (punten !== undefined) this.points(rows[punten], rooster);
  }

  // A point of each shape, written as its difference from the first corner; NaN where there is none.
  points(away, grid) {
    this.x = new Float64Array(this.length).fill(NaN);
    this.y = new Float64Array(this.length).fill(NaN);
    for (let i = 0; i < this.length; i += 1) {
      if (!this.has(i)) continue;
      const k = 2 * this.corner[this.first[i]];
      this.x[i] = this.xy[k] + away[2 * i] * grid;
      this.y[i] = this.xy[k + 1] + away[2 * i + 1] * grid;
    }
  }

  has(i) { return this.first[i + 1] > this.first[i]; }

  // West, south, east and north of each shape, after each other.
  boxes() {
    const boxes = new Float64Array(4 * this.length).fill(NaN), { xy } = this;
    for (let i = 0; i < this.length; i += 1) {
      if (!this.has(i)) continue;
      let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
      const end = 2 * this.corner[this.first[i + 1]];
      for (let k = 2 * this.corner[this.first[i]]; k < end; k += 2) {
        if (xy[k] < west) west = xy[k];
        if (xy[k] > east) east = xy[k];
        if (xy[k + 1] < south) south = xy[k + 1];
        if (xy[k + 1] > north) north = xy[k + 1];
      }
      boxes.set([west, south, east, north], 4 * i);
    }
    return boxes;
  }

  // The rings of a shape, each as [x, y, x, y, …].
  rings(i) {
    const found = [];
    for (let r = this.first[i]; r < this.first[i + 1]; r += 1) {
      found.push(this.xy.subarray(2 * this.corner[r], 2 * this.corner[r + 1]));
    }
    return found;
  }

  all() { return Array.from({ length: this.length }, (_, i) => this.rings(i)); }
}

// What stands in the JSON for a row, however deep.
function woongeoKolom(told, rows) {
  if (told === null || typeof told !== "object") return told;
  if (Array.isArray(told)) return told.map((item) => woongeoKolom(item, rows));
  if ("hoeken" in told && "rooster" in told) return new WoongeoVormen(told, rows);
  if (!("rij" in told)) {
    return Object.fromEntries(Object.entries(told).map(([name, item]) => [name, woongeoKolom(item, rows)]));
  }
  const row = rows[told.rij];
  if (told.woorden) return Array.from(row, (k) => told.woorden[k]);
  if (told.getallen) {
    let sum = 0;
    return Array.from(row, (step) => String(sum += step));
  }
  if (!told.deel) return row;
  const values = Array.from(row, (n) => n / told.deel);
  let at = 0;
  for (const step of rows[told.leeg]) values[at += step] = null;
  return values;
}

async function woongeoUitpakken(base64) {
  const text = atob(base64), packed = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k += 1) packed[k] = text.charCodeAt(k);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const told = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return woongeoKolom(told.inhoud, woongeoRijen(bytes, 4 + length, told.lengtes));
}
