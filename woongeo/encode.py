r"""The one encoder: every string that leaves for a page, a script, a template or a sheet.

Names of plans and layers come from strangers. branca renders a page by compiling *the text that it
has just rendered* as a new Jinja template, so braces in a name would be run as Python on the
analyst's machine; in the browser, back-ticks and ``${…}`` run as JavaScript; in a spreadsheet, a
leading ``=`` runs as a formula. Nothing outside this module decides how text is made harmless.

Text is never dropped: characters that cannot be shown, or that turn text around, are written out
(``\u202e``).
"""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Longest text that is shown in a page; the data files keep all of it.
SHOWN_CHARACTERS = 500
#: Longest text in a cell of Excel:
#: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
EXCEL_CHARACTERS = 32_767

# C0 and C1 control characters (tab and newline excepted); those that change the direction of text
# (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters); those that take no room,
# by which two names look alike (https://www.unicode.org/reports/tr36/#Default_Ignorables); and two
# that are no characters, for which XML has no place. Joiners and soft hyphens stay: words and signs
# are written with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# Lone surrogates cannot be written as UTF-8.
_SURROGATE = re.compile("[\ud800-\udfff]")

# What Jinja, JavaScript templates and branca would still act on after HTML escaping.
_ENTITIES = str.maketrans({c: f"&#{ord(c)};" for c in "{}$`\\%#"})

# OWASP's list, and its full-width twins: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001

# Text without any of these is the same in a spreadsheet.
_SPREADSHEET = re.compile(
    f"[{re.escape(''.join(_FORMULA))}]|{_INVISIBLE.pattern}|{_SURROGATE.pattern}"
)

# Where a spreadsheet may split a line into cells; Dutch ones split on semicolons.
_SPLIT = re.compile(r'([;,\t\n][\s"]*)')


def visible(text: object) -> str:
    r"""Write out characters that cannot be seen or that turn text around.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        The same text, with each such character as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``.

    Examples
    --------
    >>> visible("Plan\u202eB\x00")
    'Plan\\u202eB\\x00'
    """
    return _SURROGATE.sub(_spelled, _INVISIBLE.sub(_spelled, str(text)))


def _spelled(match: re.Match[str]) -> str:
    """Write out a character."""
    code = ord(match.group())
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def whole_text(text: object) -> str:
    r"""Write out half characters, which no file and no table of pandas can hold.

    They come from words on a command line, and names of files, that are not UTF-8.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        Text that is UTF-8.

    Examples
    --------
    >>> whole_text("Plan\udcff")
    'Plan\\udcff'
    """
    return _SURROGATE.sub(_spelled, str(text))


def terminal_text(text: str) -> str:
    r"""Write out what would act on a terminal, so that JSON stays JSON and reads as it was.

    Parameters
    ----------
    text : str
        Lines, or JSON.

    Returns
    -------
    str
        The same, with what cannot be seen as escapes of JSON; lines and tabs stay.

    Examples
    --------
    >>> terminal_text('{"naam": "Plan\x9b2J"}')
    '{"naam": "Plan\\u009b2J"}'
    """
    return _SURROGATE.sub(_escaped, _INVISIBLE.sub(_escaped, text))


def _escaped(match: re.Match[str]) -> str:
    """Write a character as JSON does."""
    units = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def shortened(text: object) -> str:
    """Cut text to what a page can show, and say so.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        At most `SHOWN_CHARACTERS` of the text, and how long it was.
    """
    shown = visible(text)
    if len(shown) <= SHOWN_CHARACTERS:
        return shown
    return f"{shown[:SHOWN_CHARACTERS]}… ({len(shown)} tekens)"


def shortened_all(texts: Iterable[object]) -> list[str]:
    r"""Cut many texts as `shortened` does, some ten times as fast.

    Parameters
    ----------
    texts : iterable
        Anything; the ``str()`` of each is taken.

    Returns
    -------
    list of str
        In their order.

    Examples
    --------
    >>> shortened_all(["Dorpshaven-Zuid", "Plan\x00"])
    ['Dorpshaven-Zuid', 'Plan\\x00']
    """
    given = [str(text) for text in texts]
    every = "".join(given)
    if _INVISIBLE.search(every) or _SURROGATE.search(every):
        return [shortened(text) for text in given]
    return [text if len(text) <= SHOWN_CHARACTERS else shortened(text) for text in given]


def line_text(text: object, *, most: int = SHOWN_CHARACTERS) -> str:
    r"""Write text on one line of a page, a slide or a cell, cut where it is too long.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.
    most : int
        Characters; the last is an ellipsis where more there were.

    Returns
    -------
    str
        Text that XML can hold, without line breaks, tabs and characters that cannot be seen.

    Examples
    --------
    >>> line_text("Dorpshaven\nZuid"), line_text("Dorpshaven-Zuid", most=6)
    ('Dorpshaven Zuid', 'Dorps…')
    """
    shown = " ".join(visible(text).split())
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"


def typst_data(value: object) -> str:
    """Write data for a Typst template, which reads it as values and never as its language.

    Parameters
    ----------
    value : object
        What `json` can write; text in it is not to be encoded before.

    Returns
    -------
    str
        JSON in ASCII, for `sys.inputs`: a hash, dollar or star in it stays a character.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def html_text(text: object) -> str:
    """Encode text for HTML, attributes included, that passes through Jinja.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        Text without any character that HTML, Jinja or a JavaScript template acts upon.

    Examples
    --------
    >>> html_text("{{7*7}} <b>`${x}`")
    '&#123;&#123;7*7&#125;&#125; &lt;b&gt;&#96;&#36;&#123;x&#125;&#96;'
    """
    # The entities' own "#" must survive: translate first, then escape what remains. An ampersand
    # that was in the text is escaped before the entities bring theirs.
    return html.escape(visible(text), quote=True).replace("&#x27;", "&apos;").translate(_ENTITIES)


def csv_text(text: object) -> str:
    """Encode text for a cell of a table that a spreadsheet may open.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        The text; with an apostrophe wherever a spreadsheet would take what follows for a formula,
        also where it splits the text on semicolons, commas, tabs or lines.

    Examples
    --------
    >>> csv_text("=HYPERLINK(A1)"), csv_text("Dorpshaven-Zuid")
    ("'=HYPERLINK(A1)", 'Dorpshaven-Zuid')
    """
    whole = str(text)
    if not _SPREADSHEET.search(whole):
        return whole

    def guarded(part: str) -> str:
        return f"'{part}" if part.lstrip(" ").startswith(_FORMULA) else part

    parts = enumerate(_SPLIT.split(whole))
    return visible(guarded("".join(part if i % 2 else guarded(part) for i, part in parts)))


def excel_text(text: object) -> str:
    """Encode text for a cell of Excel that is written as text, never as a formula.

    Parameters
    ----------
    text : object
        Anything; its ``str()`` is taken.

    Returns
    -------
    str
        The text, what cannot be seen written out; cut to what a cell holds, and then it says so.

    Examples
    --------
    >>> excel_text("=1+1"), len(excel_text("x" * 40_000)), excel_text("x" * 40_000)[-16:]
    ('=1+1', 32767, '… (40000 tekens)')
    """
    shown = visible(text)
    # Excel counts in UTF-16, where a sign outside the first plane is two.
    if len(shown) <= EXCEL_CHARACTERS // 2:
        return shown
    units = shown.encode("utf-16-le")
    if len(units) <= 2 * EXCEL_CHARACTERS:
        return shown
    ending = f"… ({len(shown)} tekens)"
    # Half of such a sign at the end is left out.
    return units[: 2 * (EXCEL_CHARACTERS - len(ending))].decode("utf-16-le", "ignore") + ending


def begins_formula(text: str) -> bool:
    """Tell whether a spreadsheet would take typed text for a formula.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        True also behind blanks.

    Examples
    --------
    >>> begins_formula(" =1+1"), begins_formula("1+1")
    (True, False)
    """
    return text.lstrip(" ").startswith(_FORMULA)


def page_data(value: object) -> str:
    """Pack data for a script in a page.

    Parameters
    ----------
    value : object
        What `json` can write; text in it is not to be encoded before.

    Returns
    -------
    str
        From `page_bytes`: base64 of the zlib-compressed JSON.
    """
    packed = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return page_bytes(packed.encode("ascii"))


def page_bytes(data: bytes) -> str:
    """Pack bytes for a script in a page.

    The letters, digits, plus, slash and equals sign of base64 mean nothing to HTML, Jinja or a
    JavaScript string, so no name can ever break out; the script puts text on the page with
    ``textContent`` only.

    Parameters
    ----------
    data : bytes
        Anything; text in it is not to be encoded before.

    Returns
    -------
    str
        Base64 of the zlib-compressed bytes.
    """
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")
