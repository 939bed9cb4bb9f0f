// What is chosen: search, filters, the totals of what is in view, and the table of the same.

// The parts of the page are filled with textContent only, never with markup.
function woongeoElement(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}

function woongeoButton(text, does) {
  const node = woongeoElement("button", text, "tekst");
  node.type = "button";
  node.addEventListener("click", () => does(node));
  return node;
}

const WOONGEO_OORDEEL = ["vrij", "onbekend", "belemmerd"];
const WOONGEO_TELT_NIET = "telt niet mee";
const woongeoWhole = new Intl.NumberFormat("nl-NL", { maximumFractionDigits: 0 });

// Which locations pass what is chosen. `changed` is called when it changes.
function woongeoFilters(data, changed) {
  const s = data.locaties, byId = (id) => document.getElementById(id);
  const oordeel = WOONGEO_OORDEEL.map((o) => byId(`oordeel-${o}`));
  const hardheid = new Map(data.hardheden.map((h, k) => [h, byId(`hardheid-${k}`)]));
  const knelpunt = byId("knelpunt"), least = byId("minstens"), empty = byId("alles-tonen");
  const places = data.gebieden.map((g, k) => ({ ...g, select: byId(`gebied-${k}`) }));
  let minimum = 0;

  function passes(i) {
    if (!oordeel[s.oordeel[i]].checked || !hardheid.get(s.hardheid[i]).checked) return false;
    // Who asks for at least so many homes does not mean plans of which nobody knows.
    if (minimum > 0 && !(s.woningen[i] >= minimum)) return false;
    for (const place of places) {
      if (place.select.value && place.plaats[i] !== Number(place.select.value)) return false;
    }
    if (!knelpunt.value) return true;
    return data.toetsen[Number(knelpunt.value)].oordeel[i] === 2;
  }

  function narrowed() {
    return minimum > 0 || knelpunt.value !== "" || places.some((p) => p.select.value !== "")
      || [...oordeel, ...hardheid.values()].some((box) => !box.checked);
  }

  function told() {
    minimum = Math.max(0, Number(least.value) || 0);
    empty.hidden = !narrowed();
    changed();
  }

  for (const node of [...oordeel, ...hardheid.values(), knelpunt, ...places.map((p) => p.select)]) {
    node.addEventListener("change", told);
  }
  least.addEventListener("input", told);
  empty.addEventListener("click", () => {
    for (const box of [...oordeel, ...hardheid.values()]) box.checked = true;
    for (const select of [knelpunt, ...places.map((p) => p.select)]) select.value = "";
    least.value = "";
    told();
    byId("zoek").focus();
  });
  // Who follows a location that is filtered out means to see it.
  function admit(i) {
    if (passes(i)) return;
    oordeel[s.oordeel[i]].checked = true;
    hardheid.get(s.hardheid[i]).checked = true;
    if (!passes(i)) {
      for (const select of [knelpunt, ...places.map((p) => p.select)]) select.value = "";
      least.value = "";
    }
    told();
  }
  return { passes, admit };
}

// The totals of what is shown and in view; before constraints by hardness, after them by verdict.
function woongeoTotals(data, before) {
  const s = data.locaties, box = document.getElementById("in-beeld");
  return (shown) => {
    if (!shown) {
      box.textContent = "Wat in beeld is, staat hier zodra de kaart te zien is.";
      return;
    }
    const words = before() ? data.hardheden : [...WOONGEO_OORDEEL].reverse();
    const kind = before() ? (i) => s.hardheid[i] : (i) => WOONGEO_OORDEEL[s.oordeel[i]];
    const plans = new Map(words.map((word) => [word, 0])), homes = new Map(plans);
    let without = 0, all = 0;
    for (const i of shown) {
      plans.set(kind(i), plans.get(kind(i)) + 1);
      if (s.hardheid[i] === WOONGEO_TELT_NIET) continue;
      if (s.woningen[i] === null) without += 1;
      else {
        homes.set(kind(i), homes.get(kind(i)) + s.woningen[i]);
        all += s.woningen[i];
      }
    }
    // For a screen reader this is one sentence; it is told anew only when it changed.
    const many = (n, one, more) => `${woongeoWhole.format(n)} ${n === 1 ? one : more}`;
    // Homes of what does not count are not counted.
    const held = (word) => (word === WOONGEO_TELT_NIET ? "" : ` (${many(homes.get(word), "woning", "woningen")})`);
    const parts = words.map((word) => `${word} ${woongeoWhole.format(plans.get(word))}${held(word)}`);
    const rest = without ? `; ${woongeoWhole.format(without)} zonder aantal` : "";
    const text = `In beeld: ${many(shown.length, "locatie", "locaties")}, ${many(all, "woning", "woningen")}${rest}.`;
    const split = ` ${parts.join(", ")}.`;
    if (box.textContent !== text + split) {
      box.replaceChildren(woongeoElement("strong", text), woongeoElement("span", split));
    }
  };
}

// The table of what is chosen: the same content as the map, for the keyboard and screen readers.
function woongeoTable(data, chosen, show) {
  const s = data.locaties, place = document.getElementById("tabel"), opener = document.getElementById("tabel-knop");
  const section = document.getElementById("tabel-vak");
  const region = data.gebieden[0];
  const hindered = (i) => data.toetsen.filter((t) => t.oordeel[i] === 2).map((t) => t.titel).join("; ");
  const columns = [
    ["Naam", (i) => s.naam[i], false],
    ...(region ? [[region.titel, (i) => region.namen[region.plaats[i]], false]] : []),
    ["Woningen", (i) => s.woningen[i], true],
    ["Planstatus", (i) => `${s.planstatus[i]} (${s.hardheid[i]})`, false, "kort"],
    ["Oordeel", (i) => WOONGEO_OORDEEL[s.oordeel[i]], false, "kort"],
    ["Belemmerd door", hindered, false],
  ];
  const STEP = 50;
  const homes = columns.findIndex(([, , numeric]) => numeric);
  let rows = [], sorted = { column: homes, down: true }, shown = STEP;
  const collator = new Intl.Collator("nl-NL", { numeric: true });

  function arrange() {
    const [, value, numeric] = columns[sorted.column];
    const key = new Map(rows.map((i) => [i, value(i)]));
    rows.sort((a, b) => {
      const x = key.get(a), y = key.get(b);
      // What is unknown comes last, whichever way is sorted.
      if (numeric && (x === null || y === null)) return (x === null) - (y === null) || a - b;
      const order = numeric ? x - y : collator.compare(x, y);
      return (sorted.down ? -order : order) || a - b;
    });
  }

  function cell(i, [name, value, numeric, kind]) {
    const raw = value(i);
    const text = numeric ? (raw === null ? "onbekend" : woongeoWhole.format(raw)) : raw;
    if (name === "Naam") {
      const head = woongeoElement("th");
      head.scope = "row";
      head.className = "naam";
      head.append(woongeoButton(text || "zonder naam", (from) => show(i, from)));
      return head;
    }
    return woongeoElement("td", text, kind || (numeric ? "getal" : "tekst"));
  }

  function write() {
    const table = woongeoElement("table");
    const all = `${woongeoWhole.format(rows.length)} ${rows.length === 1 ? "locatie" : "locaties"}`;
    const said = rows.length > shown ? `${all}, waarvan ${woongeoWhole.format(shown)} getoond` : all;
    table.append(woongeoElement("caption", said));
    const head = table.createTHead().insertRow();
    columns.forEach(([name, , numeric], k) => {
      const th = woongeoElement("th", null, numeric ? "getal" : "kort");
      th.scope = "col";
      if (k === sorted.column) th.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      const sign = k === sorted.column ? (sorted.down ? " ▼" : " ▲") : "";
      const button = woongeoButton(name, () => {
        sorted = { column: k, down: k === sorted.column ? !sorted.down : numeric };
        shown = STEP;
        arrange();
        write();
        place.querySelectorAll("thead button")[k].focus();
      });
      const mark = woongeoElement("span", sign);
      mark.setAttribute("aria-hidden", "true");
      button.append(mark);
      th.append(button);
      head.append(th);
    });
    const body = table.createTBody();
    for (const i of rows.slice(0, shown)) body.insertRow().append(...columns.map((c) => cell(i, c)));
    place.replaceChildren(table);
    if (rows.length > shown) {
      place.append(woongeoButton(`Toon er ${Math.min(STEP, rows.length - shown)} meer`, () => {
        const first = shown;
        shown += STEP;
        write();
        place.querySelectorAll("tbody th button")[first].focus();
      }));
    }
  }

  function refresh() {
    opener.setAttribute("aria-expanded", String(!section.hidden));
    opener.textContent = section.hidden ? "Toon als tabel" : "Verberg tabel";
    if (section.hidden) return;
    rows = chosen();
    shown = STEP;
    arrange();
    write();
  }

  opener.addEventListener("click", () => {
    section.hidden = !section.hidden;
    refresh();
    // The map has another height now.
    window.dispatchEvent(new Event("resize"));
  });
  return refresh;
}

function woongeoSearch(data, show) {
  const s = data.locaties, byId = (id) => document.getElementById(id);
  const field = byId("zoek"), list = byId("gevonden"), count = byId("aantal-gevonden");
  let texts = null, hits = [];

  function more(n) {
    const next = hits.splice(0, n);
    const items = next.map((i) => {
      const item = woongeoElement("li");
      item.append(woongeoButton(`${s.naam[i]} – ${WOONGEO_OORDEEL[s.oordeel[i]]}`, (opener) => show(i, opener)));
      return item;
    });
    list.append(...items);
    if (hits.length) {
      const item = woongeoElement("li");
      item.append(woongeoButton(`Toon er meer (nog ${woongeoWhole.format(hits.length)})`, () => {
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
    // Of a hundred thousand locations this is much text: it is made when it is first needed.
    texts = texts || s.naam.map((naam, i) => `${naam} ${s.id[i]} ${WOONGEO_OORDEEL[s.oordeel[i]]}`.toLowerCase());
    hits = wanted ? [...texts.keys()].filter((i) => texts[i].includes(wanted)) : [];
    count.textContent = wanted ? `${woongeoWhole.format(hits.length)} gevonden` : "";
    more(20);
  });
}
