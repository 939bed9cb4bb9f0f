// Draws a screening. `woongeoKaart(map, data)` is called by the page with a Leaflet map and the
// packed data; text goes on the page with textContent only, never as markup.
"use strict";

// folium builds the pop-ups of layers that a user adds with jQuery; this is all that it uses of it.
window.$ = window.$ || ((what) => {
  if (typeof what !== "string") return { ready: (then) => then() };
  const holder = document.createElement("template");
  holder.innerHTML = what.trim();
  return [holder.content.firstElementChild];
});

function woongeoKaart(map, packed) {
  const OORDEEL = ["vrij", "onbekend", "belemmerd"];
  const STIJL = {
    belemmerd: { color: "#8f3f00", fillColor: "#d55e00", weight: 2, fillOpacity: 0.65 },
    onbekend: { color: "#4a4a4a", fillColor: "#767676", weight: 1.5, fillOpacity: 0.45, dashArray: "4 3" },
    vrij: { color: "#004b77", fillColor: "#0072b2", weight: 1.5, fillOpacity: 0.55 },
  };
  // From here on a site is large enough to be drawn as it is; from further off it is a sign.
  const DICHTBIJ = 13;
  const R = 6378137;
  const byId = (id) => document.getElementById(id);

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  function button(text, does) {
    const node = element("button", text, "tekst");
    node.type = "button";
    node.addEventListener("click", () => does(node));
    return node;
  }

  function say(text) {
    const box = byId("melding");
    box.textContent = text;
    box.hidden = !text;
  }

  // Web mercator metres to degrees; rings come as [x, y, dx, dy, …].
  function toLatLngs(steps) {
    const line = new Array(steps.length / 2);
    let x = 0, y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      line[i / 2] = [Math.atan(Math.sinh(y / R)) * 180 / Math.PI, x / R * 180 / Math.PI];
    }
    return line;
  }

  // By the even-odd rule, as the shapes are drawn.
  function holds(rings, point) {
    let inside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
        const a = ring[i], b = ring[j];
        if ((a.lat > point.lat) !== (b.lat > point.lat)
          && point.lng < (b.lng - a.lng) * (point.lat - a.lat) / (b.lat - a.lat) + a.lng) inside = !inside;
      }
    }
    return inside;
  }

  const number = new Intl.NumberFormat("nl-NL", { maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat("nl-NL", { maximumFractionDigits: 0 });
  const shown = (value, unit, format = number) =>
    value === null ? "onbekend" : `${format.format(value)}${unit}`;

  // A sign per verdict, so that it is told by shape as well as by colour.
  L.Canvas.include({
    _updateTeken(layer) {
      if (!this._drawing || layer._empty()) return;
      const ctx = this._ctx, p = layer._point, r = layer._radius;
      ctx.beginPath();
      if (layer.options.teken === "belemmerd") {
        ctx.moveTo(p.x, p.y - r * 1.25);
        ctx.lineTo(p.x + r * 1.15, p.y + r * 0.85);
        ctx.lineTo(p.x - r * 1.15, p.y + r * 0.85);
        ctx.closePath();
      } else if (layer.options.teken === "onbekend") {
        ctx.rect(p.x - r * 0.85, p.y - r * 0.85, r * 1.7, r * 1.7);
      } else {
        ctx.arc(p.x, p.y, r, 0, Math.PI * 2, false);
      }
      this._fillStroke(ctx, layer);
    },
  });
  const Teken = L.CircleMarker.extend({
    _updatePath() { this._renderer._updateTeken(this); },
  });

  // Hatching tells `belemmerd` from `vrij` without colour, where sites are drawn as they are.
  function hatched(style) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const ctx = tile.getContext("2d");
    ctx.fillStyle = style.fillColor;
    ctx.fillRect(0, 0, 8, 8);
    ctx.strokeStyle = style.color;
    ctx.lineWidth = 1.5;
    for (const x of [-8, 0, 8]) {
      ctx.moveTo(x, 8);
      ctx.lineTo(x + 8, 0);
    }
    ctx.stroke();
    return { ...style, fillColor: ctx.createPattern(tile, "repeat") };
  }

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  // The sign of a verdict, as it stands in the legend, and its word.
  function verdict(word, tag) {
    const node = element(tag);
    const sign = byId(`oordeel-${word}`).parentNode.querySelector("svg");
    node.append(sign.cloneNode(true), word);
    return node;
  }

  function facts(rows, caption) {
    const table = element("table", null, "feiten");
    if (caption) table.append(element("caption", caption, "tekst"));
    for (const [name, value] of rows) {
      const row = table.insertRow();
      const head = element("th", name);
      head.scope = "row";
      row.append(head, name === "Oordeel" ? verdict(value, "td") : element("td", value, "tekst"));
    }
    return table;
  }

  function factsheet(data, i) {
    const s = data.locaties;
    const box = element("div");
    box.append(element("h3", s.naam[i], "tekst"), facts([
      ["Locatie", s.id[i]],
      ["Oordeel", OORDEEL[s.oordeel[i]]],
      ["Woningen", shown(s.woningen[i], "")],
      ["Planstatus", `${s.planstatus[i]} (${s.hardheid[i]})`],
      ["Oppervlakte", shown(s.oppervlakte[i], " m²", whole)],
      ["w.v. belemmerd", shown(s.belemmerd[i], " m²", whole)],
      ["w.v. onbekend", shown(s.onbekend[i], " m²", whole)],
    ]));
    for (const toets of data.toetsen) {
      const rows = [
        ["Oordeel", OORDEEL[toets.oordeel[i]]],
        ["Reden", data.teksten[toets.reden[i]]],
        ["Afstand", toets.afstand[i] === null ? "niet gemeten, of verder dan 25 km" : shown(toets.afstand[i], " m")],
      ];
      if (toets.objecten[i]) rows.push(["Objecten", data.teksten[toets.objecten[i]]]);
      box.append(facts(rows, toets.titel));
    }
    box.append(element("p", data.toets, "toets"));
    return box;
  }

  function drawLayers(data) {
    map.createPane("lagen").style.zIndex = 350;
    const renderer = L.canvas({ pane: "lagen" });
    for (const laag of data.lagen) {
      const options = {
        pane: "lagen", renderer, color: laag.kleur, weight: 1.5, fillColor: laag.kleur,
        fillOpacity: 0.18, dashArray: laag.streep, interactive: false,
      };
      const group = L.layerGroup();
      for (const rings of laag.vlakken) group.addLayer(L.polygon(rings.map(toLatLngs), options));
      for (const lines of laag.lijnen) {
        group.addLayer(L.polyline(lines.map(toLatLngs), { ...options, weight: 3, fill: false }));
      }
      for (const [point] of laag.punten) {
        group.addLayer(L.circleMarker(toLatLngs(point)[0], { ...options, dashArray: null, radius: 5 }));
      }
      // Beyond this edge the layer says nothing.
      for (const lines of laag.dekking) {
        const edge = { ...options, weight: 3, fill: false, dashArray: "1 7", lineCap: "round" };
        group.addLayer(L.polyline(lines.map(toLatLngs), edge));
      }
      const box = byId(`laag-${laag.sleutel}`);
      const turn = () => (box.checked ? group.addTo(map) : group.remove());
      box.addEventListener("change", turn);
      turn();
    }
  }

  function drawSites(data) {
    const s = data.locaties;
    const renderer = L.canvas({ padding: 0.3 });
    const near = OORDEEL.map(() => L.layerGroup());
    const far = OORDEEL.map(() => L.layerGroup());
    const shapes = new Array(s.id.length);
    const boxes = OORDEEL.map((o) => byId(`oordeel-${o}`));
    const styles = { ...STIJL, belemmerd: hatched(STIJL.belemmerd) };
    // Large ones first: a part must not lie hidden under the whole.
    const order = [...s.id.keys()].sort((a, b) => (s.oppervlakte[b] || 0) - (s.oppervlakte[a] || 0));
    for (const i of order) {
      const word = OORDEEL[s.oordeel[i]];
      const lines = s.vormen[i].map(toLatLngs);
      if (!lines.length) continue;
      shapes[i] = L.polygon(lines, { ...styles[word], renderer });
      const sign = new Teken(toLatLngs(s.punten[i])[0], {
        ...STIJL[word], renderer, weight: 1, dashArray: null, fillOpacity: 0.9, radius: 5, teken: word,
      });
      shapes[i].on("click", (event) => open(i, event.latlng));
      sign.on("click", () => open(i, sign.getLatLng()));
      near[s.oordeel[i]].addLayer(shapes[i]);
      far[s.oordeel[i]].addLayer(sign);
    }

    let close = null;
    function refresh() {
      close = map.getZoom() >= DICHTBIJ;
      // Off and on again, so that what weighs most lies on top.
      OORDEEL.forEach((_, k) => {
        near[k].remove();
        far[k].remove();
        if (boxes[k].checked) (close ? near : far)[k].addTo(map);
      });
    }
    boxes.forEach((box) => box.addEventListener("change", refresh));
    map.on("zoomend", () => { if ((map.getZoom() >= DICHTBIJ) !== close) refresh(); });

    function here(i, point) {
      const place = L.latLng(point);
      return order.filter((k) => k !== i && shapes[k] && boxes[s.oordeel[k]].checked
        && shapes[k].getBounds().contains(place) && holds(shapes[k].getLatLngs(), place));
    }

    function open(i, point, opener = byId("kaart")) {
      const room = map.getSize();
      const content = factsheet(data, i);
      const others = here(i, point);
      if (others.length) {
        const list = element("p", "Ook op deze plek: ", "ook");
        for (const k of others) list.append(button(s.naam[k], () => open(k, point, opener)));
        content.firstElementChild.after(list);
      }
      const popup = L.popup({
        maxWidth: Math.min(400, room.x - 95), minWidth: Math.min(280, room.x - 95),
        maxHeight: Math.max(160, room.y - 90), autoPanPaddingTopLeft: [50, 10], autoPanPaddingBottomRight: [10, 10],
      }).setLatLng(point).setContent(content);
      popup.openOn(map);
      const box = popup.getElement(), inside = box.querySelector(".leaflet-popup-content");
      box.setAttribute("role", "dialog");
      box.setAttribute("aria-label", s.naam[i]);
      box.querySelector(".leaflet-popup-close-button").setAttribute("aria-label", "Sluiten");
      box.addEventListener("keydown", (event) => { if (event.key === "Escape") popup.close(); });
      // It may scroll, and whoever has no mouse scrolls what has the focus.
      inside.tabIndex = 0;
      inside.focus({ preventScroll: true });
      popup.on("remove", () => {
        const focused = document.activeElement;
        if (focused === document.body || box.contains(focused)) opener.focus({ preventScroll: true });
      });
    }

    refresh();
    return (i, opener) => {
      const sheet = byId("feiten");
      sheet.replaceChildren();
      if (!shapes[i]) {
        map.closePopup();
        sheet.append(element("p", `${s.naam[i]} heeft geen vlak dat getekend kan worden.`, "melding tekst"), factsheet(data, i));
        sheet.focus();
        return;
      }
      const box = boxes[s.oordeel[i]];
      if (!box.checked) { box.checked = true; refresh(); }
      byId("kaart").scrollIntoView({ block: "nearest" });
      map.fitBounds(shapes[i].getBounds(), { maxZoom: 16, animate: false });
      open(i, toLatLngs(s.punten[i])[0], opener);
    };
  }

  function search(data, show) {
    const s = data.locaties;
    const field = byId("zoek"), list = byId("gevonden"), count = byId("aantal-gevonden");
    const texts = s.naam.map((naam, i) => `${naam} ${s.id[i]} ${OORDEEL[s.oordeel[i]]}`.toLowerCase());
    let hits = [];

    function more(n) {
      const next = hits.splice(0, n);
      const items = next.map((i) => {
        const item = element("li");
        item.append(button(`${s.naam[i]} – ${OORDEEL[s.oordeel[i]]}`, (opener) => show(i, opener)));
        return item;
      });
      list.append(...items);
      if (hits.length) {
        const item = element("li");
        item.append(button(`Toon er meer (nog ${hits.length})`, () => {
          item.remove();
          more(100)[0].firstElementChild.focus();
        }));
        list.append(item);
      }
      return items;
    }

    field.addEventListener("input", () => {
      list.replaceChildren();
      byId("feiten").replaceChildren();
      const wanted = field.value.trim().toLowerCase();
      hits = wanted ? [...texts.keys()].filter((i) => texts[i].includes(wanted)) : [];
      count.textContent = wanted ? `${hits.length} gevonden` : "";
      more(20);
    });
  }

  function backgrounds(data) {
    let current = null;
    for (const [i, kaart] of data.achtergronden.entries()) {
      const box = byId(`achtergrond-${i}`);
      const layer = kaart.url && L.tileLayer(kaart.url, { attribution: kaart.bron, maxZoom: 19, minZoom: 6 });
      if (layer) {
        // One tile beyond the edge of the map is no outage: only when none comes the reader is told.
        let any = false;
        layer.on("tileload", () => { any = true; });
        layer.on("load", () => say(any ? "" : "De achtergrondkaart is niet bereikbaar; de locaties en lagen staan er wel."));
      }
      const turn = () => {
        if (!box.checked) return;
        if (current) current.remove();
        say("");
        current = layer || null;
        if (current) current.addTo(map);
      };
      box.addEventListener("change", turn);
      turn();
    }
  }

  unpack(packed).then((data) => {
    map.attributionControl.setPrefix(false);
    map.fitBounds(toLatLngs(data.hoeken), { maxZoom: 16, animate: false });
    backgrounds(data);
    drawLayers(data);
    search(data, drawSites(data));
    byId("kaart").dataset.klaar = "ja";
  }).catch((error) => {
    say("De kaart kan in deze browser niet worden getekend; gebruik een nieuwere browser. De tabellen hiernaast kloppen.");
    console.error(error);
  });
}
