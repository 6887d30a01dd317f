"""`crosswalk mapping fields`, `suggest`, `add`, `change`, `remove`: a mapping field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import FieldMapping, Policy, UpdateRule

from . import tables
from .command import command
from .connection import Name
from .mapping import pair_columns, pair_row
from .outcome import Answer, ExitCode
from .session import open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.convert import Suggestions
    from crosswalk.sync.mapping_edit import MappingEditor, Rules

app = typer.Typer()

Object = Annotated[str, typer.Argument(metavar="OBJECT", help=_("The CRM's object: contact or lead."))]
CrmField = Annotated[str, typer.Argument(metavar="CRM_FIELD", help=_("The CRM's field, by name or label."))]
AcField = Annotated[
    str, typer.Argument(metavar="AC_FIELD", help=_("ActiveCampaign's field, by name, title or merge tag."))
]
ToCrm = Annotated[
    UpdateRule | None, typer.Option("--to-crm", help=_("Whether this field of the CRM may be written."))
]
ToActiveCampaign = Annotated[
    UpdateRule | None,
    typer.Option("--to-activecampaign", help=_("Whether this field of ActiveCampaign may be written.")),
]
Blanks = Annotated[
    bool | None,
    typer.Option("--blanks/--no-blanks", help=_("Whether emptying one side empties the other.")),
]


class PairPolicy(StrEnum):
    """Who wins for one pair; `connection`: as set for the whole connection."""

    NEWEST = "newest"
    CRM = "crm"
    ACTIVECAMPAIGN = "activecampaign"
    UNION = "union"
    ASK = "ask"
    CONNECTION = "connection"


PolicyOption = Annotated[
    PairPolicy | None, typer.Option("--policy", help=_("Who wins when both sides changed the field."))
]


@command(app, "fields")
def fields(terminal: Terminal, name: Name, object: Object) -> Answer:
    """List both sides' fields.

    With type, whether it is required, its partner, and which types it may be paired with.
    """
    editor = editor_of(name)
    from crosswalk.sync.mapping_view import field_facts

    schemas = editor.schemas([object])
    pairs = [pair for item in editor.mapping().objects if item.object == object for pair in item.fields]
    sides = field_facts(schemas.crm[object], schemas.contact, pairs)
    return Answer(
        data={"object": object, **sides}, tables=[_field_table(side, sides[side]) for side in sides]
    )


def _field_table(side: str, rows: list[dict[str, Any]]) -> RenderableType:
    columns = [
        _("Name"),
        _("Label"),
        _("Type"),
        _("Needed"),
        _("Writable"),
        _("Paired with"),
        _("Can be paired with"),
    ]
    keys = ("name", "label", "type", "required", "writable", "mapped_to")
    return tables.table(
        side, columns, [[*(row[key] for key in keys), tables.line(row["types"])] for row in rows]
    )


@command(app, "suggest")
def suggest(
    terminal: Terminal,
    name: Name,
    object: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help=_("Only this object: contact or lead."))
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help=_("Add the proposed pairs, after asking."))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask."))] = False,
) -> Answer:
    """Propose pairs of fields by name and type.

    Nothing is changed without --apply. With --json it prints a mapping file that `mapping set` takes.
    """
    editor = editor_of(name)
    from crosswalk.sync.context import OBJECTS
    from crosswalk.sync.mapping_view import suggestions, with_suggestions

    mapping = editor.mapping()
    mapped = [item.object for item in mapping.objects]
    wanted = [object] if object else mapped or list(OBJECTS)
    found = suggestions(editor.schemas(wanted), mapping)
    data = {**msgspec.to_builtins(with_suggestions(mapping, found)), **_notes(found)}
    shown = [table for each, proposed in found.items() for table in _proposed(each, proposed)]
    if not apply:
        terminal.say(
            _("Nothing was changed. To add these pairs: crosswalk mapping suggest {name} --apply").format(
                name=name
            )
        )
        return Answer(data=data, tables=shown)
    if not terminal.as_json:
        terminal.show(shown)
    if not yes and not (terminal.can_ask and terminal.ask(_("Add these pairs?"))):
        terminal.say(_("Nothing was changed. Without a question: --apply --yes"))
        return Answer(data=data, code=ExitCode.NEEDS_APPROVAL)
    return _applied(terminal, name, editor, found)


def _applied(
    terminal: Terminal, name: str, editor: MappingEditor, found: Mapping[str, Suggestions]
) -> Answer:
    saved = [
        editor.extend(object, [each.mapping for each in proposed.pairs])
        for object, proposed in found.items()
        if proposed.pairs
    ]
    say_next(terminal, name)
    return Answer(data={"objects": msgspec.to_builtins(saved)})


def _notes(found: Mapping[str, Suggestions]) -> dict[str, Any]:
    """What is beside the mapping file: reasons and what is left. `mapping set` passes over it."""
    return {
        "suggested": [
            {
                "object": object,
                "crm": each.crm.name,
                "activecampaign": each.activecampaign.name,
                "why": each.why,
            }
            for object, proposed in found.items()
            for each in proposed.pairs
        ],
        "refused": [
            {"object": object, "crm": crm.name, "activecampaign": contact.name, "why": why}
            for object, proposed in found.items()
            for crm, contact, why in proposed.refused
        ],
        "unmapped": {
            object: {side.value: [field.name for field in left] for side, left in proposed.rest.items()}
            for object, proposed in found.items()
        },
    }


def _proposed(object: str, found: Suggestions) -> Iterator[RenderableType]:
    columns = [_("CRM"), _("Label"), _("ActiveCampaign"), _("Title"), _("Why")]
    rows = [
        [
            each.crm.name,
            each.crm.label,
            each.activecampaign.name,
            each.activecampaign.label,
            tables.line(each.why),
        ]
        for each in found.pairs
    ]
    yield tables.table(_("{object}: proposed pairs").format(object=object), columns, rows)
    for _crm, _contact, why in found.refused:
        yield tables.line(why, "yellow")
    for side, left in found.rest.items():
        labels = ", ".join(tables.shown(field.label) for field in left)
        yield tables.line(
            _("Without partner in {side}: {fields}").format(side=side.value, fields=labels or "–")
        )


@command(app, "add")
def add(
    terminal: Terminal,
    name: Name,
    object: Object,
    crm_field: CrmField,
    ac_field: AcField,
    to_crm: ToCrm = None,
    to_activecampaign: ToActiveCampaign = None,
    blanks: Blanks = None,
    policy: PolicyOption = None,
) -> Answer:
    """Pair two fields.

    A formula, an auto-number or a lookup travels out of the CRM only, unless --to-crm says otherwise.
    """
    editor = editor_of(name)
    rules = _rules(to_crm, to_activecampaign, blanks, policy)
    return _saved(terminal, name, object, editor.add(object, crm_field, ac_field, rules))


@command(app, "change")
def change(
    terminal: Terminal,
    name: Name,
    object: Object,
    crm_field: CrmField,
    to_crm: ToCrm = None,
    to_activecampaign: ToActiveCampaign = None,
    blanks: Blanks = None,
    policy: PolicyOption = None,
) -> Answer:
    """Change the rules of a pair.

    What is not named stays as it is. To pair a field with another one, remove the pair and add the new one.
    """
    editor = editor_of(name)
    rules = _rules(to_crm, to_activecampaign, blanks, policy)
    return _saved(terminal, name, object, editor.change(object, crm_field, rules))


@command(app, "remove")
def remove(terminal: Terminal, name: Name, object: Object, crm_field: CrmField) -> Answer:
    """Take a pair of fields out.

    Both sides keep what they hold.
    """
    left = editor_of(name).remove(object, crm_field)
    say_next(terminal, name)
    return Answer(data={"object": object, "fields": msgspec.to_builtins(left.fields)})


def editor_of(name: str) -> MappingEditor:
    """Return what changes the mapping of a connection."""
    session = open_session()
    from crosswalk.sync.mapping_edit import MappingEditor

    return MappingEditor(name, session.vault, session.clock)


def _rules(
    to_crm: UpdateRule | None,
    to_activecampaign: UpdateRule | None,
    blanks: bool | None,
    policy: PairPolicy | None,
) -> Rules:
    from crosswalk.sync.mapping_edit import Rules

    back = policy is PairPolicy.CONNECTION
    return Rules(
        to_crm=to_crm,
        to_activecampaign=to_activecampaign,
        blanks=blanks,
        policy=Policy(policy) if policy is not None and not back else None,
        connection_policy=back,
    )


def _saved(terminal: Terminal, name: str, object: str, pair: FieldMapping) -> Answer:
    say_next(terminal, name)
    return Answer(
        data={"object": object, "pair": msgspec.to_builtins(pair)},
        tables=[tables.table(object, pair_columns(), [pair_row(pair)])],
    )


def say_next(terminal: Terminal, name: str) -> None:
    """Say that a changed mapping is saved, and how to see what it comes to."""
    terminal.say(_("Saved. See what it would change: crosswalk plan --connection {name}").format(name=name))
