"""Addresses of pages, each with the roles that may open it. Monitoring is answered before: `operations`."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView

from .pages import connection_route, route
from .roles import ADMINISTRATORS, EVERYBODY, MANAGERS
from .setup import data, members, selection, shell, sync, which_records
from .views import (
    account,
    audit,
    codes,
    connect,
    connection,
    connection_settings,
    drafts,
    entry,
    holds,
    mapping,
    overview,
    pairing,
    plans,
    records,
    runs,
    settings,
    tasks,
    users,
)

_TAB = "set-up/mapping/<str:object>/<str:tab>"

urlpatterns = [
    route("", overview.overview, "overview", roles=EVERYBODY),
    route("sign-in", entry.SignInView.as_view(), "sign-in", roles=None),
    route("sign-out", LogoutView.as_view(next_page="sign-in"), "sign-out", roles=EVERYBODY),
    route("link/<str:secret>", entry.entry_link, "entry-link", roles=None),
    route("account", account.account, "account", roles=EVERYBODY),
    route("account/password", account.password, "password", roles=EVERYBODY),
    route("users", users.users, "users", roles=ADMINISTRATORS),
    route("users/<int:number>", users.user, "user", roles=ADMINISTRATORS),
    route("audit", audit.audit, "audit", roles=MANAGERS),
    route("audit/download", audit.download, "audit-download", roles=MANAGERS),
    route("help", codes.index, "help-index", roles=EVERYBODY),
    route("help/<str:code>", codes.entry, "help", roles=EVERYBODY),
    route("users/<int:number>/link", users.user_link, "user-link", roles=ADMINISTRATORS),
    # from nothing to a connection
    route("connections/new", drafts.new, "connection-new", roles=ADMINISTRATORS),
    route("set-up/<int:draft>", drafts.draft, "draft", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/install", drafts.install, "draft-install", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/connect", drafts.connect, "draft-connect", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/check", drafts.check, "draft-check", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/stay", drafts.stay, "draft-stay", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/name", drafts.rename, "draft-rename", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/discard", drafts.discard, "draft-discard", roles=ADMINISTRATORS),
    route("set-up/<int:draft>/<str:side>", drafts.authorize, "draft-authorize", roles=ADMINISTRATORS),
    route("sign-in-return", connect.come_back, "sign-in-return", roles=ADMINISTRATORS),
    route("settings", settings.settings, "settings", roles=ADMINISTRATORS),
    route("settings/halt", settings.halt, "settings-halt", roles=ADMINISTRATORS),
    route("settings/share", settings.share, "settings-share", roles=ADMINISTRATORS),
    route("settings/receivers/add", settings.add_receiver, "receiver-add", roles=ADMINISTRATORS),
    route("settings/receivers/remove", settings.remove_receiver, "receiver-remove", roles=ADMINISTRATORS),
    route("settings/receivers/test", settings.test_receiver, "receiver-test", roles=ADMINISTRATORS),
    route("settings/doctor", settings.doctor, "doctor", roles=ADMINISTRATORS),
    # a connection: views get it after the request, and only whom it is visible to comes so far
    connection_route("", connection.connection, "connection", roles=EVERYBODY),
    connection_route("settings", connection_settings.settings, "connection-settings", roles=MANAGERS),
    connection_route("remove", connection_settings.remove, "connection-remove", roles=ADMINISTRATORS),
    connection_route("set-up", shell.set_up, "setup", roles=EVERYBODY),
    connection_route("set-up/install", connect.install, "setup-install", roles=EVERYBODY),
    connection_route("set-up/connect", connect.connect, "setup-connect", roles=EVERYBODY),
    connection_route("set-up/connect/check", connect.check, "setup-check", roles=MANAGERS),
    connection_route("set-up/connect/stay", connect.stay, "setup-stay", roles=ADMINISTRATORS),
    connection_route("set-up/connect/<str:side>", connect.renew, "setup-renew", roles=ADMINISTRATORS),
    connection_route("runs", runs.runs, "runs", roles=EVERYBODY),
    connection_route("runs/<int:run>", runs.run, "run", roles=EVERYBODY),
    connection_route("runs/now", tasks.run_now, "run-now", roles=MANAGERS),
    connection_route("runs/cancel", tasks.cancel, "run-cancel", roles=MANAGERS),
    connection_route("runs/pause", tasks.pause, "runs-pause", roles=MANAGERS),
    connection_route("runs/resume", tasks.resume, "runs-resume", roles=MANAGERS),
    connection_route("plans", plans.plans, "plans", roles=EVERYBODY),
    connection_route("plans/make", plans.make, "plan-make", roles=MANAGERS),
    connection_route("plans/<int:plan>", plans.plan, "plan", roles=EVERYBODY),
    connection_route("plans/<int:plan>/apply", plans.apply, "plan-apply", roles=MANAGERS),
    connection_route("plans/<int:plan>/download", plans.download, "plan-download", roles=EVERYBODY),
    connection_route("tasks/<int:task>", tasks.task, "task", roles=EVERYBODY),
    connection_route("tasks/<int:task>/again", tasks.again, "task-again", roles=MANAGERS),
    connection_route("set-up/users", members.users, "setup-users", roles=EVERYBODY),
    connection_route("set-up/users/add", members.add, "setup-users-add", roles=ADMINISTRATORS),
    connection_route(
        "set-up/users/<int:member>/remove", members.remove, "setup-users-remove", roles=ADMINISTRATORS
    ),
    connection_route("records", records.records, "records", roles=EVERYBODY),
    connection_route("records/find", records.find, "records-find", roles=EVERYBODY),
    connection_route("records/<str:side>/<str:record>", records.record, "record", roles=EVERYBODY),
    connection_route("records/<str:side>/<str:record>/read", records.read, "record-read", roles=EVERYBODY),
    connection_route("set-up/mapping", mapping.first, "setup-mapping", roles=EVERYBODY),
    connection_route(_TAB, mapping.mapping, "mapping", roles=EVERYBODY),
    connection_route(f"{_TAB}/save", mapping.save, "mapping-save", roles=MANAGERS),
    connection_route(f"{_TAB}/more", mapping.more, "mapping-more", roles=MANAGERS),
    connection_route(f"{_TAB}/sample", mapping.sample, "mapping-sample", roles=MANAGERS),
    connection_route(f"{_TAB}/read", mapping.read_again, "mapping-read", roles=MANAGERS),
    connection_route(f"{_TAB}/suggestions", mapping.suggestions, "mapping-suggestions", roles=MANAGERS),
    connection_route(f"{_TAB}/extend", mapping.extend, "mapping-extend", roles=MANAGERS),
    connection_route(f"{_TAB}/pair", pairing.pair, "mapping-pair", roles=MANAGERS),
    connection_route(f"{_TAB}/add", pairing.add, "mapping-add", roles=MANAGERS),
    connection_route("holds", holds.holds, "holds", roles=EVERYBODY),
    connection_route("holds/decide", holds.decide, "hold-decide", roles=MANAGERS),
    connection_route("holds/<int:hold>", holds.hold, "hold", roles=EVERYBODY),
    connection_route("holds/<int:hold>/candidates", holds.candidates, "hold-candidates", roles=EVERYBODY),
    connection_route("set-up/records", which_records.records, "setup-records", roles=EVERYBODY),
    connection_route("set-up/selection/<str:object>", selection.selection, "selection", roles=EVERYBODY),
    connection_route("set-up/data", data.data, "setup-data", roles=EVERYBODY),
    connection_route("set-up/sync", sync.sync, "setup-sync", roles=EVERYBODY),
]

handler403 = "crosswalk.web.errors.forbidden"
handler404 = "crosswalk.web.errors.missing"
handler500 = "crosswalk.web.errors.failed"
