"""Maps on paper: a screening in RD New with all that a map on the table must say of itself."""

from woongeo.plotting.sheet import ScreeningPlot, plot_screening

__all__ = ["ScreeningPlot", "plot_screening"]
