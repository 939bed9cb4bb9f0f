"""Slides with what a screen reader needs: titles, language, heads of tables, texts of figures."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import xlsxwriter
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.dml import MSO_PATTERN
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Mm, Pt

from woongeo.encode import line_text
from woongeo.plotting.marks import round_length
from woongeo.reporting.model import TEXT, UNKNOWN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from woongeo.reporting.theme import Theme

_WIDE, _HIGH = 338.67, 190.5
_EDGE = 14.0
_TITLE_ONLY = 5
# A longer title takes two lines, which must not reach what stands below it.
_TITLE_CHARACTERS = 64
_LANGUAGE = "nl-NL"
# Nothing in a workbook is ever a formula or an address, whatever a name looks like.
_BOOK = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour[1:].upper())


# python-pptx has no types.
_Slide = Any


class Deck:
    """A presentation.

    Parameters
    ----------
    theme : Theme
        Colours, font and logo.
    title : str
        Of the file.
    on : date
        The day that it is of.
    """

    def __init__(self, theme: Theme, *, title: str, on: dt.date) -> None:
        self._theme = theme
        self._deck = Presentation()
        self._deck.slide_width, self._deck.slide_height = Mm(_WIDE), Mm(_HIGH)
        about = self._deck.core_properties
        about.title, about.author, about.language = line_text(title, most=240), "woongeo", "nl"
        about.last_modified_by, about.subject = "woongeo", f"Beoordeeld op {on.isoformat()}"

    def slide(self, title: str, foot: str) -> _Slide:
        """Add a slide.

        Parameters
        ----------
        title : str
            Above it; each slide has one.
        foot : str
            Below it.

        Returns
        -------
        Slide
            Of python-pptx.
        """
        slide = self._deck.slides.add_slide(self._deck.slide_layouts[_TITLE_ONLY])
        colours, logo = self._theme.kleuren, self._theme.logo
        fill = slide.background.fill
        fill.solid()
        fill.fore_color.rgb = _rgb(colours.achtergrond)
        place = slide.shapes.title
        place.left, place.top, place.height = Mm(_EDGE), Mm(8), Mm(18)
        place.width = Mm(_WIDE - 2 * _EDGE - (48 if logo else 0))
        place.text_frame.word_wrap = True
        place.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        size = 24 if len(title) <= _TITLE_CHARACTERS else 18
        self._write(place.text_frame.paragraphs[0], title, size, bold=True, colour=colours.accent)
        if logo:
            shape = slide.shapes.add_picture(
                io.BytesIO(logo), Mm(_WIDE - _EDGE - 42), Mm(8), height=Mm(16)
            )
            if shape.width > Mm(42):
                shape.height = int(shape.height * Mm(42) / shape.width)
                shape.width = Mm(42)
            _describe(shape, "Logo", self._theme.logo_tekst)
        self.text(slide, _EDGE, _HIGH - 17, _WIDE - 2 * _EDGE, [foot], size=10)
        return slide

    def _write(
        self,
        paragraph: Any,  # noqa: ANN401  python-pptx has no types
        text: str,
        size: float,
        *,
        bold: bool = False,
        italic: bool = False,
        colour: str | None = None,
    ) -> None:
        """Write text; python-pptx makes it XML."""
        paragraph.alignment = PP_ALIGN.LEFT
        run = paragraph.add_run()
        run.text = line_text(text)
        font = run.font
        font.size, font.bold, font.italic = Pt(size), bold, italic
        font.name = self._theme.lettertype_kantoor
        font.color.rgb = _rgb(colour or self._theme.kleuren.tekst)
        run._r.get_or_add_rPr().set("lang", _LANGUAGE)  # noqa: SLF001  not in its interface

    def text(
        self,
        slide: _Slide,
        left: float,
        top: float,
        wide: float,
        lines: Sequence[str],
        *,
        size: float,
    ) -> None:
        """Write lines.

        Parameters
        ----------
        slide : Slide
            On which.
        left, top, wide : float
            Millimetres.
        lines : sequence of str
            Empty ones are left out.
        size : float
            Points.
        """
        shown = [line for line in lines if line]
        if not shown:
            return
        frame = slide.shapes.add_textbox(Mm(left), Mm(top), Mm(wide), Mm(8)).text_frame
        frame.word_wrap = True
        for i, line in enumerate(shown):
            paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(3)
            self._write(paragraph, line, size)

    def table(
        self,
        slide: _Slide,
        table: tuple[str, list[str], list[str], list[list[str]]],
        *,
        box: tuple[float, float, float, float],
        widths: Sequence[float],
    ) -> float:
        """Add a table of PowerPoint's own, with a row of heads.

        Parameters
        ----------
        slide : Slide
            On which.
        table : tuple
            Title, heads, kinds of columns, and rows of text.
        box : tuple of float
            Left, top, width and height; millimetres.
        widths : sequence of float
            Of the columns, in proportion.

        Returns
        -------
        float
            How high it is, about; millimetres.
        """
        title, heads, kinds, rows = table
        colours = self._theme.kleuren
        left, top, wide, _ = box
        size = 14 if len(rows) <= 8 else 12 if len(rows) <= 12 else 9
        each = 0.62 * size
        shape = slide.shapes.add_table(
            len(rows) + 1, len(heads), Mm(left), Mm(top), Mm(wide), Mm(each * (len(rows) + 1))
        )
        _describe(shape, title, f"Tabel: {title}. Kolommen: {', '.join(heads)}.")
        grid = shape.table
        grid.first_row, grid.horz_banding = True, True
        for column, width in zip(grid.columns, widths, strict=True):
            column.width = int(Mm(wide) * width / sum(widths))
        high = 0.0
        for y, cells in enumerate([heads, *rows]):
            lines = 1
            for x, text in enumerate(cells):
                cell = grid.cell(y, x)
                cell.margin_left = cell.margin_right = Mm(1.5)
                cell.margin_top = cell.margin_bottom = Mm(0.4)
                cell.fill.solid()
                ground = colours.accent if y == 0 else colours.vlak
                cell.fill.fore_color.rgb = _rgb(
                    ground if y == 0 or y % 2 == 0 else colours.achtergrond
                )
                ink = colours.op_accent if y == 0 else colours.tekst
                paragraph = cell.text_frame.paragraphs[0]
                self._write(paragraph, text, size, bold=y == 0, italic=text == UNKNOWN, colour=ink)
                if kinds[x] != TEXT:
                    paragraph.alignment = PP_ALIGN.RIGHT
                room = wide * widths[x] / sum(widths) - 3
                lines = max(lines, -(-int(len(text) * size * 0.19 * 10) // int(room * 10)))
            grid.rows[y].height = Mm(each if lines == 1 else each * 0.85 * lines)
            high += each if lines == 1 else each * 0.85 * lines
        return high

    def picture(
        self, slide: _Slide, data: bytes, told: str, left: float, top: float, wide: float
    ) -> None:
        """Add a picture with its text.

        Parameters
        ----------
        slide : Slide
            On which.
        data : bytes
            PNG.
        told : str
            What it shows, for who does not see it.
        left, top, wide : float
            Millimetres.
        """
        shape = slide.shapes.add_picture(io.BytesIO(data), Mm(left), Mm(top), width=Mm(wide))
        _describe(shape, "Kaart", told)

    def legend(
        self,
        slide: _Slide,
        entries: Sequence[tuple[bytes, str]],
        left: float,
        top: float,
    ) -> None:
        """Say what signs on a map mean.

        Parameters
        ----------
        slide : Slide
            On which.
        entries : sequence of (bytes, str)
            A picture of the sign, and words.
        left, top : float
            Millimetres.
        """
        step = min(13.0, 118.0 / max(len(entries), 1))
        for i, (data, text) in enumerate(entries):
            shape = slide.shapes.add_picture(
                io.BytesIO(data), Mm(left), Mm(top + i * step + 1), width=Mm(9)
            )
            _describe(shape, f"Teken {i + 1}", f"Teken op de kaart voor: {text}")
            self.text(slide, left + 10, top + i * step - 1.5, 62, [text], size=11)

    def chart(
        self,
        slide: _Slide,
        names: Sequence[str],
        series: dict[str, list[float | None]],
        told: str,
        box: tuple[float, float, float, float],
        title: str,
    ) -> None:
        """Add stacked bars of PowerPoint's own.

        Parameters
        ----------
        slide : Slide
            On which.
        names : sequence of str
            Of the bars, the first on top.
        series : dict
            Name to values; the first solid, the second striped, the third open.
        told : str
            What it shows, for who does not see it.
        box : tuple of float
            Left, top, width and height; millimetres.
        title : str
            Above it.
        """
        data = CategoryChartData(number_format="#,##0")
        safe = [line_text(name, most=60) for name in names]
        data.categories = safe
        for name, values in series.items():
            data.add_series(name, values)
        shape = slide.shapes.add_chart(
            XL_CHART_TYPE.BAR_STACKED, *(Mm(number) for number in box), data
        )
        _describe(shape, title, line_text(told, most=2_000))
        chart = shape.chart
        # The workbook that python-pptx makes would take a name such as "=1+1" for a formula.
        chart.part.chart_workbook.update_from_xlsx_blob(_workbook(safe, series))
        self._dress(chart, title)
        stacks = [sum(v or 0.0 for v in bar) for bar in zip(*series.values(), strict=True)]
        # Few numbers along the axis: ten of five digits run into each other.
        chart.value_axis.major_unit = max(round_length(max([*stacks, 1.0]) / 3), 1.0)

    def _dress(self, chart: Any, title: str) -> None:  # noqa: ANN401  python-pptx has no types
        """Give a chart its colours, patterns and letters."""
        colours = self._theme.kleuren
        chart.font.size, chart.font.name = Pt(12), self._theme.lettertype_kantoor
        chart.font.color.rgb = _rgb(colours.tekst)
        chart.has_title = True
        self._write(chart.chart_title.text_frame.paragraphs[0], title, 13, bold=True)
        chart.has_legend = True
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        chart.category_axis.reverse_order = True
        chart.value_axis.tick_labels.font.size = Pt(10)
        chart.value_axis.tick_labels.number_format = "#,##0"
        chart.value_axis.tick_labels.number_format_is_linked = False
        chart.value_axis.major_gridlines.format.line.color.rgb = _rgb(colours.lijn)
        plot = chart.plots[0]
        plot.gap_width, plot.overlap = 60, 100
        for series, colour in zip(
            plot.series, (colours.hard, colours.zacht, colours.lijn), strict=False
        ):
            series.format.line.color.rgb = _rgb(colour)
        plot.series[0].format.fill.solid()
        plot.series[0].format.fill.fore_color.rgb = _rgb(colours.hard)
        striped = plot.series[1].format.fill
        striped.patterned()
        striped.pattern = MSO_PATTERN.WIDE_UPWARD_DIAGONAL
        striped.fore_color.rgb, striped.back_color.rgb = (
            _rgb(colours.zacht),
            _rgb(colours.achtergrond),
        )
        plot.series[2].format.fill.solid()
        plot.series[2].format.fill.fore_color.rgb = _rgb(colours.achtergrond)

    def saved(self) -> bytes:
        """Give the file.

        Returns
        -------
        bytes
            A .pptx.
        """
        memory = io.BytesIO()
        self._deck.save(memory)
        return memory.getvalue()


def _describe(shape: Any, name: str, told: str) -> None:  # noqa: ANN401  python-pptx has no types
    """Give a shape its name and its alternative text, for which python-pptx has no words."""
    about = shape._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001  idem
    about.set("name", line_text(name, most=120))
    about.set("descr", line_text(told, most=2_000))


def _workbook(names: Sequence[str], series: dict[str, list[float | None]]) -> bytes:
    """Make the workbook behind a chart, in the places where python-pptx looks for it."""
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, _BOOK) as book:
        sheet = book.add_worksheet()
        for y, name in enumerate(names, start=1):
            sheet.write_string(y, 0, name)
        for x, (title, values) in enumerate(series.items(), start=1):
            sheet.write_string(0, x, title)
            for y, value in enumerate(values, start=1):
                if value is not None:
                    sheet.write_number(y, x, value)
    return memory.getvalue()
