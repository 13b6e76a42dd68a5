"""The compiler behind `vectorize`: what looks on, what writes programs, what runs them."""
