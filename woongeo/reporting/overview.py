"""One page for all regions: opens without internet, runs no script, asks for nothing."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from woongeo.encode import html_text, shortened
from woongeo.export import MANIFEST
from woongeo.reporting.model import TEXT, UNKNOWN
from woongeo.verdict import SCREENING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from woongeo.reporting.model import Factsheet, Report, Table
    from woongeo.reporting.theme import Theme

_STYLE = """
:root {{ color-scheme: light; }}
body {{ margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 3rem; background: {achtergrond};
  color: {tekst}; overflow-wrap: anywhere; font: 1rem/1.5 "{letters}", "DejaVu Sans", sans-serif; }}
h1, h2, h3 {{ color: {accent}; line-height: 1.25; }}
h2 {{ border-top: 3px solid {accent}; padding-top: 1rem; margin-top: 2.5rem; }}
a {{ color: {accent}; }}
a:focus-visible, .rol:focus-visible {{ outline: 3px solid {accent}; outline-offset: 2px; }}
.logo {{ float: right; max-height: 4rem; max-width: 14rem; margin-left: 1rem; }}
.sla {{ position: absolute; left: -99rem; }}
.sla:focus {{ position: static; }}
.let-op {{ border-left: 4px solid {accent}; background: {vlak}; padding: .5rem 1rem; }}
.kaart {{ display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; }}
.kaart li {{ flex: 1 1 9rem; background: {vlak}; border: 1px solid {lijn};
  border-left: 4px solid {accent}; padding: .5rem .75rem; }}
.kaart strong {{ display: block; font-size: 1.5rem; color: {accent}; }}
.rol {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9375rem; }}
caption {{ text-align: left; font-weight: bold; padding: .75rem 0 .25rem; }}
th, td {{ padding: .3rem .6rem; border-bottom: 1px solid {lijn}; text-align: right;
  vertical-align: top; overflow-wrap: normal; }}
th.tekst, td.tekst {{ text-align: left; overflow-wrap: anywhere; min-width: 7rem; }}
th.lang, td.lang {{ min-width: 20rem; }}
th[scope=row] {{ text-align: left; font-weight: normal; overflow-wrap: anywhere;
  min-width: 10rem; }}
thead th {{ background: {accent}; color: {op_accent}; }}
tbody tr:nth-child(even) {{ background: {vlak}; }}
figure {{ margin: 1rem 0; }}
figure > img {{ width: 100%; height: auto; }}
.tekens {{ display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; padding: 0; }}
.tekens img {{ width: 2.2rem; height: 1.1rem; vertical-align: middle; margin-right: .4rem; }}
.noot {{ font-size: .875rem; }}
@media print {{ body {{ max-width: none; font-size: 9pt; }} section {{ break-before: page; }}
  .rol {{ overflow: visible; }} }}
"""


# A cell of more characters holds a sentence.
_SENTENCE = 60
# What is in the files of a folder; those of a region stand with it.
_BESIDE = {
    "kaart.html": "kaart om in te zoeken en te filteren, met een tabel ernaast",
    "kaartblad.pdf": "kaart van alle locaties op A3, om af te drukken",
    "kaartblad.png": "dezelfde kaart als beeld",
    "locaties.gpkg": "elke locatie met haar oordelen, voor QGIS",
    "locaties.qml": "de opmaak daarvan",
    "locaties.xlsx": "alle tabellen, voor Excel",
    "locaties.parquet": "elke locatie, voor Python, R en DuckDB",
    "locaties.geojson": "elke locatie, om op een webkaart te tonen",
    "treffers.csv": "per locatie en laag het oordeel, de reden en de overlap",
    "capaciteit.csv": "woningen per gebied",
    "cijfers.csv": "opgave, dekking en meer per gebied, vóór en ná knelpunten",
    "knelpunten.csv": "wat elk knelpunt belemmert",
    "vrijspelen.csv": "wat het oplossen van elk knelpunt vrijspeelt",
    "manifest.json": "bronnen, regels en versies, en de hash van elk bestand",
}


def overview_page(
    report: Report, theme: Theme, files: Mapping[str, list[str]], beside: Sequence[str] = ()
) -> str:
    """Write the page.

    Parameters
    ----------
    report : Report
        What it tells.
    theme : Theme
        How it looks.
    files : Mapping of str to list of str
        Name of a factsheet to its files, which lie beside the page.
    beside : sequence of str
        Names of the other files there: maps and data.

    Returns
    -------
    str
        HTML; every string in it has been encoded, and its policy allows nothing but its own style
        and pictures.
    """
    style = _STYLE.format(letters=theme.lettertype_kantoor, **vars(theme.kleuren))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    title = html_text(report.title)
    logo = ""
    if theme.logo:
        kind = "png" if theme.logo.startswith(b"\x89PNG") else "jpeg"
        logo = (
            f'<img class="logo" alt="{html_text(theme.logo_tekst)}" '
            f'src="data:image/{kind};base64,{base64.b64encode(theme.logo).decode()}">'
        )
    sections = "\n".join(
        _section(sheet, i, files.get(sheet.file_name, []))
        for i, sheet in enumerate(report.factsheets)
    )
    return f"""<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="sla" href="#overzicht">Naar het overzicht</a>
<header>
{logo}<h1>{title}</h1>
<p class="let-op">{html_text(SCREENING)}</p>
<p>Beoordeeld op {report.on.isoformat()}; opgave over {html_text(report.period)}; woongeo
{html_text(report.version)}. Wat niet bekend is, staat er als <em>{UNKNOWN}</em>.</p>
</header>
<main>
{_folder(beside)}<h2 id="overzicht">Overzicht</h2>
{_table(report.overview, links=True)}
{_left_out(report)}
{sections}
<h2 id="bronnen">{html_text(report.sources.title)}</h2>
{_table(report.sources)}
</main>
</body>
</html>
"""


def _cell(text: str) -> str:
    """Write a cell; what is not known can be seen by its shape as well."""
    return f"<em>{UNKNOWN}</em>" if text == UNKNOWN else html_text(shortened(text))


def _table(table: Table, *, of: str = "", links: bool = False) -> str:
    """Write a table, with heads that a screen reader finds."""
    if not table.rows:
        return f"<p><strong>{html_text(table.title)}</strong>: geen.</p>"
    written = table.written()
    # A column of sentences is made wide: else on a phone one row of it fills the screen.
    classes = [
        _class(column.kind, wide=any(len(cells[k]) > _SENTENCE for cells in written))
        for k, column in enumerate(table.columns)
    ]
    heads = "".join(
        f'<th scope="col"{kind}>{html_text(column.title)}</th>'
        for column, kind in zip(table.columns, classes, strict=True)
    )
    rows = []
    for i, cells in enumerate(written):
        first = _cell(cells[0])
        name = f'<a href="#gebied-{i}">{first}</a>' if links else first
        rest = "".join(
            f"<td{kind}>{_cell(text)}</td>"
            for text, kind in zip(cells[1:], classes[1:], strict=True)
        )
        rows.append(f'<tr><th scope="row">{name}</th>{rest}</tr>')
    note = f'<p class="noot">{html_text(table.note)}</p>' if table.note else ""
    title = html_text(table.title)
    name = html_text(f"{table.title}, {of}" if of else table.title)
    # What scrolls sideways on a phone must be reached by keyboard too.
    return (
        f'<div class="rol" tabindex="0" role="region" aria-label="{name}"><table>'
        f"<caption>{title}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{note}"
    )


def _class(kind: str, *, wide: bool) -> str:
    if kind != TEXT:
        return ""
    return ' class="tekst lang"' if wide else ' class="tekst"'


def _folder(beside: Sequence[str]) -> str:
    """List the other files, each with what it is for."""
    if not beside:
        return ""
    entries = "".join(
        f'<li><a href="{html_text(name)}">{html_text(name)}</a>: {html_text(_BESIDE[name])}</li>'
        for name in (*beside, MANIFEST)
    )
    return (
        '<nav aria-labelledby="bestanden"><h2 id="bestanden">In deze map</h2>'
        f"<ul>{entries}</ul></nav>\n"
    )


def _left_out(report: Report) -> str:
    """Name the regions that have no section."""
    if not report.left_out:
        return ""
    names = html_text(", ".join(shortened(name) for name in report.left_out))
    return (
        f'<p class="noot">Zonder locaties en zonder opgave, en daarom zonder factsheet '
        f"({len(report.left_out)}): {names}.</p>"
    )


def _section(sheet: Factsheet, number: int, files: list[str]) -> str:
    """Write what is told of one region."""
    tiles = "".join(
        f"<li>{html_text(tile.label)}<strong>{_cell(tile.written())}</strong>"
        # No line ends between a number and its sign.
        f"{html_text(tile.note).replace(' %', '&nbsp;%')}</li>"
        for tile in sheet.tiles
    )
    picture = "<p>Er is niets te tekenen.</p>"
    if sheet.map:
        data = base64.b64encode(sheet.map).decode()
        picture = (
            f'<figure><img alt="{html_text(sheet.map_text)}" src="data:image/png;base64,{data}">'
            f"<figcaption>{html_text(sheet.map_note)}</figcaption></figure>"
        )
    signs = "".join(
        f'<li><img alt="" src="data:image/png;base64,{base64.b64encode(e.picture).decode()}">'
        f"{html_text(e.text)}</li>"
        for e in sheet.legend
    )
    notes = "".join(f"<li>{html_text(note)}</li>" for note in sheet.notes)
    tables = [sheet.capacity, sheet.top, sheet.matrix, sheet.freeing]
    tables += [sheet.changes] if sheet.changes is not None else []
    # File names are our own letters and digits.
    links = " · ".join(f'<a href="{html_text(name)}">{html_text(name)}</a>' for name in files)
    heading = html_text(sheet.heading)
    capacity, *rest = (_table(table, of=sheet.heading) for table in tables)
    return (
        f'<section aria-labelledby="gebied-{number}"><h2 id="gebied-{number}">{heading}</h2>'
        f"{f'<p>{links}</p>' if links else ''}"
        f'<ul class="kaart">{tiles}</ul>{capacity}{picture}<ul class="tekens">{signs}</ul>'
        f"{f'<h3>Let op</h3><ul>{notes}</ul>' if notes else ''}{''.join(rest)}</section>"
    )
