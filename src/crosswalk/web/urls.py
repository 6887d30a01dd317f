"""Addresses of pages. What monitoring asks for is answered before; see `operations`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
