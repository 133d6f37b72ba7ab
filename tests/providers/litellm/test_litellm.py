"""The real litellm against a server on the loopback; skipped where it is not installed."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.core import errors
from aiapp.core.events import Completion, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import user
from aiapp.core.parts import Image, Text, ToolCall
from aiapp.core.request import Request, Settings
from aiapp.core.usage import Usage
from aiapp.providers.litellm.errors import BY_CLASS, translate
from aiapp.providers.litellm.provider import LiteLLMProvider
from aiapp.providers.litellm.refused import PASSES_ON
from aiapp.providers.litellm.sdk import load
from aiapp.providers.litellm.vendor import vendor_of
from aiapp.providers.protocol import Embeds, Prepared
from aiapp.providers.registry import open_provider
from tests.outside.programs import HAS_LITELLM, needs_litellm
from tests.providers.litellm.server import ANSWER, Server, serving

KEY = "sk-very-secret"
ASK = Request((user("hi"),))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        yield state


def opened(server: Server, timeout: float = 20.0) -> LiteLLMProvider:
    return LiteLLMProvider("openai/some-model", api_key=KEY, base_url=server.url, timeout=timeout)


def streamed(provider: LiteLLMProvider) -> Completion:
    async def read() -> Completion:
        return fold([event async for event in provider.astream(provider.prepare(ASK))])

    return asyncio.run(read())


@pytest.mark.skipif(HAS_LITELLM, reason="litellm is installed")
def test_without_litellm_the_extra_is_named_at_once() -> None:
    with pytest.raises(errors.MissingDependency, match=r"aiapp\[litellm\]"):
        open_provider("litellm:groq/model")


def test_a_model_must_be_named() -> None:
    with pytest.raises(errors.UnknownModel, match="litellm:PROVIDER/MODEL"):
        open_provider("litellm:")


@needs_litellm
def test_an_answer_whole_and_streamed(server: Server) -> None:
    complete = fold(asyncio.run(opened(server).acomplete(opened(server).prepare(ASK))))
    assert complete.text == "Hello there"
    assert complete.tool_calls == (ToolCall("call_1", "look", '{"at": "it"}'),)
    assert complete.usage == Usage(12, 5, 4, complete.usage.cache_write_tokens, 2)
    assert complete.finish is not None
    assert complete.finish.reason == "tool_calls"
    stream = streamed(opened(server))
    assert (stream.parts, stream.finish) == (complete.parts, complete.finish)
    assert (stream.usage.input_tokens, stream.usage.output_tokens) == (12, 5)
    assert server.requests[1]["stream_options"] == {"include_usage": True}


@needs_litellm
def test_the_client_asks_it_like_any_other(server: Server) -> None:
    with Client("litellm:openai/some-model", api_key=KEY, base_url=server.url) as client:
        response = client.complete("hi")
        stream = client.stream("hi")
        assert "".join(stream.text()) == "Hello there"
    assert response.parts[0] == Text("Hello there")
    assert response.receipt.model == "litellm:openai/some-model"
    assert KEY not in repr(response.receipt.payload)
    assert "stream" not in response.receipt.payload
    shown = stream.response.receipt.payload
    assert (shown["stream"], shown["stream_options"]) == (True, {"include_usage": True})


@needs_litellm
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, errors.BadRequest),
        (401, errors.AuthenticationFailed),
        (404, errors.NotFound),
        (429, errors.RateLimited),
        (500, errors.Unavailable),
        (503, errors.Unavailable),
    ],
)
def test_failures_are_typed_and_tried_once(server: Server, status: int, error: type[errors.ProviderError]) -> None:
    server.status, server.headers = status, {"retry-after": "7"}
    server.answer = {"error": {"message": f"no luck with {KEY}", "type": "x", "code": None}}
    with pytest.raises(error) as caught:
        asyncio.run(opened(server).acomplete(opened(server).prepare(ASK)))
    assert len(server.requests) == 1
    assert caught.value.status == status
    assert KEY not in f"{caught.value!r} {caught.value}"
    with pytest.raises(error):
        streamed(opened(server))


@needs_litellm
def test_an_overflow_is_told_from_other_bad_requests(server: Server) -> None:
    server.status = 400
    server.answer = {"error": {"message": "too long", "code": "context_length_exceeded", "type": "x"}}
    server.answer["error"]["message"] = "This model's maximum context length is 8192 tokens."
    with pytest.raises(errors.ContextOverflow):
        asyncio.run(opened(server).acomplete(opened(server).prepare(ASK)))


@needs_litellm
def test_a_setting_that_the_model_does_not_take_is_listed_and_not_sent(server: Server) -> None:
    settings = Settings(service_tier="flex", effort="low", seed=7, temperature=0.5)
    request = Request((user("hi"),), format=JsonSchema({"type": "object"}), settings=settings)
    with Client("litellm:perplexity/sonar", api_key=KEY, base_url=server.url) as client:
        explained, response = client.explain(request), client.complete(request)
    lost = {change.field for change in response.receipt.changes if change.lost}
    assert lost == {"service_tier", "effort", "seed"}
    assert explained.changes == response.receipt.changes
    sent = server.requests[0]
    assert not {"service_tier", "reasoning_effort", "seed"} & sent.keys()
    assert (sent["temperature"], sent["response_format"]["type"]) == (0.5, "json_schema")


@needs_litellm
def test_a_strict_client_refuses_such_a_setting(server: Server) -> None:
    request = Request((user("hi"),), settings=Settings(service_tier="flex"))
    with (
        Client("litellm:perplexity/sonar", api_key=KEY, base_url=server.url, strict=True) as client,
        pytest.raises(errors.NotHonoured, match="service_tier"),
    ):
        client.complete(request)
    assert server.requests == []


@needs_litellm
def test_what_a_user_adds_is_not_taken_out(server: Server) -> None:
    request = Request((user("hi"),), settings=Settings(seed=7, extra={"seed": 8}))
    provider = LiteLLMProvider("perplexity/sonar", api_key=KEY, base_url=server.url)
    assert provider.prepare(request).payload["seed"] == 8


@needs_litellm
def test_of_a_model_that_litellm_does_not_know_nothing_is_taken_out() -> None:
    request = Request((user("hi"),), settings=Settings(seed=7, service_tier="flex"))
    prepared = LiteLLMProvider("nobody/x", api_key=KEY).prepare(request)
    assert prepared.payload["seed"] == 7
    assert [(change.field, change.lost) for change in prepared.changes] == [("payload", False)]


@needs_litellm
@pytest.mark.parametrize("model", [f"{name}/m" for name in sorted(PASSES_ON)])
def test_the_url_of_an_image_is_handed_on_unfetched(server: Server, model: str) -> None:
    url = f"{server.url}/a.png"
    server.answer = {**ANSWER, "service_tier": "on_demand"}  # without which litellm fails for groq
    with Client(f"litellm:{model}", api_key=KEY, base_url=server.url) as client:
        client.complete(Request((user([Text("What?"), Image("image/png", url=url)]),)))
    assert url in json.dumps(server.requests)
    assert server.fetched == []


@needs_litellm
@pytest.mark.parametrize("model", ["ollama/llava", "bedrock/us.anthropic.claude-opus-4-6-v1"])
def test_nothing_that_litellm_would_download_is_given_to_it(server: Server, model: str) -> None:
    part = {"type": "image_url", "image_url": {"url": f"{server.url}/a.png"}}
    settings = Settings(extra={"messages": [{"role": "user", "content": [part]}]})
    with (
        Client(f"litellm:{model}", base_url=server.url) as client,
        pytest.raises(errors.InvalidInput, match="litellm would download it"),
    ):
        client.complete(Request((user("hi"),), settings=settings))
    assert (server.fetched, server.requests) == ([], [])


@needs_litellm
@pytest.mark.parametrize(
    ("model", "access", "reason"),
    [
        ("ollama/llava", {}, "download is disabled"),
        (
            "bedrock/us.anthropic.claude-opus-4-6-v1",
            {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region_name": "us-east-1"},
            "blocked address",
        ),
    ],
)
def test_litellm_itself_is_told_to_download_nothing_here(
    server: Server, model: str, access: dict[str, str], reason: str
) -> None:
    """Behind what is refused before."""
    part = {"type": "image_url", "image_url": {"url": f"{server.url}/a.png"}}
    payload = {"model": model, "messages": [{"role": "user", "content": [part]}], **access}
    with pytest.raises(errors.ProviderError, match=reason):
        asyncio.run(LiteLLMProvider(model, base_url=server.url).acomplete(Prepared(payload)))
    assert server.fetched == []


@needs_litellm
def test_no_one_there_is_a_connection_that_failed() -> None:
    provider = LiteLLMProvider("openai/some-model", api_key=KEY, base_url="http://127.0.0.1:9/v1", timeout=5)
    with pytest.raises((errors.ConnectionFailed, errors.Unavailable)):
        asyncio.run(provider.acomplete(provider.prepare(ASK)))


@needs_litellm
def test_vectors_come_in_the_order_of_the_texts(server: Server) -> None:
    provider = opened(server)
    assert isinstance(provider, Embeds)
    made = asyncio.run(provider.aembed(["a", "b"], None))
    assert [list(vector) for vector in made.vectors] == [[1.0, 0.0], [0.0, 1.0]]
    assert made.usage.input_tokens == 6
    assert made.model == "served-model"


class Answered:
    """What litellm hands over, with whatever its server put into it."""

    def __init__(self, answer: Any) -> None:
        self._answer, self._hidden_params = answer, dict[str, Any]()

    def model_dump(self) -> Any:
        return self._answer


@needs_litellm
@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"choices": [None]}, "NoneType"),
        ({"choices": [{"message": {"content": 5}}]}, "int in place of a text"),
        ({"data": [{"index": 0, "embedding": ["a"]}]}, "must be real number"),
        ({"data": [None]}, "NoneType"),
    ],
)
def test_an_answer_of_another_form_is_invalid(
    server: Server, answer: dict[str, Any], wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answered(**_: Any) -> Answered:
        return Answered(answer)

    monkeypatch.setattr(load(), "acompletion", answered)
    monkeypatch.setattr(load(), "aembedding", answered)
    provider = opened(server)
    with pytest.raises(errors.InvalidResponse, match=wrong):
        asyncio.run(provider.aembed(["a"], None) if "data" in answer else provider.acomplete(provider.prepare(ASK)))


@needs_litellm
def test_g5_its_import_is_quiet_and_needs_no_network(server: Server) -> None:
    program = (
        "import asyncio, warnings; warnings.simplefilter('error')\n"
        "from aiapp import Client\n"
        "from aiapp.testing import block_network\n"
        "from aiapp.providers.litellm.provider import LiteLLMProvider\n"
        "from aiapp.core.request import Request\n"
        "with block_network():\n"
        f"    provider = LiteLLMProvider('openai/m', api_key='k', base_url={server.url!r})\n"
        "    asyncio.run(provider.acomplete(provider.prepare(Request.of('hi'))))\n"
        "    print(Client(provider=provider).complete('hi').text)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "Hello there\n", "")


@needs_litellm
def test_its_globals_are_tamed(capsys: pytest.CaptureFixture[str]) -> None:
    litellm = load()
    assert litellm.drop_params is False
    assert litellm.num_retries == 0
    assert litellm.callbacks == litellm.success_callback == litellm.failure_callback == []
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).error("noise")
    assert capsys.readouterr() == ("", "")


@needs_litellm
def test_a_call_asks_nobody_but_the_provider(server: Server) -> None:
    """litellm reads a list of header names from GitHub when the first request with such a header goes out."""
    program = (
        "import asyncio, socket; real, asked = socket.getaddrinfo, []\n"
        "def look_up(host, *rest, **more):\n"
        "    asked.append(host)\n"
        "    assert host == '127.0.0.1'\n"
        "    return real(host, *rest, **more)\n"
        "socket.getaddrinfo = look_up\n"
        "from aiapp.core.errors import ProviderError\n"
        "from aiapp.core.messages import user\n"
        "from aiapp.core.request import Request, Settings\n"
        "from aiapp.providers.litellm.provider import LiteLLMProvider\n"
        f"provider = LiteLLMProvider('anthropic/claude-sonnet-4-5', api_key='k', base_url={server.url!r})\n"
        "extra = {'extra_headers': {'anthropic-beta': 'context-1m-2025-08-07'}}\n"
        "request = Request((user('hi'),), settings=Settings(extra=extra))\n"
        "try:\n"
        "    asyncio.run(provider.acomplete(provider.prepare(request)))\n"
        "except ProviderError:\n"  # the server speaks another wire
        "    print(*asked)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert set(ran.stdout.split()) <= {"127.0.0.1"}
    assert len(server.requests) == 1


def _all_of(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for kind in root.__subclasses__():
        yield from _all_of(kind)


def _named_by(module: Any) -> list[type[Exception]]:
    named = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
    assert named
    return named


@needs_litellm
def test_every_exception_of_litellms_is_mapped() -> None:
    litellm = load()
    openai: Any = import_module("openai")
    httpx: Any = import_module("httpx")
    known = [*_named_by(litellm.exceptions), *litellm.LITELLM_EXCEPTION_TYPES]
    known += [*_all_of(openai.OpenAIError), *_all_of(httpx.RequestError), httpx.HTTPStatusError, httpx.InvalidURL]
    vague = [kind.__name__ for kind in known if not any(parent.__name__ in BY_CLASS for parent in kind.__mro__)]
    assert vague == []


@needs_litellm
@pytest.mark.parametrize(("status", "kind"), [(429, errors.RateLimited), (401, errors.AuthenticationFailed)])
def test_a_vendors_own_exception_is_what_its_status_says(status: int, kind: type[errors.ProviderError]) -> None:
    """Every vendor's folder in litellm has a class of its own, and some come out as they are."""
    load()
    made: Any = import_module("litellm.llms.base_llm.chat.transformation").BaseLLMException
    for one in _all_of(made):
        error = one.__new__(one)
        made.__init__(error, status_code=status, message="no luck")
        assert type(translate(error, "m")) is kind


@needs_litellm
def test_what_litellm_lets_through_is_typed_with_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("boto3", "botocore")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "botocore", None)
    provider = LiteLLMProvider("bedrock/us.anthropic.claude-opus-4-6-v1")
    with pytest.raises(errors.ProviderError, match="boto") as caught:
        asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert type(caught.value) is errors.ProviderError
    assert isinstance(caught.value.__cause__, ImportError)


@needs_litellm
def test_a_cause_that_shows_a_key_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that only the environment holds."""
    monkeypatch.setenv("SOMEBODYS_API_KEY", KEY)
    provider = LiteLLMProvider("custom/m")

    async def fails(**asked: Any) -> None:
        raise KeyError(f"no luck with {KEY}")

    monkeypatch.setattr(load(), "acompletion", fails)
    with pytest.raises(errors.ProviderError, match=r"KeyError: 'no luck with \[key\]'") as caught:
        asyncio.run(provider.acomplete(provider.prepare(ASK)))
    assert caught.value.__cause__ is None


@needs_litellm
def test_the_address_is_known_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LiteLLMProvider("openai/m").address is None
    monkeypatch.setenv("OLLAMA_API_BASE", "http://box:11434")
    assert LiteLLMProvider("ollama/m").address == "http://box:11434"
    assert LiteLLMProvider("ollama/m", base_url="http://other:11434").address == "http://other:11434"
    monkeypatch.setenv("OPENAI_API_BASE", "http://box:8000/v1")
    for model in ("openai/gpt-5.2", "gpt-5.2", "claude-opus-5"):  # litellm may take any other for OpenAI's, too
        assert LiteLLMProvider(model).address == "http://box:8000/v1"


@needs_litellm
@pytest.mark.parametrize("model", ["gpt-4o", "o3", "text-embedding-3-small"])
def test_a_name_of_openais_needs_no_vendor(model: str) -> None:
    assert load().get_llm_provider(model)[1] == vendor_of(model)


@needs_litellm
@pytest.mark.parametrize("verb", ["complete", "stream"])
def test_it_is_loaded_beside_the_loop(server: Server, verb: str) -> None:
    """Also where it is asked, before anything is sent, which settings a model takes."""
    program = f"""if True:
        import asyncio, sys
        from aiapp.client.client import Client
        from aiapp.core.request import Settings

        class Watch:
            seen = []

            def find_spec(self, name, path, target=None):
                if name == "litellm":
                    self.seen.append(asyncio._get_running_loop())

        async def main():
            sys.modules.pop("litellm", None)
            client = Client("litellm:openai/m", api_key="{KEY}", base_url="{server.url}", settings=Settings(seed=1))
            Watch.seen.clear()  # whether it is installed was looked up
            if "{verb}" == "complete":
                await client.acomplete("hi")
            else:
                [event async for event in client.stream("hi")]
            await client.aclose()

        sys.meta_path.insert(0, Watch())
        asyncio.run(main())
        assert "litellm" in sys.modules
        print([loop is None for loop in Watch.seen])
    """
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert set(ran.stdout.strip("[]\n").split(", ")) == {"True"}
