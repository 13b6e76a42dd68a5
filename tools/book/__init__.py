"""The book: its notebooks, its pages, its site."""
