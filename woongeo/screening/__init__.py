"""Screening: locations and layers in, a verdict for each pair out, with its reason.

`toetsen` are the rules by which is judged, `running` judges by them, `assembling` puts the verdicts
together in tables, `result` is what came of it, and `making` is the door. On a cluster `needed`
says what of a layer some sites can need, `parts` divides and puts together again, `travel` is how
that goes from one process to another, and `cluster` is the door to Dask.
"""

from woongeo.screening.cluster import check_client
from woongeo.screening.making import screen
from woongeo.screening.result import Screening
from woongeo.screening.toetsen import Toets, day, toetsen_of, voice, with_rules

__all__ = [
    "Screening",
    "Toets",
    "check_client",
    "day",
    "screen",
    "toetsen_of",
    "voice",
    "with_rules",
]
