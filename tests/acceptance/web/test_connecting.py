"""From nothing to a connection whose two systems are signed in to, over HTTP: every way, and whatever goes wrong."""

from __future__ import annotations

import re
import time
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from tests.acceptance.web.conftest import Site
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.sandbox_sign_in import Page
from tests.helpers.served import Visitor

ADA = "ada.lindqvist@org.example"


def begun(site: Site, visitor: Visitor, name: str, crm: str = "salesforce") -> str:
    """Begin a set-up; the address of the page on which both systems are signed in to."""
    chosen = visitor.fill_in("/connections/new", crm=crm, name=name)
    assert chosen.status_code == 302, chosen.text
    return f"{chosen.headers['Location']}/connect"


def enter(visitor: Visitor, page: str, side: str, **values: str) -> httpx2.Response:
    """Send a block's form, and follow to where it leads."""
    visitor.get(page)
    target = page.removesuffix("/connect") if page.startswith("/set-up/") else page
    token = visitor.cookies["csrftoken"]
    return followed(visitor, visitor.post(f"{target}/{side}", data={**values, "csrfmiddlewaretoken": token}))


def followed(visitor: Visitor, answer: httpx2.Response) -> httpx2.Response:
    while answer.status_code == 302:
        answer = visitor.get(answer.headers["Location"])
    return answer


def pressed(visitor: Visitor, address: str) -> httpx2.Response:
    """Press a button that is a form of its own."""
    token = visitor.cookies["csrftoken"]
    return followed(visitor, visitor.post(address, data={"csrfmiddlewaretoken": token}))


def words(answer: httpx2.Response) -> str:
    """A page as people read it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def key_of(site: Site, **changes: str) -> dict[str, str]:
    ready = site.sandbox.ready["activecampaign"]
    return {"way": "key", "url": ready["url"], "key": ready["key"], **changes}


def app_of(site: Site, crm: str, **more: str) -> dict[str, str]:
    """What names the CRM's app in a form."""
    ready = site.sandbox.ready[crm]
    names = ("login_url", "client_id") if crm == "salesforce" else ("url", "tenant", "client_id", "authority")
    return {name: ready[name] for name in names} | more


def signed_app(site: Site, crm: str) -> dict[str, str]:
    """A form with a private key whose certificate the app has."""
    key = private_key()
    site.sandbox.post(crm, "apps", {"certificate": certificate_pem(key)})
    if crm == "salesforce":
        username = site.sandbox.ready[crm]["username"]
        return app_of(site, crm, way="jwt", username=username, private_key=key_pem(key))
    return app_of(site, crm, way="certificate", private_key=key_pem(key), certificate=certificate_pem(key))


def browser_app(site: Site, crm: str) -> dict[str, str]:
    """A form for an app without a secret, to which the site's address is registered."""
    back = site.served.address() + "sign-in-return"
    settings = (
        {"callback_urls": [back], "pkce_required": True, "secret_required": False}
        if crm == "salesforce"
        else {"public_redirect_uris": [back], "redirect_uris": []}
    )
    site.sandbox.post(crm, "apps", settings)
    return app_of(site, crm, way="browser")


def leave_link(answer: httpx2.Response) -> str:
    """Where a page sends somebody to sign in."""
    (link,) = re.findall(r'href="([^"]+/authorize\?[^"]+)"', answer.text)
    return unescape(link)


def consented(address: str, button: str = "allow") -> str:
    """Press a button on the vendor's page; the address to which the browser is sent back."""
    with httpx2.Client(trust_env=False) as browser:
        form = Page(browser.get(address).text).forms[button]
        choice = {"user": ADA} if button == "allow" else {}
        parts = urlsplit(address)
        back = browser.post(f"{parts.scheme}://{parts.netloc}{form.action}", data={**form.fields, **choice})
    assert back.status_code == 302, back.text
    return str(back.headers["location"])


def number_of(site: Site, name: str) -> int:
    return site.one("SELECT id FROM connection WHERE name = %s", name)


def test_a_wrong_key_is_told_beside_what_was_entered_and_a_new_session_goes_on(site: Site) -> None:
    first = site.visitor()
    page = begun(site, first, "going-on")
    refused = enter(first, page, "activecampaign", **key_of(site, key="a-wrong-key"))
    assert "The API key was refused by ActiveCampaign." in refused.text
    assert "Copy the API key again" in refused.text
    assert site.sandbox.ready["activecampaign"]["url"] in refused.text
    assert "a-wrong-key" not in refused.text

    asked_at = time.monotonic()
    nobody = enter(first, page, "activecampaign", **key_of(site, url="http://127.0.0.1:9"))
    assert time.monotonic() - asked_at < 5  # not the pauses that a run makes, more than 7 s
    assert 'class="alert alert-danger"' in nobody.text
    assert 'value="http://127.0.0.1:9"' in nobody.text
    empty = enter(first, page, "activecampaign", way="key", url="")
    assert "This field is required." in empty.text

    done = enter(first, page, "activecampaign", **key_of(site))
    assert "Connected" in done.text
    assert "40 of" in words(done)  # contacts, as the account tells

    second = site.visitor()
    assert "going-on , begun by administrator" in words(second.get("/"))
    resumed = followed(second, second.get(page.removesuffix("/connect")))
    assert "Connected" in resumed.text
    secret = site.sandbox.ready["salesforce"]["client_secret"]
    made = enter(
        second, page, "crm", **app_of(site, "salesforce", way="client-credentials", client_secret=secret)
    )
    assert "Both systems are connected." in made.text
    assert made.text.count("alert-success") >= 3  # both green bars, and the message
    assert "lead read" in made.text
    assert "going-on , begun by" not in words(second.get("/"))
    assert site.crosswalk("connection", "check", "going-on").code == 0
    assert second.get(page).status_code == 404


@pytest.mark.parametrize(
    ("crm", "way"), [("salesforce", "jwt"), ("dynamics", "secret"), ("dynamics", "certificate")]
)
def test_each_way_without_a_browser_leads_to_a_connection(site: Site, crm: str, way: str) -> None:
    visitor = site.visitor()
    name = f"{crm}-by-{way}"
    page = begun(site, visitor, name, crm)
    if crm == "dynamics":
        install = visitor.get(page.replace("/connect", "/install"))
        assert "Append To" in install.text
        assert "Rights of the security role" in install.text
        assert visitor.fill_in(page.replace("/connect", "/install")).headers["Location"] == page
    secret = site.sandbox.ready[crm]["client_secret"]
    given = signed_app(site, crm) if way != "secret" else app_of(site, crm, way=way, client_secret=secret)

    wrong = enter(visitor, page, "crm", **{**given, "client_id": "wrong", "client_secret": "wrong"})
    assert 'class="alert alert-danger"' in wrong.text
    assert given["client_id"] not in wrong.text
    assert 'value="wrong"' in wrong.text

    assert "Connected" in enter(visitor, page, "crm", **given).text
    made = enter(visitor, page, "activecampaign", **key_of(site))
    assert "Both systems are connected." in made.text
    assert site.crosswalk("connection", "check", name).code == 0
    for spoken in (secret, given.get("private_key", secret)[:200], key_of(site)["key"]):
        assert spoken not in made.text


def test_a_private_key_may_come_as_a_file(site: Site) -> None:
    visitor = site.visitor()
    page = begun(site, visitor, "by-file")
    given = signed_app(site, "salesforce")
    pem = given.pop("private_key")
    lacking = enter(visitor, page, "crm", **given)
    assert "Paste it, or choose the file." in lacking.text
    token = visitor.cookies["csrftoken"]
    answer = visitor.post(
        page.removesuffix("/connect") + "/crm",
        data={**given, "csrfmiddlewaretoken": token},
        files={"private_key_file": ("key.pem", pem.encode())},
    )
    assert "Connected" in followed(visitor, answer).text


def test_the_fields_fit_the_way_that_is_chosen_and_what_was_typed_stays(site: Site) -> None:
    visitor = site.visitor()
    page = begun(site, visitor, "fitting")
    assert 'name="private_key"' not in visitor.get(page).text
    assert 'name="private_key"' in visitor.get(f"{page}?crm=jwt").text
    shown = enter(
        visitor, page, "crm", way="jwt", show="browser", login_url="acme", private_key="-----BEGIN secret"
    )
    assert 'value="acme"' in shown.text
    assert "/sign-in-return" in shown.text
    assert "BEGIN secret" not in shown.text
    assert "<html" not in shown.text
    for where, asked in (("", True), ("https://login.salesforce.com", False)):
        shown = enter(visitor, page, "crm", show="jwt", where=where, client_id="kept")
        assert ('name="login_url"' in shown.text) is asked
        assert 'value="kept"' in shown.text


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_somebody_signs_in_at_the_vendor_and_comes_back(site: Site, crm: str) -> None:
    visitor, other = site.visitor(), site.visitor()
    name = f"{crm}-by-browser"
    page = begun(site, visitor, name, crm)
    given = browser_app(site, crm)
    enter(visitor, page, "activecampaign", **key_of(site))

    waiting = enter(visitor, page, "crm", **given)
    denied = followed(visitor, visitor.get(consented(leave_link(waiting), "deny")))
    assert "access_denied" in denied.text
    assert "Start again" in denied.text
    assert given["client_id"] in denied.text  # it need not be typed again

    waiting = enter(visitor, page, "crm", **given)
    assert "authorize?" not in other.get(page).text  # it is another browser's
    back = consented(leave_link(waiting))
    query = dict(parse_qsl(urlsplit(back).query))
    for stranger, address in ((other, back), (visitor, back.replace(query["state"], "forged"))):
        refused = stranger.get(address)
        assert refused.status_code == 400
        assert "begun in this browser" in refused.text

    made = followed(visitor, visitor.get(back))
    assert "Both systems are connected." in made.text
    assert "Ada Lindqvist" in made.text or ADA in made.text
    assert site.crosswalk("connection", "check", name).code == 0
    assert visitor.get(back).status_code == 400  # the draft is gone, and its sign-ins with it

    again = f"/connections/{number_of(site, name)}/set-up/connect"
    waiting = enter(visitor, again, "crm", **given)
    back = consented(leave_link(waiting))
    assert "Signed in again." in followed(visitor, visitor.get(back)).text
    assert "This sign-in was used already" in followed(visitor, visitor.get(back)).text
    log = site.served.log.read_text(encoding="utf-8")
    assert query["code"] not in log
    assert query["state"] not in log


def test_a_sign_in_at_the_vendor_that_took_too_long_begins_anew(site: Site) -> None:
    visitor = site.visitor()
    page = begun(site, visitor, "too-long")
    waiting = enter(visitor, page, "crm", **browser_app(site, "salesforce"))
    back = consented(leave_link(waiting))
    site.database.execute("UPDATE browser_sign_in SET expires_at = now() - interval '1 second'")
    late = followed(visitor, visitor.get(back))
    assert "The sign-in took longer than ten minutes." in late.text
    assert 'name="client_id"' in late.text

    waiting = enter(visitor, page, "crm", **browser_app(site, "salesforce"))
    stayed = pressed(visitor, page.replace("/connect", "/stay"))
    assert 'name="client_id"' in stayed.text
    assert visitor.get(consented(leave_link(waiting))).status_code == 400


def test_a_set_up_that_is_discarded_leaves_nothing(site: Site) -> None:
    visitor = site.visitor()
    page = begun(site, visitor, "discarded")
    enter(visitor, page, "activecampaign", **key_of(site))
    number = int(page.split("/")[2])
    overview = pressed(visitor, page.replace("/connect", "/discard"))
    assert "The set-up of discarded was discarded." in overview.text
    assert site.one("SELECT count(*) FROM draft WHERE id = %s", number) == 0
    assert visitor.get(page).status_code == 404


def test_a_name_that_was_taken_meanwhile_is_changed_and_nothing_is_lost(site: Site) -> None:
    visitor = site.visitor()
    page = begun(site, visitor, "taken")
    site.add("taken")
    enter(visitor, page, "activecampaign", **key_of(site))
    secret = site.sandbox.ready["salesforce"]["client_secret"]
    given = app_of(site, "salesforce", way="client-credentials", client_secret=secret)
    both = enter(visitor, page, "crm", **given)
    assert "There is a connection called taken already." in both.text
    token = visitor.cookies["csrftoken"]
    renamed = visitor.post(
        page.replace("/connect", "/name"), data={"name": "free", "csrfmiddlewaretoken": token}
    )
    assert "Both systems are connected." in followed(visitor, renamed).text
    refused = visitor.fill_in("/connections/new", crm="salesforce", name="taken")
    assert "There is a connection called taken already." in refused.text


def test_a_lost_sign_in_shows_red_and_other_credentials_bring_it_back(site: Site) -> None:
    number, visitor = site.add("lost"), site.visitor()
    page = f"/connections/{number}/set-up/connect"
    assert "Connected" in visitor.get(page).text
    assert "lead read" in pressed(visitor, f"{page}/check").text
    app = {"client_secret": site.sandbox.ready["salesforce"]["client_secret"]}
    site.sandbox.post("salesforce", "apps", {"client_secret": "of-another-day"})
    try:
        lost = pressed(visitor, f"{page}/check")
        assert "The sign-in is lost" in lost.text
        given = app_of(site, "salesforce", way="client-credentials")
        again = enter(visitor, page, "crm", **given, client_secret="of-another-day")
        assert "Signed in again." in again.text
        assert "The sign-in is lost" not in again.text
    finally:
        site.sandbox.post("salesforce", "apps", app)
    enter(visitor, page, "crm", **given, **app)
    assert site.crosswalk("connection", "check", "lost").code == 0

    elsewhere = key_of(site)["url"].replace("127.0.0.1", "localhost")
    other = enter(visitor, page, "activecampaign", **key_of(site, url=elsewhere))
    assert "Nothing was changed." in other.text
    assert site.crosswalk("connection", "list", "--json").data["connections"]


def test_only_administrators_sign_in_and_everybody_sees_how_it_stands(site: Site) -> None:
    number = site.add("seen-by-all")
    site.show(number)
    page = f"/connections/{number}/set-up/connect"
    for role, may_check in (("manager", True), ("user", False)):
        visitor = site.visitor(role)
        shown = visitor.get(page)
        assert "Connected" in shown.text
        assert "<form" in shown.text  # to sign out
        assert 'name="client_id"' not in shown.text
        assert ("Check again" in shown.text) is may_check
        token = visitor.cookies["csrftoken"]
        refused = visitor.post(f"{page}/crm", data={"csrfmiddlewaretoken": token})
        assert refused.status_code == 403
