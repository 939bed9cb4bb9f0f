"""Bottlenecks: what each of them blocks, what solving them frees, and what can be built now."""

from woongeo.knelpunten.solving import Vrijspelen, vrijspelen
from woongeo.knelpunten.touched import Knelpunten, free_plans, knelpunten

__all__ = ["Knelpunten", "Vrijspelen", "free_plans", "knelpunten", "vrijspelen"]
