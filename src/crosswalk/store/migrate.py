"""`python -m crosswalk.store.migrate`: bring the database named by `DATABASE_URL` up to date."""

from __future__ import annotations

import os

import django
from django.core.management import call_command


def migrate() -> None:
    """Apply all migrations; does nothing on an up-to-date database."""
    call_command("migrate", verbosity=0, interactive=False)


def main() -> None:
    """Set Django up and migrate."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crosswalk.settings")
    django.setup()
    migrate()


if __name__ == "__main__":
    main()
