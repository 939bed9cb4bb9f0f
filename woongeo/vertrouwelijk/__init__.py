"""Who may see which plan: plans above an audience's level are left out, and it is said.

Levels and who sees them are those of the registers. Planmonitor Wonen (help page, 31-3-2026):
openbaar is for anybody; provincie for users of the province and the region; gemeente for the
gemeente alone. DIWI (Confidentiality.java) orders openbaar below mede-overheden, woonregio and
gemeente, and Gelderland's "ProvincieGemeente" is the province and the plan's own gemeente. A level
that is not stated, or not known, is the most confidential of all.

In totals a plan that is left out may count, where so many are together that none can be told from
another; see `for_totals` for what that does and does not protect.
"""

from woongeo.vertrouwelijk.audience import (
    KOLOM,
    PUBLIEK,
    Audience,
    default_audience,
    left_out,
    read_audience,
    states_level,
    visible_to,
)
from woongeo.vertrouwelijk.keeping import for_audience
from woongeo.vertrouwelijk.masterplans import names_masterplan
from woongeo.vertrouwelijk.totals import MINIMUM, for_totals

__all__ = [
    "KOLOM",
    "MINIMUM",
    "PUBLIEK",
    "Audience",
    "default_audience",
    "for_audience",
    "for_totals",
    "left_out",
    "names_masterplan",
    "read_audience",
    "states_level",
    "visible_to",
]
