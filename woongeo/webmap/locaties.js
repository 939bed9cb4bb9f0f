// Locations on one canvas: signs from far, shapes from near. Leaflet keeps an object for each shape,
// which a hundred thousand locations are too many for; here only what is in view is drawn.

// From here on a site is large enough to be drawn as it is; from further off it is a sign.
const WOONGEO_DICHTBIJ = 13;
const WOONGEO_R = 6378137;

function woongeoLatLng(x, y) {
  return L.latLng(Math.atan(Math.sinh(y / WOONGEO_R)) * 180 / Math.PI, x / WOONGEO_R * 180 / Math.PI);
}

// By the even-odd rule, as the shapes are drawn.
function woongeoHolds(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      if ((ring[i + 1] > y) !== (ring[j + 1] > y)
        && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
    }
  }
  return inside;
}

// The path of a sign with radius r: looks are told by shape as well as by colour.
const WOONGEO_TEKENS = {
  driehoek(ctx, r) {
    ctx.moveTo(0, -r * 1.25);
    ctx.lineTo(r * 1.15, r * 0.85);
    ctx.lineTo(-r * 1.15, r * 0.85);
    ctx.closePath();
  },
  vierkant(ctx, r) { ctx.rect(-r * 0.85, -r * 0.85, r * 1.7, r * 1.7); },
  rond(ctx, r) { ctx.arc(0, 0, r, 0, Math.PI * 2); },
  ruit(ctx, r) {
    ctx.moveTo(0, -r * 1.25);
    ctx.lineTo(r * 1.25, 0);
    ctx.lineTo(0, r * 1.25);
    ctx.lineTo(-r * 1.25, 0);
    ctx.closePath();
  },
  punt(ctx, r) {
    ctx.moveTo(0, r * 1.25);
    ctx.lineTo(r * 1.15, -r * 0.85);
    ctx.lineTo(-r * 1.15, -r * 0.85);
    ctx.closePath();
  },
};

// `sites` holds vormen and oppervlakte; `look(i)` gives the look of a site as a position in
// `looks`, heaviest last; `passes(i)` tells whether it is shown.
const WoongeoLocaties = L.Layer.extend({
  initialize(sites, looks, look, passes, open) {
    Object.assign(this, { sites, looks, look, passes, open });
    this.x = sites.vormen.x;
    this.y = sites.vormen.y;
    this.boxes = sites.vormen.boxes();
    this.choose();
  },

  // What is shown, in the order of drawing: the heaviest look on top; of one look the large ones
  // first, since a part must not lie hidden under the whole.
  choose() {
    const area = this.sites.oppervlakte;
    const rank = new Int8Array(this.x.length);
    this.order = [];
    for (let i = 0; i < rank.length; i += 1) {
      rank[i] = this.look(i);
      if (!Number.isNaN(this.x[i]) && this.passes(i)) this.order.push(i);
    }
    this.order.sort((a, b) => rank[a] - rank[b] || (area[b] || 0) - (area[a] || 0) || a - b);
    if (this._map) this._draw();
  },

  onAdd(map) {
    this._canvas = L.DomUtil.create("canvas", "woongeo-locaties leaflet-zoom-hide", this.getPane());
    map.on("moveend zoomend resize viewreset", this._draw, this);
    map.on("click", this._click, this);
    map.on("mousemove", this._point, this);
    this._draw();
  },

  onRemove(map) {
    this._canvas.remove();
    map.off("moveend zoomend resize viewreset", this._draw, this);
    map.off("click", this._click, this);
    map.off("mousemove", this._point, this);
  },

  _rings(i) { return this.sites.vormen.rings(i); },

  _box(i) { return this.boxes.subarray(4 * i, 4 * i + 4); },

  bounds(i) {
    const [west, south, east, north] = this._box(i);
    return L.latLngBounds(woongeoLatLng(west, south), woongeoLatLng(east, north));
  },

  place(i) { return woongeoLatLng(this.x[i], this.y[i]); },

  _near() { return this._map.getZoom() >= WOONGEO_DICHTBIJ; },

  // Web-mercator metres to pixels of the layer: px = x * scale + dx, py = dy - y * scale.
  _frame() {
    const scale = 256 * 2 ** this._map.getZoom() / (2 * Math.PI * WOONGEO_R);
    const origin = this._map.getPixelOrigin(), half = Math.PI * WOONGEO_R * scale;
    return { scale, dx: half - origin.x, dy: half - origin.y };
  },

  _draw() {
    const map = this._map, size = map.getSize(), canvas = this._canvas;
    const least = map.containerPointToLayerPoint(size.multiplyBy(-0.25)).round();
    const wide = size.multiplyBy(1.5).round(), ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, least);
    canvas.width = wide.x * ratio;
    canvas.height = wide.y * ratio;
    canvas.style.width = `${wide.x}px`;
    canvas.style.height = `${wide.y}px`;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.translate(-least.x, -least.y);
    const f = this._frame();
    // What can be seen, in metres.
    const west = (least.x - f.dx) / f.scale, east = (least.x + wide.x - f.dx) / f.scale;
    const north = (f.dy - least.y) / f.scale, south = (f.dy - least.y - wide.y) / f.scale;
    this.drawn = { vlak: 0, teken: 0 };
    if (this._near()) this._drawShapes(ctx, f, west, south, east, north);
    else this._drawSigns(ctx, f, west, south, east, north, ratio);
  },

  // Whether a site is large enough on the screen to be drawn as it is, however far off. A metre
  // in the Netherlands is some 1.6 of web mercator.
  _large(i, f) { return Math.sqrt(this.sites.oppervlakte[i] || 0) * 1.6 * f.scale >= 24; },

  _drawShapes(ctx, f, west, south, east, north, which = this.order) {
    const styles = this.looks.map((look) => this._pattern(ctx, look));
    ctx.lineJoin = "round";
    for (const i of which) {
      const b = this._box(i);
      if (b[0] > east || b[2] < west || b[1] > north || b[3] < south) continue;
      const rings = this._rings(i), look = this.look(i);
      if (!rings.length) continue;
      ctx.beginPath();
      for (const ring of rings) {
        ctx.moveTo(ring[0] * f.scale + f.dx, f.dy - ring[1] * f.scale);
        for (let k = 2; k < ring.length; k += 2) ctx.lineTo(ring[k] * f.scale + f.dx, f.dy - ring[k + 1] * f.scale);
        ctx.closePath();
      }
      const style = this.looks[look];
      ctx.globalAlpha = style.fillOpacity;
      ctx.fillStyle = styles[look];
      ctx.fill("evenodd");
      ctx.globalAlpha = 1;
      ctx.strokeStyle = style.color;
      ctx.lineWidth = style.weight;
      ctx.setLineDash(style.streep || []);
      ctx.stroke();
      this.drawn.vlak += 1;
    }
  },

  // Hatching tells a look from the others without colour, where sites are drawn as they are.
  _pattern(ctx, look) {
    if (!look.arcering) return look.fillColor;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const c = tile.getContext("2d");
    c.fillStyle = look.fillColor;
    c.fillRect(0, 0, 8, 8);
    c.strokeStyle = look.color;
    c.lineWidth = 1.5;
    for (const x of [-8, 0, 8]) {
      c.moveTo(x, 8);
      c.lineTo(x + 8, 0);
    }
    c.stroke();
    return ctx.createPattern(tile, "repeat");
  },

  _drawSigns(ctx, f, west, south, east, north, ratio) {
    const side = 16, r = 5;
    // Each sign is drawn once; copying it a hundred thousand times takes a tenth of a second.
    const signs = this.looks.map((look) => {
      const sign = document.createElement("canvas");
      sign.width = sign.height = side * ratio;
      const c = sign.getContext("2d");
      c.scale(ratio, ratio);
      c.translate(side / 2, side / 2);
      c.beginPath();
      WOONGEO_TEKENS[look.teken](c, r);
      c.globalAlpha = 0.9;
      c.fillStyle = look.fillColor;
      c.fill();
      c.globalAlpha = 1;
      c.strokeStyle = look.color;
      c.stroke();
      return sign;
    });
    const room = side / f.scale;
    this._drawShapes(ctx, f, west, south, east, north, this.order.filter((i) => this._large(i, f)));
    for (const i of this.order) {
      if (this._large(i, f)) continue;
      const x = this.x[i], y = this.y[i];
      if (x < west - room || x > east + room || y < south - room || y > north + room) continue;
      ctx.drawImage(signs[this.look(i)], x * f.scale + f.dx - side / 2, f.dy - y * f.scale - side / 2, side, side);
      this.drawn.teken += 1;
    }
  },

  // Sites at a place, the topmost first.
  at(latlng) {
    const p = this._map.latLngToLayerPoint(latlng), f = this._frame();
    const x = (p.x - f.dx) / f.scale, y = (f.dy - p.y) / f.scale;
    const found = [];
    if (this._near()) {
      for (let k = this.order.length - 1; k >= 0; k -= 1) {
        const i = this.order[k], b = this._box(i);
        if (x >= b[0] && x <= b[2] && y >= b[1] && y <= b[3] && woongeoHolds(this._rings(i), x, y)) found.push(i);
      }
      return found;
    }
    const reach = 8 / f.scale, under = [];
    for (let k = this.order.length - 1; k >= 0; k -= 1) {
      const i = this.order[k];
      if (this._large(i, f)) {
        const b = this._box(i);
        if (x >= b[0] && x <= b[2] && y >= b[1] && y <= b[3] && woongeoHolds(this._rings(i), x, y)) under.push(i);
      } else if (Math.abs(this.x[i] - x) <= reach && Math.abs(this.y[i] - y) <= reach) found.push(i);
    }
    return [...found, ...under];
  },

  // Sites whose shapes hold a place, whether shapes or signs are drawn.
  holding(latlng) {
    const p = this._map.project(latlng, 0), scale = 256 / (2 * Math.PI * WOONGEO_R);
    const x = p.x / scale - Math.PI * WOONGEO_R, y = Math.PI * WOONGEO_R - p.y / scale;
    return this.order.filter((i) => {
      const b = this._box(i);
      return x >= b[0] && x <= b[2] && y >= b[1] && y <= b[3] && woongeoHolds(this._rings(i), x, y);
    });
  },

  // Sites of which the point lies in what the map shows.
  inView() {
    const bounds = this._map.getBounds(), f = WOONGEO_R * Math.PI / 180;
    const up = (lat) => WOONGEO_R * Math.asinh(Math.tan(lat * Math.PI / 180));
    const west = bounds.getWest() * f, east = bounds.getEast() * f;
    const south = up(bounds.getSouth()), north = up(bounds.getNorth());
    return this.order.filter((i) => this.x[i] >= west && this.x[i] <= east && this.y[i] >= south && this.y[i] <= north);
  },

  _click(event) {
    const [i] = this.at(event.latlng);
    if (i !== undefined) this.open(i, this._near() ? event.latlng : this.place(i));
  },

  _point(event) {
    if (this._waiting) return;
    this._waiting = true;
    requestAnimationFrame(() => {
      this._waiting = false;
      if (this._map) this._map.getContainer().style.cursor = this.at(event.latlng).length ? "pointer" : "";
    });
  },
});
