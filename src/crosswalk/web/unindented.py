"""Templates are laid out for people who read them; pages are sent without their indentation."""

from __future__ import annotations

import re

from django.template.base import Origin
from django.template.loaders import app_directories

_INDENTATION = re.compile(r"\n\s+")


class Loader(app_directories.Loader):
    """Django's own, which takes the indentation off each line of a template. No template may hold text as it stands."""

    def get_contents(self, origin: Origin) -> str:
        """Return a template's source without indentation and empty lines."""
        return _INDENTATION.sub("\n", super().get_contents(origin))
