"""The checking of what comes in."""
