"""Django's registration of the web."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """People and what they see."""

    name = "crosswalk.web"
    label = "web"

    def ready(self) -> None:
        """Keep who comes in, and who does not."""
        from . import entering

        entering.listen()
