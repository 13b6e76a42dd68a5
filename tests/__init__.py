"""The tests: they mirror the package; `tables` holds what several of them go through, row by row."""
