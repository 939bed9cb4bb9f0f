"""Reading XML of strangers: no entities, no network, no giants.

An answer in XML is parsed whole before anything of it is believed: GDAL reads a cut-off GML, and
one with an entity bomb, as an empty layer without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from woongeo.encode import visible
from woongeo.errors import ServiceResponseError
from woongeo.pdok._http import Answer, GarbledError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXCEPTIONS = {"ExceptionReport", "ServiceExceptionReport"}
# What a database that is down for a moment answers; the other codes do not change by asking again.
_PASSING = {"NoApplicableCode", "OperationProcessingFailed", ""}


def read_xml(answer: Answer, what: str) -> etree._Element:
    """Parse an answer that must be a whole XML document.

    Parameters
    ----------
    answer : Answer
        The answer.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    Element
        The root.

    Raises
    ------
    GarbledError
        When it is cut off, no XML, or an exception that may pass.
    ServiceResponseError
        When it is an exception that will not, or defines entities.
    """
    # https://lxml.de/FAQ.html#how-do-i-use-lxml-safely-as-a-web-service-endpoint
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
    )
    try:
        root = etree.fromstring(answer.body, parser)
    except etree.XMLSyntaxError as error:
        raise GarbledError(
            f"{what}: {answer.url[:300]} antwoordt met {answer.kind() or 'iets'} dat geen "
            f"volledige XML is ({visible(error)[:150]})."
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ServiceResponseError(
            f"{what}: {answer.url[:300]} antwoordt met XML die zelf begrippen definieert; zulke "
            "bestanden worden niet gelezen."
        )
    if local_name(root) in _EXCEPTIONS:
        raise exception(root, answer, what)
    if any(local_name(element) == "truncatedResponse" for element in elements(root)):
        raise GarbledError(
            f"{what}: {answer.url[:300]} zegt zelf zijn antwoord te hebben afgebroken."
        )
    return root


def exception(root: etree._Element, answer: Answer, what: str) -> ServiceResponseError:
    """Turn an exception report into an error.

    Parameters
    ----------
    root : Element
        ``ExceptionReport`` or ``ServiceExceptionReport``.
    answer : Answer
        Where it stood.
    what : str
        What is being fetched, for messages.

    Returns
    -------
    ServiceResponseError
        A `GarbledError` when asking again may help.
    """
    code, texts = "", []
    for element in elements(root):
        if local_name(element) in {"Exception", "ServiceException"}:
            code = code or str(element.get("exceptionCode") or element.get("code") or "")
        if local_name(element) in {"ExceptionText", "ServiceException"}:
            texts.append(" ".join((element.text or "").split()))
    kind = GarbledError if code in _PASSING else ServiceResponseError
    said = visible(" ".join(filter(None, texts)))[:300] or "niets"
    return kind(f"{what}: {answer.url[:300]} meldt een fout ({code or 'zonder code'}): {said}.")


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """Walk over elements, without comments and instructions.

    Parameters
    ----------
    root : Element
        Where to begin.

    Yields
    ------
    Element
        Each, in document order.
    """
    yield from (e for e in root.iter() if isinstance(e.tag, str))


def local_name(element: etree._Element) -> str:
    """Give the name of an element without its namespace.

    Parameters
    ----------
    element : Element
        Any.

    Returns
    -------
    str
        The name.
    """
    return etree.QName(element).localname
