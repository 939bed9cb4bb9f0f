// Draws a screening. `woongeoKaart(map, data)` is called by the page with a Leaflet map and the
// packed data; text goes on the page with textContent only, never as markup.
"use strict";

function woongeoKaart(map, packed) {
  const OORDEEL = ["vrij", "onbekend", "belemmerd"];
  const STIJL = {
    belemmerd: { color: "#8f3f00", fillColor: "#d55e00", weight: 2, fillOpacity: 0.65 },
    onbekend: { color: "#4a4a4a", fillColor: "#767676", weight: 1.5, fillOpacity: 0.45, dashArray: "4 3" },
    vrij: { color: "#004b77", fillColor: "#0072b2", weight: 1.5, fillOpacity: 0.55 },
  };
  const R = 6378137;
  const byId = (id) => document.getElementById(id);

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (className) node.className = className;
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

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function factsheet(data, i) {
    const s = data.locaties;
    const box = element("div");
    box.append(element("h3", s.naam[i], "tekst"));
    const facts = element("table");
    const rows = [
      ["Locatie", s.id[i]],
      ["Oordeel", OORDEEL[s.oordeel[i]]],
      ["Woningen", shown(s.woningen[i], "")],
      ["Planstatus", `${s.planstatus[i]} (${s.hardheid[i]})`],
      ["Oppervlakte", shown(s.oppervlakte[i], " m²", whole)],
      ["waarvan belemmerd", shown(s.belemmerd[i], " m²", whole)],
      ["waarvan onbekend", shown(s.onbekend[i], " m²", whole)],
    ];
    for (const [name, value] of rows) {
      const row = facts.insertRow();
      row.append(element("th", name), element("td", value, "tekst"));
    }
    box.append(facts);
    for (const laag of data.lagen) {
      const part = element("table");
      part.append(element("caption", laag.titel, "tekst"));
      const lines = [
        ["Oordeel", OORDEEL[laag.oordeel[i]]],
        ["Reden", data.teksten[laag.reden[i]]],
        ["Afstand", laag.afstand[i] === null ? "niet gemeten, of verder dan 25 km" : shown(laag.afstand[i], " m")],
      ];
      if (laag.objecten[i]) lines.push(["Objecten", data.teksten[laag.objecten[i]]]);
      for (const [name, value] of lines) {
        const row = part.insertRow();
        row.append(element("th", name), element("td", value, "tekst"));
      }
      box.append(part);
    }
    box.append(element("p", data.toets));
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
      for (const rings of laag.vormen) {
        const lines = rings.map(toLatLngs);
        if (!lines.length) continue;
        if (laag.soort === 2) group.addLayer(L.polygon(lines, options));
        else if (laag.soort === 1) group.addLayer(L.polyline(lines, { ...options, fill: false }));
        else lines.forEach((p) => group.addLayer(L.circleMarker(p[0], { ...options, radius: 4 })));
      }
      switched(byId(`laag-${laag.sleutel}`), group);
    }
  }

  function switched(box, group) {
    const turn = () => (box.checked ? group.addTo(map) : group.remove());
    box.addEventListener("change", turn);
    turn();
  }

  function drawSites(data) {
    const s = data.locaties;
    const renderer = L.canvas({ padding: 0.3 });
    const near = OORDEEL.map(() => L.layerGroup());
    const far = OORDEEL.map(() => L.layerGroup());
    const shapes = new Array(s.id.length);
    for (let i = 0; i < s.id.length; i += 1) {
      const verdict = OORDEEL[s.oordeel[i]];
      const lines = s.vormen[i].map(toLatLngs);
      if (!lines.length) continue;
      const style = { ...STIJL[verdict], renderer };
      shapes[i] = L.polygon(lines, style);
      const point = toLatLngs(s.punten[i])[0];
      const sign = new Teken(point, { ...style, weight: 1, dashArray: null, fillOpacity: 0.9, radius: 5, teken: verdict });
      for (const layer of [shapes[i], sign]) layer.on("click", () => open(i, point));
      near[s.oordeel[i]].addLayer(shapes[i]);
      far[s.oordeel[i]].addLayer(sign);
    }
    // From far a site is smaller than a pixel: then it is shown by its sign.
    const sizes = OORDEEL.map((o) => byId(`oordeel-${o}`));
    const refresh = () => {
      const close = map.getZoom() >= 13;
      OORDEEL.forEach((_, k) => {
        const on = sizes[k].checked;
        if (on && close) near[k].addTo(map); else near[k].remove();
        if (on && !close) far[k].addTo(map); else far[k].remove();
      });
    };
    sizes.forEach((box) => box.addEventListener("change", refresh));
    map.on("zoomend", refresh);
    function open(i, point) {
      L.popup({ maxWidth: 380, minWidth: 260 }).setLatLng(point).setContent(factsheet(data, i)).openOn(map);
    }
    refresh();
    return (i) => {
      if (!shapes[i]) { say(`${s.naam[i]} heeft geen vlak dat getekend kan worden.`); return; }
      say("");
      const box = byId(`oordeel-${OORDEEL[s.oordeel[i]]}`);
      if (!box.checked) { box.checked = true; refresh(); }
      map.fitBounds(shapes[i].getBounds(), { maxZoom: 16, animate: false });
      open(i, toLatLngs(s.punten[i])[0]);
      byId("kaart").focus();
    };
  }

  function search(data, show) {
    const field = byId("zoek"), list = byId("gevonden"), count = byId("aantal-gevonden");
    const texts = data.locaties.naam.map((naam, i) => `${naam} ${data.locaties.id[i]}`.toLowerCase());
    field.addEventListener("input", () => {
      list.replaceChildren();
      const wanted = field.value.trim().toLowerCase();
      if (!wanted) { count.textContent = ""; return; }
      const hits = [];
      texts.forEach((text, i) => { if (text.includes(wanted)) hits.push(i); });
      for (const i of hits.slice(0, 20)) {
        const button = element("button", `${data.locaties.naam[i]} – ${OORDEEL[data.locaties.oordeel[i]]}`, "tekst");
        button.type = "button";
        button.addEventListener("click", () => show(i));
        const item = element("li");
        item.append(button);
        list.append(item);
      }
      count.textContent = `${hits.length} gevonden${hits.length > 20 ? ", de eerste 20 staan hier" : ""}`;
    });
  }

  function backgrounds(data) {
    let current = null;
    for (const [i, kaart] of data.achtergronden.entries()) {
      const box = byId(`achtergrond-${i}`);
      const layer = kaart.url && L.tileLayer(kaart.url, { attribution: kaart.bron, maxZoom: 19, minZoom: 6 });
      if (layer) layer.on("tileerror", () => say("De achtergrondkaart is niet bereikbaar; de locaties en lagen staan er wel."));
      const turn = () => {
        if (!box.checked) return;
        if (current) current.remove();
        current = layer || null;
        if (current) current.addTo(map); else say("");
      };
      box.addEventListener("change", turn);
      turn();
    }
  }

  unpack(packed).then((data) => {
    map.attributionControl.setPrefix(false);
    backgrounds(data);
    drawLayers(data);
    search(data, drawSites(data));
    map.fitBounds(toLatLngs(data.hoeken), { animate: false });
    byId("kaart").dataset.klaar = "ja";
  }).catch((error) => {
    say("De kaart kan in deze browser niet worden getekend; gebruik een nieuwere browser. De tabellen hiernaast kloppen.");
    console.error(error);
  });
}
