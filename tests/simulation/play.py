"""Plays seeds in this process and says what came of each; shrinks those that fail."""

from __future__ import annotations

from pathlib import Path

from django.db import connection as database
from tests.simulation.checks import judge
from tests.simulation.generate import generate
from tests.simulation.history import History
from tests.simulation.report import Played, is_played_twice
from tests.simulation.states import note_rest
from tests.simulation.world import World

TRIES = 60  # histories that are played to shorten one that fails


def play_seed(seed: int, folder: Path, crm: str = "") -> Played:
    """Play a seed, with its own CRM or another; what fails is made as short as it can be."""
    history = generate(seed, crm)
    played = play(history, folder)
    if played.wrong:
        played = shrunk(history, played, folder)
    return played


def play(history: History, folder: Path) -> Played:
    """Play one history in an emptied database."""
    empty()
    world = World(folder / "key", history)
    started = world.clock.now()
    wrong, lost = [], 0
    try:
        world.play()
        verdict = judge(world)
        note_rest(world, verdict)
        wrong, lost = verdict.wrong, len(verdict.lost_in_window)
        _trace_tables(world)
    except Exception as error:  # noqa: BLE001 - whatever the product raises is a finding
        wrong = [f"{type(error).__name__}: {error}"]
    return Played(
        seed=history.seed,
        crm=history.options.crm,
        wrong=wrong,
        lost_in_window=lost,
        simulated=(world.clock.now() - started).total_seconds(),
        fired=dict(world.events.fired),
        states={name: number for name, number in world.states.items() if number},
        trace=world.trace.lines if is_played_twice(history.seed) else [],
        story=world.story,
        options=str(history.options),
    )


def _trace_tables(world: World) -> None:
    """What our tables say in the end is part of the trace."""
    for row in (*world.journal(), *world.holds()):
        world.trace.add(row)
    for link in world.links():
        world.trace.add(
            link.object, link.crm_id, link.activecampaign_id, link.key, link.state, link.is_primary
        )


def empty() -> None:
    """Make the database as good as new, so that rows lie in it as in a new one."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename NOT LIKE 'django_migrations%'"
        )
        (tables,) = cursor.fetchone()
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def shrunk(history: History, played: Played, folder: Path, tries: int = TRIES) -> Played:
    """Drop what can be dropped while the history still fails; the shortest that was found."""
    found = True
    while found and tries > 0:
        found = False
        for smaller in history.smaller():
            tries -= 1
            again = play(smaller, folder)
            if again.wrong:
                history, played, found = smaller, again, True
                break
            if tries <= 0:
                break
    return played
