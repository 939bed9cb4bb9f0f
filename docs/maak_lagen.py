"""Write docs/lagen.md from the catalogue: ``python docs/maak_lagen.py``.

Nothing is told there that does not stand in ``layers.toml``, ``gewassen.toml`` or the rules
themselves, but for how to add a layer of one's own.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from woongeo.catalogue import MAIN, default_catalogue, verdict_key
from woongeo.gewassen import crop_list
from woongeo.pdok.catalogue import embedded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from woongeo.catalogue import LayerSpec
    from woongeo.rules import RuleBase

PAGE = Path(__file__).parent / "lagen.md"

_SCOPE = {
    "alle": "alle plannen",
    "zacht": "plannen die nog niet hard zijn",
    "nieuw": "plannen waarvan nog geen procedure loopt",
}
_CERTAINTY = {
    "bron": "nagelezen in de bron",
    "afgeleid": "**afgeleid** uit de bron; geeft een waarschuwing",
    "geheugen": "**uit het hoofd**, niet nagezocht; geeft een waarschuwing",
}

HEAD = """# Lagen en regels

> Deze bladzijde is gemaakt door `python docs/maak_lagen.py` uit `woongeo/layers.toml` en
> `woongeo/gewassen.toml`. Wijzig die, niet dit bestand.
> Dit is een screening, geen juridische toets.

Elke laag is een knelpunt voor woningbouw, met een of meer regels. De oordelen van de eerste regel
dragen de naam van de laag (`natura2000`), die van een andere haar naam erachter
(`natura2000_250m`). `woongeo.list_layers()` geeft deze lijst als tabel.

**Zwaarte** is die van PBL's RuimteScanner: zeer hard (wettelijk verbod), hard (streng regime),
middel (afweging), zacht (aandacht). **Voor wie**: een regel geldt voor alle plannen, tenzij haar
bron harde plannen uitzondert. **Zekerheid**: een regel die is afgeleid of uit het hoofd komt, is zo
gemerkt en waarschuwt bij het screenen. **Dekking**: waar het ontbreken van de laag betekent dat een
locatie vrij is. Staat er *zelf opgeven*, dan zegt woongeo buiten de objecten `onbekend` tot u met
`coverage=` zegt voor welk gebied het bestand volledig is. De **datum** bij een bron is die van de
bron zelf, of de dag waarop zij is gelezen (22-11-2026) waar de bron geen datum draagt.
"""

OWN = """## Een eigen laag in vijf regels

In Python: een bestand, waar het volledig is, en wanneer het belemmert.

```python
import woongeo

regel = woongeo.Rule(within_m=100, severity="hard", source="beleidsregel windmolens, 1-5-2026")
windmolens = woongeo.read_layer("windmolens", "windmolens.csv", coverage="nederland", rule=regel)
plannen = woongeo.read_locations("plannen.geojson")
uitkomst = woongeo.screen(plannen, [windmolens])
```

Of in een eigen bestand `mijn_regels.toml`, dat over de catalogus heen gaat. Een regel die erin
staat, wordt getoetst:

```toml
[windmolens]
title = "Windmolens"
meaning = "Bij een windmolen is slagschaduw en geluid."
coverage = "nederland"

[windmolens.rules.hoofd]
within_m = 100
severity = "hard"
source = "beleidsregel windmolens"
source_date = 2026-05-01

[natura2000.rules.250m]
on = true
```

```python
catalogus = woongeo.read_catalogue("mijn_regels.toml")
windmolens = woongeo.read_layer("windmolens", "windmolens.csv", catalogue=catalogus)
uitkomst = woongeo.screen(plannen, [windmolens], rules=catalogus)
```

Een regel kan ook een afstand per object lezen (`within_column`), een afstand per klasse
(`within_of`), alleen objecten met een bepaalde waarde tellen (`where`, `least`), en zeggen welke
waarden zij kent (`known`): een object met een andere waarde geeft `onbekend`, nooit `vrij`.

Wat niet bekend is, maakt niets vrij. Een object zonder leesbare afstand geeft `onbekend` zo ver
als het verste van de andere reikt, of de ruimste klasse; staat in de kolom geen enkele afstand,
dan is elk oordeel van die laag dat niet `belemmerd` is `onbekend`. Met `around=` wordt minstens
zo ver gezocht als een regel kan kijken. Een lijn of punt heeft geen oppervlakte: onder een regel
van overlap of klasse geeft een laag van alleen lijnen of punten `onbekend` (lever vlakken, of
geef `within_m`), en tussen vlakken geeft een losse lijn of punt `onbekend` waar zij een locatie
raakt of insluit.
"""


def page() -> str:
    """Write the page.

    Returns
    -------
    str
        Markdown, the same for the same catalogue.
    """
    specs = list(default_catalogue())
    parts = [HEAD, _overview(specs), OWN, *map(_layer, specs), _crops()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _overview(specs: Iterable[LayerSpec]) -> str:
    """List all rules in one table."""
    rows = [
        (
            f"`{verdict_key(spec.key, name)}`",
            f"[{spec.title}](#{spec.key}){f', {rule.title}' if rule.title else ''}",
            rule.severity,
            _SCOPE[rule.scope],
            "ja" if rule.on else "op verzoek",
            rule.certainty,
        )
        for spec in specs
        for name, rule in spec.rules.items()
    ]
    heads = ("oordelen", "laag", "zwaarte", "voor wie", "staat aan", "zekerheid")
    return "## Alle regels\n\n" + _table(heads, rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table; a bar in a cell would end it."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def _layer(spec: LayerSpec) -> str:
    """Describe a layer."""
    lines = [f'<a id="{spec.key}"></a>', f"## {spec.title}", "", spec.meaning, ""]
    coverage = spec.coverage or "zelf opgeven"
    few = f" (vanaf {spec.min_features:,} objecten)".replace(",", ".") if spec.min_features else ""
    facts = [f"sleutel `{spec.key}`", f"dekking: {coverage}{few}", _origin(spec)]
    lines.append("- " + "\n- ".join(facts))
    for column, told in spec.columns.items():
        names = ", ".join(f"`{name}`" for name in spec.aliases.get(column, ()))
        also = f" (ook herkend: {names})" if names else ""
        lines.append(f"- kolom `{column}`: {told}{also}")
    if spec.note:
        lines += ["", spec.note]
    for name, rule in spec.rules.items():
        lines += ["", _rule(spec, name, rule)]
    return "\n".join(lines) + "\n"


def _origin(spec: LayerSpec) -> str:
    """Say where the data come from."""
    said = f"gegevens: {spec.publisher or 'zelf aanleveren'}"
    known = embedded().get(spec.dataset or "")
    if spec.dataset is None:
        return f"{said}; lever een eigen bestand met `{spec.reader or 'read_layer'}`"
    whose = f" ({known.title}, {known.publisher}, {known.licence})" if known else ""
    return f'{said}; op te halen met `fetch_layers(["{spec.key}"])`{whose}'


def _rule(spec: LayerSpec, name: str, rule: RuleBase) -> str:
    """Describe a rule."""
    day = rule.source_date
    date = f"{day.day}-{day.month}-{day.year}" if day else "zonder datum"
    title = f"**{rule.title or ('regel' if name == MAIN else name)}**"
    on = "" if rule.on else " — alleen op verzoek"
    until = [
        f"vanaf {rule.valid_from.isoformat()}" if rule.valid_from else "",
        f"tot en met {rule.valid_until.isoformat()}" if rule.valid_until else "",
    ]
    rows = [
        ("oordelen", f"`{verdict_key(spec.key, name)}`"),
        ("regel", rule.in_words()),
        ("zwaarte", rule.severity),
        ("voor wie", _SCOPE[rule.scope]),
        ("geldig", " ".join(filter(None, until))),
        ("grondslag", rule.basis or "geen"),
        ("bron", f"{rule.source} ({date})"),
        ("zekerheid", _CERTAINTY.get(rule.certainty, rule.certainty)),
        ("versie", rule.version),
    ]
    return f"{title}{on}\n\n" + _table(("", ""), [row for row in rows if row[1]])


def _crops() -> str:
    """List the groups of crops that spray zones know."""
    crops = crop_list()
    rows = [
        (
            f"`{group.key}`",
            group.title,
            "ja" if group.on else "op verzoek",
            f"{group.within_m:.0f} m",
            _codes(sorted(group.codes)),
            f"{group.source} ({group.source_year})",
        )
        for group in crops.groups.values()
    ]
    heads = ("groep", "gewassen", "staat aan", "afstand", "gewascodes", "bron")
    return (
        "## Gewasgroepen van de spuitzones\n\n"
        f"Naar de {crops.title} van {crops.year} ({crops.publisher}). Gekozen wordt op code, nooit "
        "op naam: *appel* staat ook in Aardappelen, en *bloem* in Bloemkool en vlinderbloemige "
        "groenbemesters. Welke codes bij een groep horen en welke groepen aan staan, is "
        "**afgeleid**: de rechtspraak noemt fruit, bomen en bollen, geen codes. Een code die de "
        "lijst niet kent geeft `onbekend`, behalve op grasland, natuur, braak en "
        "landschapselementen. Een windhaag (2618) houdt drift tegen en is geen bron.\n\n"
        + _table(heads, rows)
    )


def _codes(codes: list[int]) -> str:
    """Write codes as ranges."""
    runs = [
        [code for _, code in run]
        for _, run in itertools.groupby(enumerate(codes), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
