"""Sites in parts, each with what it needs of the layers, say what one screening of all says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from drawn_scenes import DAY, layers, same, sites

import woongeo
from woongeo.screening.parts import Divided, judge_part
from woongeo.screening.result import put_together
from woongeo.screening.running import subjects_of
from woongeo.screening.toetsen import toetsen_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::woongeo.errors.WoongeoWarning")


def in_parts(
    locations: woongeo.Locations,
    against: Sequence[woongeo.Layer],
    size: int,
    severity: str = "zacht",
) -> woongeo.Screening:
    """Screen in parts, last part first, in this process."""
    toetsen = toetsen_of(against)
    subjects = subjects_of(locations, DAY)
    divided = Divided(subjects, against, severity, size=size)
    answers = [(place, judge_part(work)) for place, work in divided][::-1]
    judged, areas = divided.together(answers, toetsen)
    return put_together(locations, subjects, tuple(against), toetsen, judged, severity, areas)


@pytest.mark.parametrize(("seed", "size"), [(1, 7), (2, 3), (3, 13), (4, 60)])
def test_parts_say_what_the_whole_says_to_the_last_bit(
    tmp_path: Path, seed: int, size: int
) -> None:
    """Every kind of rule, every reason to know nothing, sites that cannot be measured."""
    rng = np.random.default_rng(seed)
    severity = ("zacht", "hard")[seed % 2]
    locations, against = sites(rng, 40), layers(rng, tmp_path)
    whole = woongeo.screen(locations, against, on=DAY, from_severity=severity)
    same(whole, in_parts(locations, against, size, severity))
