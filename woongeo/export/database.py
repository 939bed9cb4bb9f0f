"""A screening in a PostGIS database: all of it or nothing, and never over somebody else's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from woongeo.errors import InputError
from woongeo.export.audience import seen_by
from woongeo.export.contents import Contents
from woongeo.export.forms import named_tables
from woongeo.export.manifest import manifest
from woongeo.export.same import refuse_other
from woongeo.sources.address import is_address, need_driver

if TYPE_CHECKING:
    from woongeo.capacity import Plancapaciteit
    from woongeo.knelpunten import Knelpunten, Vrijspelen
    from woongeo.screening import Screening
    from woongeo.vertrouwelijk import Audience


def write_postgis(  # noqa: PLR0913  one keyword a table or a choice
    screening: Screening,
    url: str,
    *,
    schema: str = "woongeo",
    plancapaciteit: Plancapaciteit | None = None,
    knelpunten: Knelpunten | None = None,
    vrijspelen: Vrijspelen | None = None,
    overwrite: bool = False,
    publiek: str | Audience | None = None,
) -> list[str]:
    """Write a screening to a schema of a PostGIS database, in one transaction.

    Parameters
    ----------
    screening : Screening
        From `screen`.
    url : str
        ``postgresql://user@host:port/database``; a password is better left to PGPASSWORD, PGSERVICE
        or a password file. It is in no message and no table.
    schema : str
        Where to; made where it is not there and this user may. Tables ``locaties`` (RD New,
        EPSG:28992, with a spatial index), ``treffers``, ``lagen``, ``regels``, ``herkomst`` and
        ``manifest``, as in the files of `export_screening`; columns have comments with their unit.
    plancapaciteit : Plancapaciteit, optional
        From `summarize_plancapaciteit`; becomes the table ``capaciteit`` and, where it was held
        against targets, ``cijfers``.
    knelpunten, vrijspelen : optional
        As for `export_screening`; each becomes a table.
    overwrite : bool
        Whether an earlier screening in this schema is replaced. Tables that woongeo did not make
        are never touched.
    publiek : str or Audience, optional
        For whom the schema is; as for `export_screening`.

    Returns
    -------
    list of str
        The tables, as "schema.table".

    Raises
    ------
    InputError
        When the address cannot be understood, PostGIS is not there, or a table is of another
        screening.
    ServiceUnavailableError
        When there is no way in.
    OutputError
        When something may not be replaced or cannot be written; then nothing was changed.
    AudienceError
        When a table holds plans that `publiek` may not see.
    """
    if not is_address(url):
        raise InputError("schrijf het adres van de database als postgresql://host/database.")
    need_driver()
    from woongeo.export.postgis import write_tables  # noqa: PLC0415  its driver is an extra

    refuse_other(
        screening, plancapaciteit=plancapaciteit, knelpunten=knelpunten, vrijspelen=vrijspelen
    )
    screening = seen_by(
        screening,
        publiek,
        plancapaciteit=plancapaciteit,
        knelpunten=knelpunten,
        vrijspelen=vrijspelen,
    )
    tables = named_tables(plancapaciteit, knelpunten, vrijspelen)
    facts = manifest(screening, plancapaciteit)
    return write_tables(Contents.of(screening, tables, facts), url, schema, overwrite=overwrite)
