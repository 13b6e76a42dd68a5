"""Figures that you can touch."""

from micrograd_numpy.figures.boundary import boundary_figure
from micrograd_numpy.figures.figure import Figure
from micrograd_numpy.figures.neuron import neuron_figure
from micrograd_numpy.figures.paths import paths_figure
from micrograd_numpy.figures.stepper import stepper

__all__ = ["Figure", "boundary_figure", "neuron_figure", "paths_figure", "stepper"]
