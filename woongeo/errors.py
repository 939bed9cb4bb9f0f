"""Everything that can go wrong, in one tree.

::

    WoongeoError
    ├── InputError                 what was given cannot be used (also a ValueError)
    │   ├── FileError              a file is missing, of an unknown kind, or damaged
    │   ├── ColumnError            a column is missing or means something else
    │   ├── CrsError
    │   │   ├── MissingCrsError    no coordinate reference system is stated
    │   │   └── ImplausibleCrsError  the stated one cannot be right
    │   ├── LocationError          no housing location can be screened
    │   ├── RegisterError          a register of plans is not recognised, or its words are wrong
    │   ├── AudienceError          who may see a plan cannot be told
    │   ├── LayerError             a layer is named twice, or wrongly
    │   ├── RuleError              a rule contradicts itself
    │   ├── RegionError            a table of regions cannot divide homes
    │   ├── ThemeError             a theme cannot be read, or is hard to read
    │   ├── TargetError            a table of targets contradicts itself
    │   └── UnknownDatasetError    the catalogue of services does not know a name
    ├── ServiceError               a service did not give what was asked; nothing of it was kept
    │   ├── ServiceUnavailableError  no answer: network, time, a full or failing server
    │   │   └── NotStoredError     offline, and the layer was never stored
    │   └── ServiceResponseError   an answer that cannot be what was asked
    │       ├── EndpointGoneError  the address does not exist (any more)
    │       ├── RefusedAddressError  an answer points to a place that is not visited
    │       ├── UnexpectedCrsError  coordinates are not in the reference system that was asked
    │       └── IncompleteLayerError  nothing proves that the layer is whole
    ├── ClusterError               a cluster stopped, or cannot give the answers of this computer
    └── OutputError                a result cannot be written; nothing was changed

    WoongeoWarning                 a doubt; `strict()` turns it into an error
    ├── RepairedGeometryWarning
    ├── DoubtfulLocationWarning
    ├── UnknownResultWarning
    ├── UncertainRuleWarning       a rule that nobody looked up in a source
    ├── RegionWarning
    ├── RegisterWarning            a register breaks its own rules; the report lists where
    ├── ServiceWarning             another door, an older copy, a damaged copy that was set aside
    └── LargePageWarning           a map page is slow to open, or too large to hold its map

Messages are Dutch, as the library's reports are: they name what is wrong, where, and what to do.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class WoongeoError(Exception):
    """Base of every error that woongeo raises."""


class InputError(WoongeoError, ValueError):
    """What was given cannot be used; the message says how to mend it."""


class FileError(InputError):
    """A file is missing, of a kind that is not read, ambiguous, or damaged."""


class ColumnError(InputError):
    """A column that was asked for is not there, or cannot be read as asked."""


class CrsError(InputError):
    """Coordinates cannot be trusted."""


class MissingCrsError(CrsError):
    """A file states no coordinate reference system."""


class ImplausibleCrsError(CrsError):
    """Coordinates contradict the coordinate reference system that is stated."""


class LocationError(InputError):
    """None of the locations can be screened."""


class RegisterError(InputError):
    """A register of plans is not recognised, or a table of columns or words cannot be used."""


class AudienceError(InputError):
    """Who is to see the plans is not known, or the plans do not say who may."""


class LayerError(InputError):
    """A layer is named twice, is named wrongly, or has no usable shape at all."""


class RuleError(InputError):
    """A rule contradicts itself or names a layer that is not there."""


class RegionError(InputError):
    """A table of regions cannot be used to divide homes."""


class TargetError(InputError):
    """A table of targets contradicts itself or cannot be read."""


class ThemeError(InputError):
    """A theme of reports cannot be read, or its colours are hard to tell apart."""


class UnknownDatasetError(InputError):
    """The catalogue of services does not know the name; the message lists what is near."""


class ServiceError(WoongeoError):
    """A service did not give what was asked, whole and as asked; nothing of it was kept."""


class ServiceUnavailableError(ServiceError):
    """A service gave no answer: no network, out of time, too busy, or failing."""


class NotStoredError(ServiceUnavailableError):
    """Only stored layers may be used, and this one is not among them."""


class ServiceResponseError(ServiceError):
    """A service answered with something that cannot be what was asked."""


class EndpointGoneError(ServiceResponseError):
    """The address of a service does not exist, or not any more."""


class RefusedAddressError(ServiceResponseError):
    """An answer points to another host, or to a private address: it is not visited."""


class UnexpectedCrsError(ServiceResponseError):
    """Coordinates are not in the reference system that was asked."""


class IncompleteLayerError(ServiceResponseError):
    """Nothing proves that the layer is whole, or something proves that it is not."""


class ClusterError(WoongeoError):
    """A cluster stopped, has no workers, or its workers cannot give the same answers."""


class OutputError(WoongeoError, OSError):
    """A result cannot be written; what stood there is untouched."""


class WoongeoWarning(UserWarning):
    """Base of every doubt that woongeo voices."""


class RepairedGeometryWarning(WoongeoWarning):
    """Shapes were repaired; the report says which, and by how much."""


class DoubtfulLocationWarning(WoongeoWarning):
    """Locations carry doubts (duplicates, missing homes, …) that the report lists."""


class UnknownResultWarning(WoongeoWarning):
    """A layer is absent, empty, failed, incomplete or too old: verdicts become `onbekend`."""


class UncertainRuleWarning(WoongeoWarning):
    """A rule that was judged rests on memory or inference, not on a source that was read."""


class RegisterWarning(WoongeoWarning):
    """A register breaks its own rules (sums, years, polygons); the report says where."""


class RegionWarning(WoongeoWarning):
    """Regions overlap or leave homes outside."""


class ServiceWarning(WoongeoWarning):
    """A layer came by another door, from an older copy, or in place of a damaged one."""


class LargePageWarning(WoongeoWarning):
    """A map page is slow to open and to send, or too large to hold its map at all."""


@contextmanager
def strict() -> Iterator[None]:
    """Turn every doubt into an error, inside a ``with`` block.

    Yields
    ------
    None
        Nothing; the filter is undone at the end of the block.

    Examples
    --------
    >>> with strict():
    ...     warnings.warn("twee plannen delen een id", DoubtfulLocationWarning)
    Traceback (most recent call last):
    ...
    woongeo.errors.DoubtfulLocationWarning: twee plannen delen een id
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", WoongeoWarning)
        yield
