"""Usage, invoices, settings, receipts: unknown is never zero."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from aiapp.core.errors import InvalidInput, MissingKey, RateLimited
from aiapp.core.invoice import Invoice, Line, total_invoice
from aiapp.core.messages import assistant, system, user
from aiapp.core.parts import File, Image, Text
from aiapp.core.request import Settings
from aiapp.core.response import Attempt, Change, Receipt, Timing, total_receipt
from aiapp.core.schema import Schema
from aiapp.core.secrets import REDACTED
from aiapp.core.usage import Iteration, Usage, total_usage

counts = st.none() | st.integers(0, 10**9)
usages = st.builds(Usage, counts, counts, counts, counts, counts)


@given(st.lists(usages, min_size=1))
def test_a_sum_is_unknown_exactly_where_a_part_is(items: list[Usage]) -> None:
    total = total_usage(items)
    inputs = [usage.input_tokens for usage in items]
    assert total.input_tokens == (None if None in inputs else sum(count for count in inputs if count is not None))


def test_a_sum_keeps_uses_and_iterations() -> None:
    first = Usage(5, 1, uses={"web_search": 2}, iterations=(Iteration("a", Usage(5, 1)),), audio_input_tokens=1)
    second = Usage(3, 1, uses={"web_search": 1, "other": 1}, iterations=(Iteration("b", Usage(3, 1), "m"),))
    assert first + second == Usage(
        8,
        2,
        uses={"web_search": 3, "other": 1},
        iterations=(Iteration("a", Usage(5, 1)), Iteration("b", Usage(3, 1), "m")),
    )
    assert hash(first) != hash(second)


def test_no_calls_used_no_tokens() -> None:
    assert total_usage([]) == Usage(0, 0)
    assert Usage(1, 2) + Usage(3, 4) == Usage(4, 6)


def test_an_invoice_is_exact() -> None:
    invoice = Invoice((Line("input", 1_234_567, Decimal("2.50")), Line("output", 89, Decimal("10"))))
    assert invoice.total == Decimal("3.0873075")
    assert invoice.total == invoice.at_least


def test_an_unknown_price_makes_the_total_unknown_and_keeps_the_lower_bound() -> None:
    invoice = total_invoice([Invoice((Line("input", 1000, Decimal(1)),)), Invoice((Line("output", 5, None),))])
    assert invoice.total is None
    assert invoice.at_least == Decimal("0.001")


def test_an_unknown_count_is_not_zero_unless_the_rate_is() -> None:
    assert Invoice((Line("input", None, Decimal(1)),)).total is None
    assert Invoice((Line("input", None, Decimal(0)),)).total == 0


def test_settings_lie_over_others() -> None:
    merged = Settings(temperature=0.0, stop=("x",)).over(Settings(temperature=1.0, max_tokens=5))
    assert merged == Settings(temperature=0.0, max_tokens=5, stop=("x",))


def test_keys_of_extra_are_settings_of_their_own() -> None:
    base = Settings(extra={"prompt_cache_key": "k", "user": "all"})
    own = Settings(seed=1, extra={"user": "a", "metadata": {"b": "c"}})
    assert own.over(base).extra == {"prompt_cache_key": "k", "user": "a", "metadata": {"b": "c"}}
    assert Settings(seed=1).over(base).extra == base.extra
    assert own.over(Settings(seed=2)) == own


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", 3.0), ("top_p", 0.0), ("max_tokens", 0), ("top_k", -1), ("temperature", -0.1)]
)
def test_settings_out_of_range_name_field_and_value(field: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=rf"{field}: {value}") as caught:
        Settings(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_messages_take_text_a_part_or_parts() -> None:
    assert user("hi") == user(Text("hi")) == user([Text("hi")])
    assert user([Text("a"), Image("image/png", b"x"), Text("b")]).text == "ab"
    assert (system("s").role, assistant("a").role) == ("system", "assistant")


def test_errors_carry_their_facts() -> None:
    error = RateLimited("slow down", provider="openai", model="m", status=429, retry_after=1.5)
    assert error.retryable
    assert str(error) == "openai:m [429]: slow down"
    assert "OPENAI_API_KEY" in str(MissingKey("openai", "OPENAI_API_KEY"))


def test_receipts_add_up() -> None:
    change = Change("temperature", "not accepted")
    one = Receipt("local", Usage(3, 1), Invoice(), Timing(0.1), (Attempt("local", 0.1),), (change,))
    total = total_receipt([one, one], Timing(0.5))
    assert total.usage.input_tokens == 6
    assert (total.model, total.timing.total, len(total.attempts)) == ("local", 0.5, 2)
    assert total.changes == (change,)


class Person(BaseModel):
    name: str
    age: int


def test_a_schema_parses_what_it_describes() -> None:
    schema = Schema(Person)
    assert schema.format().schema["required"] == ["name", "age"]
    assert schema.parse('{"name": "Ada", "age": 36}') == Person(name="Ada", age=36)
    with pytest.raises(InvalidInput, match="age"):
        schema.parse('{"name": "Ada", "age": "old"}')


@pytest.mark.parametrize("make", [partial(Image, "image/png"), partial(File, "application/pdf", "a")])
def test_a_url_that_is_refused_is_shown_without_what_opens_it(make: Callable[..., object]) -> None:
    with pytest.raises(InvalidInput, match="'https://h/a'") as caught:
        make(b"x", "https://u:hunter2@h/a?sig=SECRETSIG")
    assert caught.value.value == "https://h/a"


@pytest.mark.parametrize("value", [b"https://u:hunter2@h/", ["http://h?token=hunter2"], {"a": "db://u:hunter2@h"}])
def test_nothing_that_is_refused_shows_the_secrets_of_its_urls(value: object) -> None:
    told = str(InvalidInput("a", value, "another"))
    assert "hunter2" not in told
    assert REDACTED in told
