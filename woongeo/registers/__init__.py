"""Registers of housing plans, read as they are: one model out, with a report of their own rules."""

from woongeo.registers.model import Register
from woongeo.registers.reading import KINDS, read_register, recognise

__all__ = ["KINDS", "Register", "read_register", "recognise"]
