"""Registers of housing plans, read as they are: one model out, with a report of their own rules."""

from woongeo.registers.model import Register
from woongeo.registers.reading import KINDS, is_workbook, read_register, recognise

__all__ = ["KINDS", "Register", "is_workbook", "read_register", "recognise"]
