// The page on paper: the map as it is on the screen, and what was chosen in words.

// An A4 standing, within its margins, in the pixels of a style sheet.
const WOONGEO_PAPIER = { wide: 700, high: 560 };

// What is chosen, for who holds the paper: on the screen the fields show it.
function woongeoGekozen(data) {
  const byId = (id) => document.getElementById(id), said = [];
  const label = (node) => node.labels[0].textContent.trim();
  const chosen = (select) => select.selectedOptions[0].textContent;
  for (const name of ["beeld", "achtergrond"]) {
    const box = document.querySelector(`input[name="${name}"]:checked`);
    said.push(name === "beeld" ? label(box) : `achtergrond: ${label(box).toLowerCase()}`);
  }
  for (const select of document.querySelectorAll(".keuze select")) {
    if (select.value) said.push(`${label(select).toLowerCase()}: ${chosen(select)}`);
  }
  if (Number(byId("minstens").value) > 0) said.push(`minstens ${byId("minstens").value} woningen`);
  const off = [...document.querySelectorAll('[id^="oordeel-"]:not(:checked), [id^="hardheid-"]:not(:checked)')];
  if (off.length) said.push(`niet getoond: ${off.map(label).join(", ")}`);
  if (data.lagen.some((laag) => !byId(`laag-${laag.sleutel}`).checked)) said.push("niet alle lagen staan op de kaart");
  return `Gekozen: ${said.join("; ")}.`;
}

function woongeoAfdruk(data) {
  const byId = (id) => document.getElementById(id), map = byId("kaart");
  window.addEventListener("beforeprint", () => {
    byId("gekozen").textContent = woongeoGekozen(data);
    document.body.dataset.beeld = byId("beeld-voor").checked ? "voor" : "na";
    // The map keeps its size, and so its tiles and what is in view, and is made smaller as a whole.
    const wide = map.offsetWidth, high = map.offsetHeight;
    const scale = Math.min(1, WOONGEO_PAPIER.wide / wide, WOONGEO_PAPIER.high / high);
    for (const [name, value] of Object.entries({ breed: `${wide}px`, hoog: `${high}px`, maat: scale })) {
      map.style.setProperty(`--${name}`, value);
    }
    byId("kaart-vak").style.setProperty("--hoog", `${high * scale}px`);
  });
  byId("afdrukken").addEventListener("click", () => window.print());
}
