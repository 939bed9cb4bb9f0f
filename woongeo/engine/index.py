"""An index of a layer's shapes, cut fine where sites are.

Two ideas carry the speed; a third is that of `woongeo.engine.outlines`:

* A big nature area is cut into rectangles of few corners, only where sites are; areas add up over
  the pieces of one feature. ``clip_by_rect`` cuts 20 to 40 times as fast as a general intersection.
* What no site can reach is left out before anything is built.
"""

from __future__ import annotations

import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING

import numpy as np
import shapely

from woongeo.engine.cutting import Nodes, divide
from woongeo.engine.outlines import edges_of, outlines_of
from woongeo.engine.pairs import EPSILON_M, ask, by_shape, meeting
from woongeo.errors import LayerError
from woongeo.geometry import valid

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from woongeo.engine.outlines import Edges, Outlines
    from woongeo.engine.sites import Occupied
    from woongeo.threads import Crew

# Pieces of 256 to 1,024 corners are equally quick; smaller and larger ones are slower.
_CORNERS = 1_024

# A layer keeps so many indexes: of all its features, and of those that rules choose.
_KEPT = 8


class LayerIndex:
    """Shapes of a layer, ready to be met by sites.

    It grows: where sites are that were not asked for before, more is cut. Pieces are the same, and
    in the same order, whatever was asked before, so what is measured is too. Ask in one thread at a
    time: hold the `lock`.

    Parameters
    ----------
    features : ndarray of shapely geometries
        Valid surfaces, lines or points in metres.
    occupied : Occupied, optional
        Where sites are; `reach_out` does the same later.
    within_m : float or ndarray of float
        Sites so near are to be found; metres, one for all or one a feature.

    Attributes
    ----------
    pieces : ndarray of shapely geometries
        The features near sites, big surfaces cut; in the order of features.
    owner : ndarray of int
        The feature of each piece.
    tree : STRtree
        Of the pieces.
    """

    def __init__(
        self,
        features: NDArray[np.object_],
        occupied: Occupied | None = None,
        within_m: float | NDArray[np.float64] = 0.0,
    ) -> None:
        self.features = features
        self.lock = threading.RLock()
        surface = shapely.get_dimensions(features) == 2
        self._big = surface & (shapely.get_num_coordinates(features) > _CORNERS)
        big, small = np.flatnonzero(self._big), np.flatnonzero(~self._big)
        # Parts of a multi-surface lie apart: taking them apart first leaves out most of them.
        parts, of_part = shapely.get_parts(features[big], return_index=True)
        order = np.argsort(np.concatenate([small, big[of_part]]), kind="stable")
        self._roots = np.concatenate([features[small], parts])[order]
        self._feature = np.concatenate([small, big[of_part]])[order]
        n = len(order)
        box = shapely.bounds(self._roots).reshape(-1, 4)
        # Of what is never cut nobody asks the area.
        area = np.where(self._big[self._feature], shapely.area(self._roots), 0.0)
        names = np.full(n, b"", dtype=object)
        self._waiting = Nodes(self._roots, np.arange(n), names, box, area)
        self._ready = self._waiting.of(np.empty(0, dtype=np.intp))
        self._sound = np.empty(0, dtype=bool)
        # Roots of which ground got lost in cutting; whether that is for the caller to find out.
        self._lost = np.empty(0, dtype=np.intp)
        self._outlines: Outlines | None = None
        self._later: Future[Outlines] | None = None
        self._whole: shapely.STRtree | None = None
        self._set()
        if occupied is not None:
            self.reach_out(occupied, within_m)

    def __reduce__(self) -> tuple[type[LayerIndex], tuple[NDArray[np.object_]]]:
        return LayerIndex, (self.features,)

    def _set(self) -> None:
        """Put the pieces in order."""
        ready = self._ready
        sound = np.zeros(len(ready.root), dtype=bool)
        sound[: len(self._sound)] = self._sound
        order = np.lexsort((ready.path.astype("S"), ready.root))
        self._ready, self._sound = ready.of(order), sound[order]
        self.pieces = self._ready.shape
        self.owner: NDArray[np.intp] = self._feature[self._ready.root]
        self.tree = shapely.STRtree(self.pieces)

    def reach_out(
        self,
        occupied: Occupied,
        within_m: float | NDArray[np.float64],
        *,
        refuse_broken: bool = True,
    ) -> None:
        """Cut what comes near sites and was not cut yet.

        Parameters
        ----------
        occupied : Occupied
            Where the sites are.
        within_m : float or ndarray of float
            As of the class.
        refuse_broken : bool
            Whether surfaces of which ground gets lost in cutting are an error; otherwise it is for
            `doubtful` to tell.

        Raises
        ------
        LayerError
            When a surface turns out to be broken where nobody looked before: the layer was read
            around other sites.
        """
        width = np.broadcast_to(np.asarray(within_m, dtype=float), self.features.shape)
        width = width[self._feature]

        def near(nodes: Nodes) -> NDArray[np.bool_]:
            return occupied.near(shapely.bounds(nodes.shape).reshape(-1, 4), width[nodes.root])

        asked = near(self._waiting)
        if not asked.any():
            return
        ready, later, lost = [], [self._waiting.of(~asked)], []
        nodes = self._waiting.of(asked)
        while len(nodes.shape):
            big = shapely.get_num_coordinates(nodes.shape) > _CORNERS
            big &= shapely.get_dimensions(nodes.shape) == 2
            ready.append(nodes.of(~big))
            cut = nodes.of(big)
            pieces, unequal = divide(cut, _CORNERS)
            lost.append(cut.root[unequal])
            asked = near(pieces)
            later.append(pieces.of(~asked))
            nodes = pieces.of(asked)
        self._waiting = later[0].also(*later[1:])
        self._ready = self._ready.also(*ready)
        self._set()
        roots = np.setdiff1d(np.concatenate([np.empty(0, dtype=np.intp), *lost]), self._lost)
        self._lost = np.union1d(self._lost, roots)
        if refuse_broken and not _valid(self._roots[roots]).all():
            raise _broken()

    def doubtful(self) -> NDArray[np.bool_]:
        """Tell which features may not be valid where they were cut; not to be asked in a thread.

        Returns
        -------
        ndarray of bool
            Whether a piece of the feature is not valid, its parts lie in each other, or its pieces
            do not hold the ground that they were cut from. Of a feature that was not cut nothing is
            said.
        """
        cut = np.flatnonzero(self._big[self.owner])
        self._sound[cut] = valid(self.pieces[cut])
        doubt = np.zeros(len(self.features), dtype=bool)
        doubt[self.owner[cut[~self._sound[cut]]]] = True
        doubt[self._feature[self._lost]] = True
        doubt[self._overlapping(cut)] = True
        return doubt

    def _overlapping(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find features of which parts lie in each other, as far as pieces show it."""
        root, owner = self._ready.root[rows], self.owner[rows]
        several = np.bincount(self._feature, minlength=len(self.features)) > 1
        rows, root, owner = (v[several[owner]] for v in (rows, root, owner))
        a, b = shapely.STRtree(self.pieces[rows]).query(self.pieces[rows])
        pair = (owner[a] == owner[b]) & (root[a] < root[b])
        a, b = a[pair], b[pair]
        shared = shapely.intersects(self.pieces[rows[a]], self.pieces[rows[b]])
        a, b = a[shared], b[shared]
        ground = ~shapely.touches(self.pieces[rows[a]], self.pieces[rows[b]])
        return np.unique(owner[a[ground]])

    def sound(self, rows: NDArray[np.intp]) -> NDArray[np.object_]:
        """Give pieces that are certainly valid.

        Clipping is quick because it looks for no crossings; a piece that came out wrong is cut
        again, the slow way. Only pieces that a site crosses are looked at.

        Parameters
        ----------
        rows : ndarray of int
            Which pieces.

        Returns
        -------
        ndarray of shapely geometries
            In the order of `rows`.
        """
        doubt = np.unique(rows[~self._sound[rows]])
        doubt = doubt[self._big[self.owner[doubt]]]
        for i in doubt[~_valid(self.pieces[doubt])]:
            root = self._roots[self._ready.root[i]]
            if not _valid(np.array([root])).all():
                raise _broken()
            self.pieces[i] = shapely.intersection(root, shapely.box(*self._ready.box[i]))
        self._sound[doubt] = True
        return np.asarray(self.pieces[rows])

    def meeting(
        self, sites: NDArray[np.object_]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
        """Find which pieces meet which sites.

        Parameters
        ----------
        sites : ndarray of shapely geometries
            Valid surfaces in metres, where `reach_out` has been.

        Returns
        -------
        site, piece : ndarray of int
            The pairs that meet, be it in one point; by site and then piece.
        inside : ndarray of bool
            For each pair, whether the site lies in the piece, its edge left out.
        """
        pairs = ask(self.tree, sites)
        used, row = np.unique(pairs[1], return_inverse=True)
        site, row, inside = meeting(sites, self.sound(used), (pairs[0], row))
        return site, used[row], inside

    def at(self, places: NDArray[np.object_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Find which features lie at points, wherever they are.

        Parameters
        ----------
        places : ndarray of shapely points
            Such as the nearest points of `outlines`.

        Returns
        -------
        place, feature : ndarray of int
            The pairs, in no order; a feature of several parts may come twice.
        """
        if self._whole is None:
            self._whole = shapely.STRtree(self._roots)
        x, y = shapely.get_coordinates(places).T
        around = shapely.box(x - EPSILON_M, y - EPSILON_M, x + EPSILON_M, y + EPSILON_M)
        shapely.bounds(around)
        pairs = ask(self._whole, around)
        used, root = np.unique(pairs[1], return_inverse=True)
        roots = self._roots[used]
        shapely.prepare(roots)
        lies = by_shape(_lies_at, places, roots, (pairs[0], root))
        # An index of all corners, of what is seldom asked for again.
        shapely.destroy_prepared(roots)
        return pairs[0][lies], self._feature[used[root[lies]]]

    def outlines(self) -> Outlines:
        """Gather what distance is measured to.

        Returns
        -------
        Outlines
            Of all features; threads may share them.
        """
        if self._outlines is None:
            later = self._later
            made = None if later is None or later.cancelled() else later.result()
            self._outlines = made or outlines_of(self.edges())
        return self._outlines

    def edges(self) -> Edges:
        """Copy what distance is measured to.

        Returns
        -------
        Edges
            Of all features.
        """
        return edges_of(self._roots)

    def begin_outlines(
        self, crew: Crew, edges: Edges, *, after: Future[None] | None = None
    ) -> None:
        """Have gathered what distance is measured to, while other things are done.

        Parameters
        ----------
        crew : Crew
            Who does it. What is not begun when they go home is done when it is asked for.
        edges : Edges
            Copied before others asked anything of the shapes.
        after : Future, optional
            What the crew does first.
        """

        def gather() -> Outlines:
            if after is not None:
                wait([after])
            return outlines_of(edges)

        self._later = crew.begin(gather)


class Indexes:
    """The indexes of a layer, kept from one screening to the next.

    A copy of the layer with other rules shares them. They are no part of what a layer is: they do
    not travel with it to another process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, bytes], tuple[object, LayerIndex]] = {}

    def __reduce__(self) -> tuple[type[Indexes], tuple[()]]:
        return Indexes, ()

    def of(
        self, shapes: NDArray[np.object_], frame: object, chosen: NDArray[np.bool_]
    ) -> LayerIndex:
        """Give the index of some features.

        Parameters
        ----------
        shapes : ndarray of shapely geometries
            All features of the layer.
        frame : object
            What holds them: features of another frame have indexes of their own.
        chosen : ndarray of bool
            Which.

        Returns
        -------
        LayerIndex
            Made now, or before.
        """
        key = (id(frame), chosen.tobytes())
        with self._lock:
            # The frame is kept, so that its id stays its own.
            _, index = self._kept.pop(key, (None, None))
            if index is None:
                index = LayerIndex(shapes[chosen])
            self._kept[key] = (frame, index)
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return index

    def keep(self, index: LayerIndex, frame: object) -> None:
        """Keep an index that was made while reading.

        Parameters
        ----------
        index : LayerIndex
            Of all features.
        frame : object
            What holds them.
        """
        with self._lock:
            self._kept[id(frame), np.ones(len(index.features), dtype=bool).tobytes()] = (
                frame,
                index,
            )


def _broken() -> LayerError:
    return LayerError(
        "een laag heeft een vlak dat niet klopt waar het bij het lezen niet is nagekeken: zij is "
        "rond andere locaties gelezen; lees haar opnieuw met around= deze locaties."
    )


def _lies_at(shapes: NDArray[np.object_], places: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which points lie on shapes, or so near that they are meant to."""
    return np.asarray(shapely.dwithin(shapes, places, EPSILON_M))


def _valid(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which shapes are valid; `shapely.is_valid` may not be asked in a thread."""
    return np.asarray(shapely.is_valid_reason(shapes) == "Valid Geometry")
