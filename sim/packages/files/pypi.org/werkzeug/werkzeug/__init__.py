"""The comprehensive WSGI web application library."""

__version__ = "{version}"
