"""A map page in a browser that has no network, and notes what the page asked for."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

TILES = "https://service.pdok.nl/"
# One transparent pixel.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass
class Visit:
    """A page that is open, and what happened on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def ready(self) -> None:
        """Wait until the map is drawn."""
        self.page.wait_for_selector("#kaart[data-klaar=ja]")

    def run(self, script: str) -> Any:
        """Work out an expression on the page."""
        return self.page.evaluate(script)

    def drawn(self) -> dict[str, int]:
        """Count what is on the map, by kind."""
        counts: dict[str, int] = self.run(_COUNT)
        return counts

    def find(self, words: str) -> None:
        """Type in the search field and follow the first that is found."""
        self.page.fill("#zoek", words)
        self.page.click("#gevonden button")

    def settled(self) -> None:
        """Wait until the map has moved to where it goes."""
        self.run(
            "new Promise((done) => map_kaart._panAnim && map_kaart._panAnim._inProgress"
            " ? map_kaart.once('moveend', done) : done())"
        )

    def shown(self) -> str:
        """Give the text of the pop-up, a cell a line."""
        return "\n".join(self.page.locator(".leaflet-popup-content").all_inner_texts())

    def untouched(self) -> bool:
        """Tell whether no text of strangers ran, and nothing went wrong."""
        return self.run("window.PWN === undefined && window.afgewezen.length === 0") and not (
            self.errors or self.foreign()
        )

    def foreign(self) -> list[str]:
        """List what was asked for beside the page itself and the background."""
        return [u for u in self.requests if not u.startswith(("file:", TILES))]


# Sites are drawn by our own canvas, which counts what it painted; layers are Leaflet's.
_COUNT = """() => {
  const counts = {...map_kaart.woongeo.drawn, laagvlak: 0, laaglijn: 0, laagpunt: 0};
  map_kaart.eachLayer((layer) => {
    if (layer instanceof L.Polygon) counts.laagvlak += 1;
    else if (layer instanceof L.Polyline) counts.laaglijn += 1;
    else if (layer instanceof L.CircleMarker) counts.laagpunt += 1;
  });
  return counts;
}"""


@contextmanager
def visiting(
    browser: Browser,
    place: Path,
    *,
    wide: int = 1200,
    high: int = 800,
    tiles: bool | str = False,
    before: str = "",
) -> Iterator[Visit]:
    """Open a page; `tiles` answers for the background, or for one address of it.

    `before` runs before the page does.
    """
    context = browser.new_context(
        viewport={"width": wide, "height": high},
        service_workers="block",
        locale="nl-NL",
        reduced_motion="reduce",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    visit = Visit(page)

    def answer(route: Route) -> None:
        url = route.request.url
        visit.requests.append(url)
        if url.startswith("file:"):
            route.continue_()
        elif tiles and url.startswith(TILES if tiles is True else tiles):
            route.fulfill(body=_PIXEL, content_type="image/png")
        else:
            route.abort()

    def note(message: ConsoleMessage) -> None:
        lost_tile = message.location.get("url", "").startswith(TILES)
        if message.type in {"error", "warning"} and not lost_tile:
            visit.errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    context.route("**/*", answer)
    page.add_init_script(
        "window.afgewezen = []; document.addEventListener('securitypolicyviolation',"
        f" (e) => window.afgewezen.push(e.violatedDirective + ' ' + e.blockedURI)); {before}"
    )
    try:
        page.goto(place.as_uri())
        yield visit
    finally:
        context.close()
