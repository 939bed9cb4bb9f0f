"""The report of a door: every doubt, repair and set-aside row, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from woongeo.encode import html_text, shortened

if TYPE_CHECKING:
    from collections.abc import Hashable

#: How much a line weighs: a fault makes a verdict `onbekend`, a doubt may change a figure.
ERNST = ("fout", "waarschuwing", "melding")

_COLUMNS = ["object_id", "controle", "ernst", "toelichting", "waarde"]


@dataclass(frozen=True)
class Finding:
    """One line of a report."""

    object_id: str
    check: str
    weight: str
    text: str
    value: float | None = None


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What was found at a door.

    Attributes
    ----------
    table : DataFrame
        One row a finding, in the order of the input: `object_id` (empty where it concerns the whole
        file), `controle`, `ernst` (fout, waarschuwing, melding), `toelichting` and `waarde` (the
        number that goes with it, its unit in the text).
    """

    table: pd.DataFrame

    @classmethod
    def of(cls, findings: list[Finding]) -> CheckReport:
        """Gather findings.

        Parameters
        ----------
        findings : list of Finding
            In the order in which they are to be read.

        Returns
        -------
        CheckReport
            The report.
        """
        rows = [(f.object_id, f.check, f.weight, f.text, f.value) for f in findings]
        table = pd.DataFrame(rows, columns=_COLUMNS)
        table["waarde"] = table["waarde"].astype(float)
        return cls(table)

    def counts(self) -> dict[str, int]:
        """Count the findings per check.

        Returns
        -------
        dict
            Check to number of lines, heaviest and then most frequent first.
        """
        code, checks = pd.factorize(self.table["controle"])
        weight = np.full(len(checks), len(ERNST))
        np.minimum.at(weight, code, self.table["ernst"].map(ERNST.index).to_numpy(dtype=int))
        many = np.bincount(code, minlength=len(checks))
        found = zip(weight.tolist(), (-many).tolist(), checks, strict=True)
        return {check: -n for _, n, check in sorted(found)}

    def of_check(self, check: str) -> pd.DataFrame:
        """Select the lines of one check.

        Parameters
        ----------
        check : str
            A value of `controle`.

        Returns
        -------
        DataFrame
            Those lines.
        """
        return self.table[self.table["controle"] == check]

    def records(self) -> list[dict[Hashable, Any]]:
        """Give the lines as plain values, for a manifest.

        Returns
        -------
        list of dict
            Column to value; None where there is no number, for JSON knows no NaN.
        """
        plain = self.table.astype(object)
        return plain.where(self.table.notna(), None).to_dict("records")

    def summary(self) -> list[str]:
        """Say in a line per check what was found.

        Returns
        -------
        list of str
            For example ``"geometrie hersteld: 36"``.
        """
        return [f"{check}: {n}" for check, n in self.counts().items()]

    def __len__(self) -> int:
        return len(self.table)

    def _repr_html_(self) -> str:
        if not len(self):
            return "<p>Controle: geen bijzonderheden.</p>"
        body = "".join(
            f"<tr><td>{html_text(check)}</td><td>{n}</td>"
            f"<td>{html_text(shortened(self.of_check(check)['toelichting'].iloc[0]))}</td></tr>"
            for check, n in self.counts().items()
        )
        return (
            "<table><caption>Controle</caption><thead><tr><th>controle</th><th>aantal</th>"
            f"<th>eerste geval</th></tr></thead><tbody>{body}</tbody></table>"
        )
