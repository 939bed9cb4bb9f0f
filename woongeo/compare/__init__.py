"""Holding one thing against another: two peilmomenten, and the map against the register."""

from woongeo.compare.agreement import REPORTED, agreement
from woongeo.compare.changes import Vergelijking, compare

__all__ = ["REPORTED", "Vergelijking", "agreement", "compare"]
