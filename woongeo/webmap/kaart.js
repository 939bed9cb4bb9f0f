// Draws a screening. `woongeoKaart(map, data)` is called by the page with a Leaflet map and the
// packed data; text goes on the page with textContent only, never as markup.
// folium builds the pop-ups of layers that a user adds with jQuery; this is all that it uses of it.
window.$ = window.$ || ((what) => {
  if (typeof what !== "string") return { ready: (then) => then() };
  const holder = document.createElement("template");
  holder.innerHTML = what.trim();
  return [holder.content.firstElementChild];
});

function woongeoKaart(map, packed) {
  const OORDEEL = WOONGEO_OORDEEL, element = woongeoElement, button = woongeoButton;
  // Looks by verdict and by hardness, lightest first.
  const NA = [
    { color: "#004b77", fillColor: "#0072b2", weight: 1.5, fillOpacity: 0.55, teken: "rond" },
    { color: "#4a4a4a", fillColor: "#767676", weight: 1.5, fillOpacity: 0.45, streep: [4, 3], teken: "vierkant" },
    { color: "#8f3f00", fillColor: "#d55e00", weight: 2, fillOpacity: 0.65, arcering: true, teken: "driehoek" },
  ];
  const VOOR = {
    "telt niet mee": { color: "#4a4a4a", fillColor: "#ffffff", weight: 1, fillOpacity: 0.5, streep: [1, 3], teken: "rond" },
    onbekend: { color: "#4a4a4a", fillColor: "#767676", weight: 1.5, fillOpacity: 0.45, streep: [4, 3], teken: "vierkant" },
    zacht: { color: "#6b2a5b", fillColor: "#cc79a7", weight: 1.5, fillOpacity: 0.6, teken: "punt" },
    hard: { color: "#1c124f", fillColor: "#4b3ba8", weight: 2, fillOpacity: 0.65, arcering: true, teken: "ruit" },
  };
  const byId = (id) => document.getElementById(id);

  function say(text) {
    const box = byId("melding");
    box.textContent = text;
    box.hidden = !text;
  }

  // Web mercator metres to degrees; rings come as [x, y, x, y, …].
  function toLatLngs(ring) {
    const line = new Array(ring.length / 2);
    for (let i = 0; i < ring.length; i += 2) line[i / 2] = woongeoLatLng(ring[i], ring[i + 1]);
    return line;
  }

  const number = new Intl.NumberFormat("nl-NL", { maximumFractionDigits: 2 });
  const whole = woongeoWhole;
  const shown = (value, unit, format = number) =>
    value === null ? "onbekend" : `${format.format(value)}${unit}`;

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
      ["Deel belemmerd", shown(s.belemmerd[i], " m²", whole)],
      ["Deel onbekend", shown(s.onbekend[i], " m²", whole)],
    ]));
    // What decides stands on top: on a small screen the rest may have to be scrolled to.
    for (const toets of [...data.toetsen].sort((a, b) => b.oordeel[i] - a.oordeel[i])) {
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
      for (const rings of laag.vlakken.all()) group.addLayer(L.polygon(rings.map(toLatLngs), options));
      for (const lines of laag.lijnen.all()) {
        group.addLayer(L.polyline(lines.map(toLatLngs), { ...options, weight: 3, fill: false }));
      }
      for (const [point] of laag.punten.all()) {
        group.addLayer(L.circleMarker(toLatLngs(point)[0], { ...options, dashArray: null, radius: 5 }));
      }
      // Beyond this edge the layer says nothing.
      for (const lines of laag.dekking.all()) {
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
    const order = Object.keys(VOOR), before = byId("beeld-voor");
    const looks = () => (before.checked ? order.map((h) => VOOR[h]) : NA);
    const look = (i) => (before.checked ? order.indexOf(s.hardheid[i]) : s.oordeel[i]);
    const filters = woongeoFilters(data, () => sites.choose());
    const sites = new WoongeoLocaties(s, looks(), look, filters.passes, (i, point) => open(i, point));
    const counted = woongeoTotals(data, () => before.checked);
    // Where the page has no surface yet, as in a folded cell of a notebook, nothing is in view.
    const unseen = () => !map.getSize().x || !map.getSize().y;
    const totals = () => counted(unseen() ? null : sites.inView());
    const only = byId("alleen-in-beeld");
    // Also what has no shape, and so is not on the map, is in the table.
    const chosen = () => (only.checked ? [...sites.inView()] : [...s.id.keys()].filter(filters.passes));
    const table = woongeoTable(data, chosen, show);
    only.addEventListener("change", table);

    const choose = sites.choose.bind(sites);
    sites.choose = () => {
      choose();
      totals();
      table();
    };
    for (const id of ["beeld-voor", "beeld-na"]) {
      byId(id).addEventListener("change", () => {
        sites.looks = looks();
        sites.choose();
      });
    }
    map.on("moveend", () => {
      totals();
      if (only.checked) table();
    });

    function open(i, point, opener = byId("kaart")) {
      const room = map.getSize(), place = L.latLng(point);
      const content = factsheet(data, i);
      const others = sites.holding(place).filter((k) => k !== i);
      if (others.length) {
        const list = element("p", "Ook op deze plek: ", "ook");
        for (const k of others) list.append(button(s.naam[k], () => open(k, point, opener)));
        content.firstElementChild.after(list);
      }
      const popup = L.popup({
        maxWidth: Math.min(400, room.x - 95), minWidth: Math.min(280, room.x - 95),
        maxHeight: Math.max(160, room.y - 90), autoPanPaddingTopLeft: [50, 10], autoPanPaddingBottomRight: [10, 10],
      }).setLatLng(place).setContent(content);
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
        // A row of the table may have been written anew meanwhile.
        const back = opener.isConnected ? opener : byId("tabel-knop");
        if (focused === document.body || box.contains(focused)) back.focus({ preventScroll: true });
      });
    }

    function show(i, opener) {
      const sheet = byId("feiten");
      sheet.replaceChildren();
      if (!s.vormen.has(i)) {
        map.closePopup();
        sheet.append(element("p", `${s.naam[i]} heeft geen vlak dat getekend kan worden.`, "melding tekst"), factsheet(data, i));
        sheet.focus();
        return;
      }
      filters.admit(i);
      byId("kaart").scrollIntoView({ block: "nearest" });
      map.fitBounds(sites.bounds(i), { maxZoom: 16, animate: false });
      open(i, sites.place(i), opener);
    }

    sites.addTo(map);
    map.woongeo = sites;
    totals();
    table();
    return show;
  }

  function backgrounds(data) {
    let current = null;
    for (const [i, kaart] of data.achtergronden.entries()) {
      const box = byId(`achtergrond-${i}`);
      const layer = kaart.urls.length && L.tileLayer(kaart.urls[0], { attribution: kaart.bron, maxZoom: 19, minZoom: 6 });
      if (layer) {
        // One tile beyond the edge of the map is no outage: only when none comes is the next address
        // tried, and only after the last the reader is told.
        let any = false, address = 0;
        layer.on("tileload", () => { any = true; });
        layer.on("load", () => {
          // What was turned off has nothing to tell any more.
          if (current !== layer) return;
          if (any) say("");
          else if (address + 1 < kaart.urls.length) layer.setUrl(kaart.urls[address += 1]);
          else say("De achtergrondkaart is niet bereikbaar; de locaties en lagen staan er wel.");
        });
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

  // A map without a surface cannot be fitted: that is done once it has one.
  function fitWhenSeen(fit) {
    const size = map.getSize();
    if (size.x && size.y) return;
    const watch = new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      const now = map.getSize();
      if (!now.x || !now.y) return;
      watch.disconnect();
      fit();
    });
    watch.observe(map.getContainer());
  }

  // On paper nothing can be unfolded.
  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });

  const busy = byId("laden");
  // Too many locations for a tab: the page says so instead of a map.
  if (!packed) {
    byId("kaart").dataset.klaar = "te groot";
    byId("afdrukken").addEventListener("click", () => window.print());
    return;
  }
  // The browser shows what is being done before it does it.
  const breath = () => new Promise((done) => setTimeout(done, 20));

  breath().then(() => woongeoUitpakken(packed)).then(async (data) => {
    busy.textContent = "De kaart wordt getekend…";
    await breath();
    map.attributionControl.setPrefix(false);
    const whole = () => map.fitBounds(toLatLngs(data.hoeken.rings(0)[0]), { maxZoom: 16, animate: false });
    whole();
    fitWhenSeen(whole);
    backgrounds(data);
    drawLayers(data);
    woongeoSearch(data, drawSites(data));
    woongeoAfdruk(data);
    busy.remove();
    byId("kaart").dataset.klaar = "ja";
  }).catch((error) => {
    busy.remove();
    say("De kaart kan in deze browser niet worden getekend; gebruik een nieuwere browser. De tabellen hiernaast kloppen.");
    console.error(error);
  });
}
