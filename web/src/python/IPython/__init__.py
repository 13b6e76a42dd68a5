"""The little of IPython that a page needs: `from IPython.display import display, HTML, SVG, Image`."""  # noqa: N999  # its own name
