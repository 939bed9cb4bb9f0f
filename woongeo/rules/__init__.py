"""Rules: when a layer stands in the way of homes, how hard, and who says so.

Every kind of rule is a dataclass of its own with the fields of `RuleBase`; how it is judged stands
in `woongeo.judging`, under the same name.
"""

from woongeo.rules.common import CERTAINTIES, SCOPES, SEVERITIES, RuleBase
from woongeo.rules.klasse import ClassRule
from woongeo.rules.raster import RasterRule
from woongeo.rules.stikstof import StikstofRule
from woongeo.rules.tabel import TableRule
from woongeo.rules.zone import Rule

#: The kinds of rules by the name they have in a catalogue.
KINDS: dict[str, type[RuleBase]] = {
    kind.kind: kind for kind in (Rule, ClassRule, StikstofRule, RasterRule, TableRule)
}

__all__ = [
    "CERTAINTIES",
    "KINDS",
    "SCOPES",
    "SEVERITIES",
    "ClassRule",
    "RasterRule",
    "Rule",
    "RuleBase",
    "StikstofRule",
    "TableRule",
]
