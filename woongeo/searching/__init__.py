"""Search areas: what remains of a province or gemeente after hard constraints, ranked.

Where a screening judges sites that somebody drew, a search draws them: the classic zeefanalyse. The
three verdicts are the same. Ground of which a layer says nothing is not free ground.
"""

from woongeo.searching.found import Zoekgebieden
from woongeo.searching.search import find_sites, read_area

__all__ = ["Zoekgebieden", "find_sites", "read_area"]
