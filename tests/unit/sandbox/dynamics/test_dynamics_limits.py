"""Service protection: each user may use only so much of the environment within five minutes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment, Opening

from crosswalk_sandbox.dynamics.protection import AT_ONCE, REQUESTS, ThrottledError, Use
from crosswalk_sandbox.dynamics.simulator import Dynamics
from crosswalk_sandbox.http import Request
from crosswalk_sandbox.limits import Limits

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BURST = "x-ms-ratelimit-burst-remaining-xrm-requests"
TIME = "x-ms-ratelimit-time-remaining-xrm-requests"


@pytest.fixture
def environment(opening: Opening) -> DataverseEnvironment:
    return opening(limits="real")


def own_use(environment: DataverseEnvironment) -> Use:
    """What the caller used up."""
    system = environment.controlled.system
    assert isinstance(system, Dynamics)
    return system.protection.of(system.environment.caller)


def use_up(environment: DataverseEnvironment, *, but: int = 0) -> None:
    use = own_use(environment)
    for _ in range(REQUESTS - but):
        use.take(environment.clock.now(), 0)


def test_answers_say_what_is_left(environment: DataverseEnvironment) -> None:
    first, second = (environment.call("GET", "/WhoAmI").headers for _ in range(2))
    assert (first[BURST], second[BURST]) == ("5999", "5998")
    assert first[TIME] == "1,199.98"
    assert float(second[TIME].replace(",", "")) < float(first[TIME].replace(",", ""))


def test_one_request_too_many_is_refused_until_the_window_has_passed(
    environment: DataverseEnvironment,
) -> None:
    use_up(environment, but=1)
    assert environment.call("GET", "/WhoAmI").status_code == 200
    environment.clock.advance(100)
    answer = environment.call("GET", "/WhoAmI")
    assert answer.status_code == 429
    assert answer.json()["error"] == {
        "code": "0x80072322",
        "message": "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
    }
    wait = int(answer.headers["retry-after"])
    assert wait == 200
    environment.clock.advance(wait - 1)
    assert environment.call("GET", "/WhoAmI").status_code == 429
    environment.clock.advance(1)
    assert environment.call("GET", "/WhoAmI").status_code == 200


def test_whoever_keeps_on_asking_is_told_to_wait_longer(environment: DataverseEnvironment) -> None:
    use_up(environment)
    environment.clock.advance(250)
    waits = [int(environment.call("GET", "/WhoAmI").headers["retry-after"]) for _ in range(3)]
    assert waits == [50, 51, 52]
    assert environment.control("GET", "counts")["calls"] == {"GET /api/data/v9.2/WhoAmI": 3}


def test_a_batch_is_one_request_but_its_work_counts_whole(environment: DataverseEnvironment) -> None:
    parts = [
        f"--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"POST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        f'{{"lastname":"Vogel {number}"}}\r\n'
        for number in range(30)
    ]
    before = environment.call("GET", "/WhoAmI").headers
    answer = environment.http.post(
        "/api/data/v9.2/$batch",
        content="".join(parts) + "--b--\r\n",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
    )
    assert answer.status_code == 200
    assert int(answer.headers[BURST]) == int(before[BURST]) - 1
    assert 1.2 <= float(before[TIME].replace(",", "")) - float(answer.headers[TIME].replace(",", "")) < 1.4


def test_too_much_work_is_refused_whatever_the_number_of_requests(environment: DataverseEnvironment) -> None:
    use = own_use(environment)
    use.spend(environment.clock.now(), 700_000)
    environment.clock.advance(60)
    use.spend(environment.clock.now(), 600_000)
    answer = environment.call("GET", "/WhoAmI")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "240")
    assert answer.json()["error"] == {
        "code": "0x80072321",
        "message": "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over "
        "time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests "
        "and try again later.",
    }
    environment.clock.advance(240)
    assert environment.call("GET", "/WhoAmI").headers[TIME] == "599.98"


def test_too_many_requests_at_once_are_refused(opening: Opening) -> None:
    gate = threading.Event()

    def sleep(seconds: float) -> None:
        gate.wait(10 * seconds)

    environment = opening(limits="real", latency=1, sleep=sleep)
    others = [threading.Thread(target=environment.call, args=("GET", "/WhoAmI")) for _ in range(AT_ONCE)]
    for each in others:
        each.start()
    while sum(entry.status == 200 for entry in environment.controlled.log()) < AT_ONCE:
        time.sleep(0.001)
    refused: list[int] = []
    last = threading.Thread(
        target=lambda: refused.append(int(environment.refusal("GET", "/WhoAmI", status=429)[0], 16))
    )
    last.start()
    gate.set()
    for each in (*others, last):
        each.join()
    assert refused == [0x80072326]
    assert environment.call("GET", "/WhoAmI").status_code == 200


def test_each_user_has_a_window_of_its_own() -> None:
    one, other = Use(Limits.parse("real")), Use(Limits.parse("real"))
    for _ in range(REQUESTS):
        one.take(NOON, 0)
    with pytest.raises(ThrottledError):
        one.take(NOON, 0)
    other.take(NOON, 0)
    assert other.remaining(NOON)[BURST] == "5999"


def test_calls_without_a_good_token_use_up_nothing(environment: DataverseEnvironment) -> None:
    assert environment.call("GET", "/WhoAmI", headers=environment.bearing("x")).status_code == 401
    assert environment.call("GET", "/WhoAmI").headers[BURST] == "5999"


def test_wider_limits_say_so(opening: Opening) -> None:
    environment = opening(limits="x20")
    assert environment.call("GET", "/WhoAmI").headers[BURST] == "119999"
    environment.control("POST", "faults", {"kind": "throttle"})
    code, message = environment.refusal("GET", "/WhoAmI", status=429)
    assert (code, "limit of 120000 " in message) == ("0x80072322", True)


def test_without_limits_nothing_is_counted(opening: Opening) -> None:
    assert BURST not in opening().call("GET", "/WhoAmI").headers


def test_a_reset_gives_everything_back(environment: DataverseEnvironment) -> None:
    use_up(environment)
    environment.control("POST", "reset")
    assert environment.call("GET", "/WhoAmI").headers[BURST] == "5999"


def test_what_is_used_up_is_kept(environment: DataverseEnvironment, opening: Opening) -> None:
    use_up(environment)
    later = opening(limits="real")
    later.controlled.restore(environment.controlled.saved())
    assert later.call("GET", "/WhoAmI").status_code == 429


def test_requests_at_once_are_a_users_whichever_token_they_carry(environment: DataverseEnvironment) -> None:
    def caller(token: str) -> str:
        headers = {"authorization": f"Bearer {token}"}
        request = Request(method="GET", path="/", query=[], raw_query="", headers=headers, body=b"")
        return environment.controlled.system.caller(request)

    first = environment.token()["access_token"]
    environment.clock.advance(10)
    second = environment.token()["access_token"]
    assert first != second
    assert caller(first) == caller(second)
    assert caller("nonsense") not in {caller(first), caller("other nonsense")}


@pytest.mark.parametrize(
    ("limit", "code", "number"),
    [
        ("requests", "0x80072322", "6000"),
        ("work", "0x80072321", "1,200,000"),
        ("at_once", "0x80072326", "52"),
    ],
)
def test_each_limit_can_be_ordered_as_a_fault(
    environment: DataverseEnvironment, limit: str, code: str, number: str
) -> None:
    environment.control("POST", "faults", {"kind": "throttle", "limit": limit})
    answer = environment.call("GET", "/WhoAmI")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert answer.json()["error"]["code"] == code
    assert f" {number} " in answer.json()["error"]["message"].replace(f"{number}.", f"{number} ")
    assert environment.call("GET", "/WhoAmI").status_code == 200
