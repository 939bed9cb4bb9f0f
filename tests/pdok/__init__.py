"""Tests of the client; a package, so that its conftest does not stand in for the other one."""
