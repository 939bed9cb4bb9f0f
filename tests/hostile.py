"""Text from strangers that must never do anything, and what a page holds, taken apart."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Would set `window.PWN` in a browser.
MARKUP = (
    "<script>window.PWN=1</script>",
    "<img src=x onerror=window.PWN=1>",
    '"><svg onload=window.PWN=1>',
    "' onmouseover='window.PWN=1",
    "</script><script>window.PWN=1</script>",
    "</title></style></textarea></p><script>window.PWN=1</script>",
    "<iframe srcdoc='<script>parent.PWN=1</script>'>",
    "<a href=javascript:window.PWN=1>klik</a>",
    "--><script>window.PWN=1</script><!--",
    "&lt;script&gt;window.PWN=1&lt;/script&gt; &#60;b&#62; &amp;",
    "${window.PWN=1}",
    "`${window.PWN=1}`",
    "'+(window.PWN=1)+'",
    '");window.PWN=1;//',
    "\\u003cscript\\u003ewindow.PWN=1\\u003c/script\\u003e",
)
#: Would be worked out, or set an environment variable, where a page is compiled as a template.
TEMPLATES = (
    "{{7*7}}",
    "{{ 7*7 }} {% set x = 7*7 %}{{ x }}",
    "{{ cycler.__init__.__globals__.os.environ.update(PWN='1') }}",
    "{% for x in (1,2) %}PWN{% endfor %}",
    "{# weg #} {{ '{{' }} {%- raw -%}",
    "{{ this.render() }} ${7*7} #{7*7}",
)
#: Would be worked out by a spreadsheet, in one that splits on commas, semicolons or tabs.
FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "  =1+1",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",  # noqa: RUF001
    "x;=1+1;y",
    'x;"=1+1;y',
    "x,=1+1,y",
    "x\t=1+1\ty",
    "x\n=1+1\ny",
    'x"\n"=1+1"',
)
#: Cannot be seen, turns text around, or is far too long.
CHARACTERS = (
    "a\x07b\x1b[31mc\x7fd\x85e",
    "a\r\nb\x0bc\x0cd",
    "plan\u202egpj.exe\u202c \u2066x\u2069 \u200f \ufeff \u2028",
    "x" * 40_000,
    "__proto__",
    "Súdwest-Fryslân 's-Gravenhage ﷽ 🏘️",
)
#: Would be worked out by Typst.
TYPST = (
    '#eval("1+1") #{1+1} $x^2$ *b* _i_ @bron <label> ] [ // weg /* weg */ ```raw```',
    '"), alt: read("/etc/passwd"), ("',
    "= kop\n- lijst #panic()",
)
#: Ends what it stands in: XML, SQL, a format of Python, a path; or is an escape of Excel's own.
ENDINGS = (
    "]]>",
    "<!-- </textarea> <!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "'; DROP TABLE locaties; --",
    "%s %(x)s {0} {x.__class__}",
    "../../PWN",
    "_x003D_1+1 _x000D_",
    "\\N",
    "nan",
)
#: Takes no room or far too much, has no place in XML, or is more than a terminal should be told.
SIGNS = (
    "Dorp\u200bshaven Dorp\u2060shaven \u180e\ufff9\U000e0041",
    "sam\u200cen\u200dge\u00advoegd \u00a0👩\u200d👩\u200d👧",
    "e" + "\u0301\u0327\u20dd" * 100,
    "\U00020000\U0001f3d8\ue000",
    "noch \ufffe\uffff",
    "\x1b]0;PWN\x07\x1b[2J\x9b2J\x9d0;PWN\x9c",
)
ALL = (*MARKUP, *TEMPLATES, *FORMULAS, *CHARACTERS, *TYPST, *ENDINGS, *SIGNS)
#: What some forms cannot hold; half a character comes from a name that is no UTF-8.
HALF = ("nul\0daarna", "half \ud83c")
#: All kinds in one text, short enough to be shown whole.
SHORT = "<img src=x onerror=window.PWN=1></script>{{7*7}}{% raw %}`${window.PWN=1}`\"'\\\u202e=1+1"
#: What a file system allows of it.
FILE_NAME = "<img src=x onerror=window.PWN=1>{{7*7}}`${window.PWN=1}`\"'\u202e=1+1"

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta"}


class _Parts(HTMLParser):
    """Takes HTML apart in its tags and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple((k, v) for k, v in attrs if k != "content")))
        if tag not in _VOID:
            self.inside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", ()))
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.inside):
            self.text.append(data)


def tags(page: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """Give the tags of a page in order, with their attributes: what text may never change."""
    parts = _Parts()
    parts.feed(page)
    parts.close()
    return parts.tags


def text(page: str) -> str:
    """Give the text that a reader of a page sees, each piece on a line."""
    parts = _Parts()
    parts.feed(page)
    parts.close()
    return "\n".join(parts.text)


def spelled_out(text: str) -> str:
    """Write out what cannot be seen; joiners, hard spaces and soft hyphens are part of words."""

    def one(c: str) -> str:
        if c in "\t\n\u00a0\u00ad\u200c\u200d\ue000" or c.isprintable():
            return c
        form = "\\x{:02x}" if ord(c) < 0x100 else "\\u{:04x}" if ord(c) < 0x1_0000 else "\\U{:08x}"
        return form.format(ord(c))

    return "".join(map(one, text))


def from_excel(text: str) -> str:
    """Read the escapes of a workbook as Excel does, and openpyxl does not."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)


def shown_as(text: str) -> str:
    """Say how a page shows a text: what cannot be seen written out, and at most 500 characters."""
    spelled = spelled_out(text)
    if len(spelled) <= 500:
        return spelled
    return f"{spelled[:500]}… ({len(spelled)} tekens)"


def data_of(page: str) -> Any:
    """Unpack the data of a map page: shapes as rings of [x, y, x, y, …] in web mercator."""
    [packed] = re.findall(r'woongeoKaart\(\w+, "([A-Za-z0-9+/=]+)"\)', page)
    data = zlib.decompress(base64.b64decode(packed))
    end = 4 + int.from_bytes(data[:4], "little")
    told = json.loads(data[4:end])
    numbers = _from_sevens(data[end:])
    rows = [[next(numbers) for _ in range(abs(length))] for length in told["lengtes"]]
    assert next(numbers, None) is None
    return _column(told["inhoud"], rows)


def _from_sevens(data: bytes) -> Iterator[int]:
    """Read numbers of seven bits a byte; odd ones are negative."""
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield -(value + 1) // 2 if value % 2 else value // 2
            value = shift = 0


def _column(told: Any, rows: list[list[int]]) -> Any:
    """Put rows where they belong."""
    if isinstance(told, list):
        return [_column(item, rows) for item in told]
    if not isinstance(told, dict):
        return told
    if "rooster" in told:
        return _shapes(told, rows)
    if "rij" not in told:
        return {name: _column(item, rows) for name, item in told.items()}
    return _values(told, rows)


def _values(told: dict[str, Any], rows: list[list[int]]) -> list[Any]:
    """Make of a row what it was."""
    row = rows[told["rij"]]
    if "woorden" in told:
        return [told["woorden"][k] for k in row]
    if "getallen" in told:
        return [str(n) for n in accumulate(row)]
    if "deel" not in told:
        return row
    values: list[float | None] = [n / told["deel"] for n in row]
    for place in accumulate(rows[told["leeg"]]):
        values[place] = None
    return values


def _shapes(told: dict[str, int], rows: list[list[int]]) -> list[list[list[int]]]:
    """Put rings together."""
    steps, x, y = iter(rows[told["hoeken"]]), 0, 0
    rings: list[list[int]] = []
    for corners in rows[told["ringen"]]:
        at_x, at_y, ring = x, y, []
        for k in range(corners):
            at_x, at_y = at_x + next(steps), at_y + next(steps)
            if not k:
                x, y = at_x, at_y
            ring += [at_x * told["rooster"], at_y * told["rooster"]]
        rings.append(ring)
    left = iter(rings)
    return [[next(left) for _ in range(n)] for n in rows[told["vormen"]]]
