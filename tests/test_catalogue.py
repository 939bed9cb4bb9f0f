"""The catalogue, and a file of rules of the user's own over it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from woongeo.catalogue import default_rule, list_layers, read_catalogue, verdict_key
from woongeo.errors import FileError, LayerError, RuleError
from woongeo.rules import CERTAINTIES, SCOPES, SEVERITIES, Rule

if TYPE_CHECKING:
    from pathlib import Path

    import woongeo


def book(folder: Path, text: str) -> woongeo.Catalogue:
    """Read a file of rules."""
    path = folder / "mijn_regels.toml"
    path.write_text(text, encoding="utf-8")
    return read_catalogue(path)


def test_every_rule_that_comes_along_says_what_it_is_and_who_says_so() -> None:
    table = list_layers()
    assert len(table) == len(set(table["sleutel"]))
    for column in ("titel", "betekenis", "regel", "bron"):
        assert (table[column].str.len() > 5).all(), table.loc[table[column].str.len() <= 5]
    assert set(table["zwaarte"]) <= set(SEVERITIES)
    assert set(table["geldt_voor"]) <= set(SCOPES)
    assert set(table["zekerheid"]) <= set(CERTAINTIES)
    first = table.groupby("laag", sort=False)["sleutel"].first()
    # The main rule comes first and bears the layer's own name.
    assert (first.index == first).all()


def test_the_bands_of_natura2000_are_there_and_off() -> None:
    table = list_layers().set_index("sleutel")
    assert not table.loc[["natura2000_250m", "natura2000_1km"], "staat_aan"].any()
    assert table.loc["natura2000", "staat_aan"]
    assert table.loc["natura2000", "zwaarte"] == "zeer hard"


def test_a_file_changes_a_rule_adds_one_and_adds_a_layer(tmp_path: Path) -> None:
    own = book(
        tmp_path,
        """
[natura2000.rules.250m]
within_m = 300
[natura2000.rules.5km]
title = "binnen 5 km"
within_m = 5_000
severity = "zacht"
valid_from = 2026-07-01
[weidevogels]
title = "Weidevogelgebied"
coverage = "nederland"
columns = { soort = "welk gebied" }
[weidevogels.rules.hoofd]
where = { soort = ["kern", 7] }
source = "omgevingsverordening"
""",
    )
    rules = own.rules()
    band = rules["natura2000_250m"]
    assert isinstance(band, Rule)
    # What the file names is judged, and says that it was changed.
    assert (band.within_m, band.on, band.severity) == (300, True, "middel")
    assert "aangepast in mijn_regels.toml" in band.source
    assert rules["natura2000_5km"].valid_from == dt.date(2026, 7, 1)
    bird = rules["weidevogels"]
    assert isinstance(bird, Rule)
    assert bird.where == {"soort": ("kern", "7")}
    assert own.spec("weidevogels").coverage == "nederland"
    assert own.named == {"natura2000_250m", "natura2000_5km", "weidevogels"}
    # Of what the file does not name nothing changes.
    assert rules["natura2000"] == default_rule("natura2000")
    assert default_rule("natura2000_250m") != band


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[natura200]\nwat = 1", 1, "bedoelt u natura2000"),
        ("[natura2000.rules.250m]\nwithin = 3", 2, "bedoelt u within_m"),
        ("\n[natura2000.rules.250m]\nwithin_m = 'ver'", 3, "geen getal"),
        ("[natura2000.rules.250m]\nwithin_m = true", 2, "geen getal"),
        ("[natura2000.rules.250m]\non = 1", 2, "true of false"),
        ("[natura2000.rules.250m]\nvalid_from = 'morgen'", 2, "geen datum"),
        ("[natura2000.rules.250m]\nwithin_m = -1", 2, "meer dan 0"),
        ("[natura2000.rules.hoofd]\nseverity = 'erg'", 2, "zeer hard"),
        ("[natura2000.rules.hoofd]\nkind = 'gok'", 2, "kies uit"),
        ("[natura2000.rules.hoofd]\nwhere = 3", 2, "geen tabel"),
        ("[natura2000.rules.hoofd]\nwhere = { nr = 3 }", 2, "geen tabel"),
        ("[natura2000.rules.'Té lang']\nwithin_m = 3", 1, "kort"),
        ("[natura2000]\ntitel = 'x'", 2, "bedoelt u title"),
        ("[natura2000]\nmin_features = 1.5", 2, "geheel getal"),
        ("[natura2000]\nrules = 4", 2, "rules"),
        ("[natura2000.rules]\nhoofd = 4", 2, "als tabel"),
        ("losse = 3", 1, "hoort in een tabel"),
        ("[vrij]\ntitle = 'x'", 1, "korte naam"),
    ],
)
def test_what_cannot_be_is_refused_by_line_and_key(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises((RuleError, LayerError), match=said) as caught:
        book(tmp_path, text)
    assert f"mijn_regels.toml, regel {line}:" in str(caught.value)


def test_a_file_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="geen goed TOML"):
        book(tmp_path, "[natura2000")
    with pytest.raises(FileError, match="kan niet worden gelezen"):
        read_catalogue(tmp_path / "weg.toml")


def test_keys_of_verdicts() -> None:
    assert verdict_key("natura2000", "hoofd") == "natura2000"
    assert verdict_key("natura2000", "1km") == "natura2000_1km"
