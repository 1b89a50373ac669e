"""Views: what the engine is doing, as pictures. Each module makes one kind from facts that the API gives, nothing else.

Each has `draw(...) -> Picture`: a still picture with the same in words. What follows along is in classroom/widgets.py.
"""
