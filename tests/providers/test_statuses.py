"""What an answer's headers say of the wait before the next try, and that the client waits so long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import ProviderError, RateLimited
from aiapp.providers.statuses import retry_after
from aiapp.testing import Said, WireServer, faults
from aiapp.testing.wires import CHAT, MESSAGES, RESPONSES, Wire
from tests.providers import wire
from tests.providers.test_hosted import BOTH, Opener

NOON = "Wed, 21 Oct 2026 12:00:00 GMT"
FORMS = ["Wed, 21 Oct 2026 12:00:09 GMT", "Wednesday, 21-Oct-26 12:00:09 GMT", "Wed Oct 21 12:00:09 2026"]


@pytest.mark.parametrize("form", FORMS)
def test_a_date_is_counted_from_the_date_of_the_answer(form: str) -> None:
    assert retry_after({"retry-after": form, "date": NOON}) == 9.0


def test_a_date_without_one_is_counted_from_now() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    for date in ({}, {"date": "no date"}):
        waited = retry_after({"retry-after": format_datetime(later, usegmt=True), **date})
        assert waited is not None
        assert 3000 < waited <= 3600


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-7"}, 0.0),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7", "retry-after-ms": "soon"}, 7.0),
        ({"retry-after": "7", "retry-after-ms": "inf"}, 7.0),
        ({"retry-after": NOON, "retry-after-ms": "nan"}, 0.0),
        ({"retry-after": NOON}, 0.0),
        ({"retry-after": NOON, "date": FORMS[0]}, 0.0),
    ],
)
def test_seconds_are_never_below_zero(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "wrong", ["", "soon", "nan", "inf", "Wed, 99 Oct 2026 12:00:00 GMT", "Wed, 21 Oct 2026", "1 2 3"]
)
def test_what_is_neither_says_nothing(wrong: str) -> None:
    assert retry_after({"retry-after": wrong, "date": NOON}) is None


@given(st.text(), st.text())
def test_no_header_is_an_error(after: str, date: str) -> None:
    waited = retry_after({"retry-after": after, "date": date})
    assert waited is None or waited >= 0.0


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)), st.integers(-(10**6), 10**6))
def test_a_date_and_seconds_say_the_same(now: datetime, seconds: int) -> None:
    asked = now.replace(microsecond=0, tzinfo=UTC)
    until = format_datetime(asked + timedelta(seconds=seconds), usegmt=True)
    waited = retry_after({"retry-after": until, "date": format_datetime(asked, usegmt=True)})
    assert waited == retry_after({"retry-after": str(seconds)}) == max(0, seconds)


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
@pytest.mark.parametrize(("after", "wait"), [("0.3", 0.3), ("Wed, 21 Oct 2026 12:00:01 GMT", 1.0), (NOON, 0.0)])
def test_the_client_waits_as_long_in_either_form(
    opener: Opener, whole: object, stream: object, after: str, wait: float
) -> None:
    busy = httpx2.Response(429, json={}, headers={"retry-after": after, "date": NOON})
    answers = [busy, httpx2.Response(200, json=whole)]
    response = Client(provider=opener(lambda _: answers.pop(0)), retry=Retry(first_wait=9)).complete("hi")
    assert [attempt.wait for attempt in response.receipt.attempts] == [wait, 0.0]


@pytest.mark.parametrize(("model", "of"), [("openai:m", RESPONSES), ("anthropic:m", MESSAGES), ("compatible:m", CHAT)])
def test_a_date_beyond_the_deadline_is_not_waited_for(model: str, of: Wire) -> None:
    fault = faults.deck(of)["rate limited, a date to wait for"]
    with (
        WireServer([fault, Said("never")]) as server,
        Client(model, api_key=wire.KEY, base_url=server.url) as client,
        pytest.raises(RateLimited) as raised,
    ):
        client.complete("hi")
    until = parsedate_to_datetime("Wed, 21 Oct 2099 07:28:00 GMT") - datetime.now(UTC)
    assert raised.value.retry_after == pytest.approx(until.total_seconds(), abs=600)
    assert len(server.requests) == 1


@pytest.mark.parametrize(("opener", "whole", "stream"), BOTH)
@pytest.mark.parametrize(
    ("status", "word", "tries"),
    [(429, "false", 1), (500, "False", 1), (400, "true", 2), (400, "maybe", 1), (429, "", 2)],
)
def test_a14_the_provider_has_the_last_word_on_another_try(
    opener: Opener, whole: object, stream: object, status: int, word: str, tries: int
) -> None:
    asked: list[httpx2.Request] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(status, json={}, headers={"x-should-retry": word})

    with pytest.raises(ProviderError) as raised:
        Client(provider=opener(refuse), retry=Retry(attempts=2, first_wait=0.001)).complete("hi")
    assert len(asked) == tries
    assert raised.value.retryable == (tries == 2)
