"""Plancapaciteit: homes per region, before and after what stands in their way.

A plan over two regions is divided by area, in whole homes, so that what the regions hold adds up to
what the plan holds, to the last home. Missing is not zero: a plan without a number is counted as a
plan (`zonder_aantal`) and adds to no sum; where no plan of a region has a number, its sums are
empty.
"""

from woongeo.capacity.amounts import homes_in
from woongeo.capacity.figures import measured, verdict_keys
from woongeo.capacity.measures import Norms
from woongeo.capacity.opbrengst import UITVAL_130, UITVAL_DERDE, Planuitval
from woongeo.capacity.parts import (
    OUTSIDE,
    TOTAL,
    Division,
    Parts,
    divide,
    divide_homes,
    levels,
    whole,
)
from woongeo.capacity.phasing import delivery_periods, phases
from woongeo.capacity.summary import Plancapaciteit, summarize_plancapaciteit

__all__ = [
    "OUTSIDE",
    "TOTAL",
    "UITVAL_130",
    "UITVAL_DERDE",
    "Division",
    "Norms",
    "Parts",
    "Plancapaciteit",
    "Planuitval",
    "delivery_periods",
    "divide",
    "divide_homes",
    "homes_in",
    "levels",
    "measured",
    "phases",
    "summarize_plancapaciteit",
    "verdict_keys",
    "whole",
]
