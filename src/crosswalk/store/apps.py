"""Django's registration of the store."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """All tables of Crosswalk."""

    name = "crosswalk.store"
    label = "store"
