"""Reading and screening spray zones of a national file: ``python spuitzones.py LOCATIES PERCELEN``.

Prints seconds and the largest memory, for parcels of a year and locations given as files.
"""

from __future__ import annotations

import resource
import sys
import time
import warnings

import woongeo


def main(locations: str, parcels: str) -> None:
    """Measure once, from files to verdicts."""
    warnings.simplefilter("ignore", woongeo.WoongeoWarning)
    start = time.perf_counter()
    places = woongeo.read_locations(locations)
    read = time.perf_counter()
    layer = woongeo.read_spuitzones({2025: parcels})
    parcels_read = time.perf_counter()
    done = woongeo.screen(places, [layer])
    screened = time.perf_counter()
    table = woongeo.sensitivity(places, layer)
    end = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(places)} locaties, {len(layer)} bespoten percelen: {done.counts('spuitzones')}")
    print(f"locaties lezen {read - start:.2f} s, percelen lezen {parcels_read - read:.2f} s")
    print(
        f"screenen {screened - parcels_read:.2f} s, {len(table)} afstanden {end - screened:.2f} s"
    )
    print(f"hoogste geheugengebruik {memory:.0f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
