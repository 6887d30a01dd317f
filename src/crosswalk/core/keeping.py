"""For how long what happened is kept."""

from __future__ import annotations

JOURNAL_DAYS = 400  # a year, and the month in which last year's figures are looked at
RUNS_DAYS = 90
LEAST_DAYS, MOST_DAYS = 7, 36_500
DRAFT_DAYS = 30  # a set-up that nobody went on with
EXPLAINED = 10  # the last writes of a link, which `explain` shows however old they are

KEY_FILE = "credentials.key"  # in the home, outside the database
