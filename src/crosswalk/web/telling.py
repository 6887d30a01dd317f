"""How it stands with one record, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from crosswalk.core.mapping import Side
from crosswalk.merge import Reason
from crosswalk.store.search import Known, Tied
from crosswalk.sync.explained import Explanation, LinkExplanation

from .templatetags.shown import when

# why a record takes no part
_SKIPPED = {
    "not_selected": gettext_noop("It takes no part because it is not among the chosen records."),
    "no_email": gettext_noop("It takes no part because it has no e-mail address."),
    "tombstone": gettext_noop("It takes no part because this person was deleted on one side."),
    "ambiguous": gettext_noop("It takes no part yet because several contacts have its e-mail address."),
    "direction": gettext_noop("It takes no part because nothing is created in this direction."),
    "converted": gettext_noop("It takes no part any more because it was converted."),
}
# why a link is closed
_CLOSED = {
    "deleted_crm": gettext_noop("Not linked any more: the record was deleted in {crm}."),
    "deleted_activecampaign": gettext_noop("Not linked any more: the contact was deleted in ActiveCampaign."),
    "merged": gettext_noop("Not linked any more: the record was merged into another one."),
    "converted": gettext_noop("Not linked any more: the record was converted into another one."),
    "merged_not_mapped": gettext_noop("Not linked any more: it was merged into a record that is not mapped."),
    "converted_not_mapped": gettext_noop(
        "Not linked any more: it was converted into a record that is not mapped."
    ),
    "merged_not_selected": gettext_noop(
        "Not linked any more: it was merged into a record that takes no part."
    ),
    "converted_not_selected": gettext_noop(
        "Not linked any more: it was converted into a record that takes no part."
    ),
    "email_changed": gettext_noop("Not linked any more: its e-mail address became another one."),
    "not_created": gettext_noop("Not linked: the other side did not create the record."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One sentence, with an icon and a colour that say the same."""

    text: SafeString | str
    icon: str
    colour: str


Names = Mapping[Side, str]


def of_record(explanation: Explanation | None, tied: Sequence[Tied], names: Names) -> Told:
    """Say how it stands with a record, whatever is known of it."""
    if explanation is None:
        return _quiet(_("Crosswalk has not read a record with this id yet."), "circle-question-mark")
    if tied:
        return _of_tied(tied[0], explanation, names)
    closed = next((each for each in explanation.links if each.closed_reason is not None), None)
    if closed is not None:
        return _quiet(closed_text(closed.closed_reason, names), "unlink")
    rows = explanation.directory
    return unlinked(rows[0]) if rows else _quiet(_("It is not linked."), "unlink")


def unlinked(row: Mapping[str, Any]) -> Told:
    """Say why a record that a feed showed has no link: `deleted`, `skipped` and `successor` of the directory."""
    if row["successor"]:
        return _quiet(_("It became another record: {record}.").format(record=row["successor"]), "unlink")
    if row["deleted"]:
        return _quiet(_("It was deleted."), "unlink")
    if row["skipped"]:
        return _quiet(skipped_text(row["skipped"]), "circle-pause")
    return _quiet(_("It was read, and is not linked with a record of the other side."), "circle")


def of_known(known: Known) -> Told:
    """Say why a record that a search found has no link."""
    return unlinked({name: getattr(known, name) for name in ("successor", "deleted", "skipped")})


def _quiet(text: str, icon: str) -> Told:
    return Told(text=text, icon=icon, colour="secondary")


def of_link(tied: Tied) -> Told:
    """Say how it stands with a link, as a list of records does."""
    if tied.held:
        text = ngettext("One value is held", "{count} values are held", tied.held).format(count=tied.held)
        return Told(text=text, icon="hand", colour="warning")
    if not tied.is_primary:
        return _quiet(_("Shares its contact with another record, whose values count"), "split")
    if not tied.selected:
        return _quiet(_("Not among the chosen records any more"), "circle-pause")
    if tied.state == "pending":
        return Told(text=_("Is being created on the other side"), icon="clock", colour="primary")
    if tied.waits:
        return Told(text=_("A change waits for the next run"), icon="clock", colour="primary")
    return Told(text=_("Equal"), icon="circle-check", colour="success")


def _of_tied(tied: Tied, explanation: Explanation, names: Names) -> Told:
    told = of_link(tied)
    link = next((each for each in explanation.links if each.crm_id == tied.crm_id), None)
    if link is not None and link.holds:
        text = _("Held: {reason}").format(reason=link.holds[0].partition(": ")[2])
        return Told(text=text, icon=told.icon, colour=told.colour)
    texts = {
        "hand": _("{held}; the rest of the record is equal or goes on.").format(held=told.text),
        "circle-check": _equal_since(link),
    }
    return Told(text=texts.get(told.icon, f"{told.text}."), icon=told.icon, colour=told.colour)


def _equal_since(link: LinkExplanation | None) -> SafeString | str:
    if link is None or not link.journal:
        return _("Both sides are equal.")
    return SafeString(_("Both sides are equal since {at}.").format(at=when(link.journal[0]["at"])))


def skipped_text(skipped: str) -> str:
    """Return why a record takes no part."""
    return _(_SKIPPED[skipped]) if skipped in _SKIPPED else skipped


def closed_text(reason: str | None, names: Names) -> str:
    """Return why a link is closed."""
    plain = (reason or "").partition(",")[0]
    return _(_CLOSED[plain]).format(crm=names[Side.CRM]) if plain in _CLOSED else _("Not linked any more.")


def reason_text(reason: str) -> str:
    """Return why something was written, from the journal's word for it."""
    return Reason(reason).text if reason in set(Reason) else reason
