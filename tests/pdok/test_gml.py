"""GML: parsed whole before it is believed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
from pdok_servers import EAST, NORTH, squares

from woongeo.errors import FileError
from woongeo.pdok._gml import count_features
from woongeo.pdok.atom import read_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gml(tmp_path: Path) -> Path:
    """Write 30 squares as GML 3.2, with a schema that is not there."""
    path = tmp_path / "vlakken.gml"
    drawn = gpd.GeoDataFrame.from_features(squares(30), crs="EPSG:28992")
    drawn.to_file(path, driver="GML", FORMAT="GML3.2", XSISCHEMA="OFF")
    return path


def test_all_features_in_rd(gml: Path) -> None:
    frame = read_file(gml)
    assert frame["nr"].tolist() == list(range(30))
    assert frame.crs.to_epsg() == 28992
    assert frame["feature_id"].tolist() == [str(i) for i in range(30)]
    assert list(count_features(gml).values()) == [30]
    near = read_file(gml, boxes=[(EAST, NORTH, EAST + 150.0, NORTH + 50.0)])
    assert near["nr"].tolist() == [0, 1]
    # GDAL would leave a file of its own beside it.
    assert [p.name for p in gml.parent.iterdir()] == ["vlakken.gml"]


@pytest.mark.parametrize("share", [0.3, 0.8, 0.999])
def test_a_file_that_is_cut_off(gml: Path, share: float) -> None:
    """F7: GDAL gives fewer features, or none, without a word."""
    content = gml.read_bytes()
    gml.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileError, match="geen volledige XML"):
        read_file(gml)


def test_entities_are_refused(gml: Path) -> None:
    """F43: nothing is expanded, and no file is read."""
    content = gml.read_text("utf-8")
    head = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "bbbb">]>'
    gml.write_text(re.sub(r"(<\?xml[^>]*\?>)", rf"\1{head}", content, count=1), "utf-8")
    with pytest.raises(FileError, match="begrippen"):
        read_file(gml)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</ogr:FeatureCollection>", "<wfs:truncatedResponse xmlns:wfs='w'/>\\g<0>", "brak"),
        ("<ogr:FeatureCollection", "<ogr:FeatureCollection numberReturned='31'", "noemt 31"),
        ("FeatureCollection", "ExceptionReport", "geen GML met objecten"),
    ],
)
def test_what_says_it_is_not_whole(gml: Path, old: str, new: str, said: str) -> None:
    content = gml.read_text("utf-8")
    count = 0 if old == "FeatureCollection" else 1
    gml.write_text(re.sub(old, new, content, count=count), "utf-8")
    with pytest.raises(FileError, match=said):
        read_file(gml)


def test_no_gml_at_all(tmp_path: Path) -> None:
    path = tmp_path / "vlakken.gml"
    for content in ("", "<html>Onderhoud</html>", '{"type": "FeatureCollection"}'):
        path.write_text(content)
        with pytest.raises(FileError, match=r"XML|GML"):
            read_file(path)
    with pytest.raises(FileError):
        read_file(tmp_path / "weg.gml")
