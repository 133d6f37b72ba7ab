"""Programs: each rule finds what it is for, at its place, and tricky programs that are right have no finding."""

from __future__ import annotations

import pytest

from aiapp.doctor.findings import RULES
from aiapp.doctor.reading.python import read_python
from aiapp.doctor.sightings import KeyNeeded, Requirement, Surroundings
from tests.doctor.seeing import at, codes, of_python

OPENAI = "from openai import OpenAI\nclient = OpenAI()\n"
ANTHROPIC = "from anthropic import Anthropic\nclient = Anthropic()\n"
ASK = "client.messages.create(model='claude-opus-5-5', max_tokens=100, messages=m, "

WRONG = [
    ("from aiapp import Client\nClient('openai:gpt-4')", "AI101", "'openai:gpt-4'"),
    (OPENAI + "client.responses.create(model='gpt-4-32k', input='x')", "AI101", "'gpt-4-32k'"),
    (OPENAI + "client.responses.create(model='gpt-4o', input='x')", "AI102", "'gpt-4o'"),
    ("import os\nmodel = os.environ.get('CHAT_MODEL') or 'claude-3-opus-20240229'", "AI101", "'claude-3-opus"),
    ("import os\nx = f(os.getenv('CHAT_MODEL', 'gpt-4'))", "AI101", "'gpt-4'"),
    ("def ask(text, *, model='gpt-4'): ...", "AI101", "'gpt-4'"),
    ("class Settings(BaseSettings):\n    model_name: str = Field('gpt-4', description='d')", "AI101", "'gpt-4'"),
    ("parser.add_argument('--model', default='gpt-4')", "AI101", "'gpt-4'"),
    ("requests.post(url, json={'model': 'gpt-4', 'messages': m})", "AI101", "'gpt-4'"),
    ("ChatOpenAI(model='gpt-4')", "AI101", "'gpt-4'"),
    ("agents = [run('openai:gpt-4'), 1]", "AI101", "'openai:gpt-4'"),
    (
        "import litellm\nlitellm.completion('anthropic/claude-3-haiku-20240307', m)",
        "AI101",
        "'anthropic/claude-3-haiku",
    ),
    (
        ANTHROPIC + "client.messages.create(model='claude-sonet-5', max_tokens=1, messages=m)",
        "AI103",
        "'claude-sonet-5'",
    ),
    (
        ANTHROPIC + "client.messages.create(model='claude-sonnet-4.6', max_tokens=1, messages=m)",
        "AI103",
        "'claude-sonnet-4.6'",
    ),
    ("from aiapp import Client\nClient('openai:gpt-6-lnua')", "AI103", "'openai:gpt-6-lnua'"),
    (ANTHROPIC + ASK + "temperature=0)", "AI201", "0)"),
    (OPENAI + "client.responses.create(model='gpt-6-astra', input='x', top_p=0.5)", "AI201", "0.5"),
    (
        OPENAI + "client.chat.completions.create(model='gpt-5.4', messages=m, temperature=0, reasoning_effort='low')",
        "AI201",
        "0, reasoning",
    ),
    (ANTHROPIC + ASK + "tool_choice={'type': 'any'})", "AI202", "{'type': 'any'}"),
    (
        ANTHROPIC + "client.messages.create(model='claude-opus-5-5', max_tokens=1,\n"
        " messages=[{'role': 'user', 'content': 'x'}, {'role': 'assistant', 'content': '{'}])",
        "AI203",
        "{'role': 'assistant'",
    ),
    (
        OPENAI + "client.responses.create(model='gpt-6-astra', input='x', reasoning={'effort': 'minimal'})",
        "AI204",
        "'minimal'",
    ),
    (ANTHROPIC + ASK + "output_config={'effort': 'none'})", "AI204", "'none'"),
    (
        ANTHROPIC + "client.messages.stream(model='claude-haiku-4-5', max_tokens=128_000, messages=m)",
        "AI205",
        "128_000",
    ),
    (OPENAI + "client.chat.completions.create(model='gpt-6-sol', messages=m, max_tokens=9)", "AI206", "9)"),
    (OPENAI + "client.responses.create(model='gpt-6-sol', input='x', max_tokens=9)", "AI206", "9)"),
    (ANTHROPIC + ASK + "thinking={'type': 'disabled'})", "AI207", "'disabled'"),
    (ANTHROPIC + ASK + "thinking={'type': 'enabled', 'budget_tokens': 2048})", "AI207", "2048"),
    (ANTHROPIC + "client.messages.create(model='claude-opus-5-5', max_tokens=64_000, messages=m)", "AI208", "64_000"),
    (
        OPENAI + "client.responses.create(model='gpt-6-sol', input='x', tools=[{'type': 'function', 'name': 'f',\n"
        " 'strict': True, 'parameters': {'type': 'object', 'properties': {'a': {'type': 'string'}}}}])",
        "AI302",
        "{'type': 'object'",
    ),
    (
        ANTHROPIC + ASK + "system=[{'type': 'text', 'text': f'It is {datetime.now()}',\n"
        " 'cache_control': {'type': 'ephemeral'}}])",
        "AI401",
        "f'It is {datetime",
    ),
    (
        OPENAI + "client.responses.create(model='gpt-6-sol', prompt_cache_key='k', instructions=f'{now} Be kind')",
        "AI401",
        "f'{now}",
    ),
]


@pytest.mark.parametrize(("text", "code", "begins"), WRONG, ids=[f"{code}-{i}" for i, (_, code, _) in enumerate(WRONG)])
def test_each_rule_finds_its_fault_at_its_place(text: str, code: str, begins: str) -> None:
    (finding,) = of_python(text)
    assert finding.code == code
    assert text.split("\n")[finding.place.line - 1][finding.place.column - 1 :].startswith(begins)
    assert finding.message
    assert finding.fix
    assert finding.severity == RULES[code].severity


RIGHT = [
    "'''Once this asked openai:gpt-4 for its answers.'''",
    "# model='gpt-4'\nmodel = 'openai:gpt-6-sol'",
    "if model == 'openai:gpt-4' or model in ('openai:o1', 'openai:o3'): raise ValueError('gpt-4')",
    "match model:\n    case 'openai:gpt-4':\n        pass",
    "PRICES = {'openai:gpt-4': 30, 'gpt-4': 30}",
    "MODELS_WITHOUT_TEMPERATURE = ['o1', 'o3-mini', 'gpt-5']",
    "reasoning_models = {'o1', 'o3-mini'}",
    "name.startswith('openai:gpt-4')",
    "assert response.model == 'openai:gpt-4'",
    "answer = {'model': 'gpt-4', 'choices': [], 'usage': {}}",
    "title = 'gpt-4'\ncall(name='gpt-4', text='o1')",
    "train(model='resnet50', engine='cuda')\nModel(model='my-own-model')",
    "car = Car(model='T', engine='o1x')",
    "twilio.messages.create(body='x', from_=a, to=b)",
    "import openai\nopenai.responses.create(model=pick(), temperature=0)",
    "from openai import AzureOpenAI\nclient = AzureOpenAI()\nclient.responses.create(model='gpt-4', input='x')",
    "from openai import OpenAI\nclient = OpenAI(base_url='http://localhost:1234/v1')\n"
    "client.chat.completions.create(model='gpt-4', messages=m, temperature=1)",
    OPENAI + "client.responses.create(model='gpt-7-nova', input='x')",
    OPENAI + "client.chat.completions.create(model='gpt-5.4', messages=m, temperature=0)",
    OPENAI + "client.responses.create(model='gpt-6-sol', input='x', temperature=0)",
    OPENAI + "client.chat.completions.create(model='gpt-5.4', messages=m, temperature=0, reasoning_effort='none')",
    ANTHROPIC + ASK + "tool_choice={'type': 'auto'}, output_config={'effort': 'max'})",
    ANTHROPIC + ASK + "temperature=0, extra_headers={'anthropic-version': '2023-06-01'})",
    ANTHROPIC + ASK + "temperature=None)",
    ANTHROPIC + "client.messages.create(model='claude-opus-5-5', max_tokens=64_000, messages=m, stream=True)",
    "import anthropic\nclient = anthropic.Anthropic(timeout=900)\n"
    "client.messages.create(model='claude-opus-5-5', max_tokens=64_000, messages=m)",
    ANTHROPIC + ASK + "system=[{'type': 'text', 'text': document, 'cache_control': {'type': 'ephemeral'}}])",
    ANTHROPIC + ASK + "system=[{'type': 'text', 'text': manual, 'cache_control': {'type': 'ephemeral'}},\n"
    " {'type': 'text', 'text': f'It is {datetime.now()}'}])",
    ANTHROPIC + ASK + "system=f'It is {datetime.now()}')",
    "from litellm import completion\nimport litellm\nlitellm.drop_params = True\n"
    "completion(model='openai/gpt-6-astra', messages=m, temperature=0)",
    "from aiapp import Client\nClient('ollama:gpt-4')\nClient('local')\nClient('litellm:openrouter/some/model')",
]


@pytest.mark.parametrize("text", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_has_no_finding(text: str) -> None:
    assert of_python(text) == []


def test_a_model_is_told_of_once_where_it_is_named() -> None:
    text = (
        OPENAI + "FAST = 'gpt-4'\nclient.responses.create(model=FAST, input='x')\nclient.responses.create(model=FAST)"
    )
    assert [str(one.place) for one in of_python(text)] == ["app.py:3:8"]


def test_all_that_is_wrong_with_a_call_is_told_at_once() -> None:
    text = ANTHROPIC + (
        "client.messages.create(model='claude-fable-5-1', max_tokens=999_999, temperature=1, top_k=3,\n"
        "  tool_choice={'type': 'tool', 'name': 'f'}, messages=[{'role': 'assistant', 'content': '{'}])"
    )
    assert codes(of_python(text)) == ["AI205", "AI201", "AI201", "AI202", "AI203"]


def test_anthropics_sampling_is_told_by_the_version_that_is_asked_for() -> None:
    """SDKs before 1.0 send an API version that takes it."""
    text = ANTHROPIC + "client.messages.create(model='claude-haiku-4-5', max_tokens=9, messages=m, temperature=0)"
    for versions, found in [
        ("<1", []),
        ("==0.64", []),
        (">=0.40,<0.50", []),
        (">=0.40", ["AI201"]),
        (">=2", ["AI201"]),
    ]:
        asked = Requirement("anthropic", versions, at("pyproject.toml")(1, 1))
        assert codes(of_python(text, Surroundings(requirements=(asked,)))) == found, versions
    assert codes(of_python(text, Surroundings(installed={"anthropic": "0.64.0"}))) == []
    assert codes(of_python(text, Surroundings(installed={"anthropic": "2.11.0"}))) == ["AI201"]


def test_aiapp_drops_what_a_model_rejects_so_that_it_is_a_warning() -> None:
    text = (
        "from aiapp import Client, Settings\n"
        "client = Client('anthropic:claude-opus-5-5', settings=Settings(temperature=0, effort='none'))"
    )
    assert [(one.code, one.severity) for one in of_python(text)] == [("AI201", "warning"), ("AI204", "warning")]


def test_a_cached_request_of_aiapp_with_the_time_in_its_system_turn() -> None:
    text = (
        "from aiapp import Request, Settings, system, user\n"
        "Request((system(f'It is {date.today()}'), user('x')), settings=Settings(cache='short'))\n"
        "Request((system('Be kind'), user(f'It is {date.today()}')), settings=Settings(cache='short'))\n"
        "Request((system(f'It is {date.today()}'), user('x')))"
    )
    assert [str(one.place) for one in of_python(text)] == ["app.py:2:17"]


def test_what_is_made_of_the_clock_is_volatile_too() -> None:
    text = ANTHROPIC + (
        "day = datetime.today().isoformat()\n"
        "head = f'Today: {day}'\n" + ASK + "system=[{'type': 'text', 'text': head, 'cache_control': {}}])"
    )
    (finding,) = of_python(text)
    assert "head = day = datetime.today()" in finding.message or "datetime.today()" in finding.message
    assert finding.code == "AI401"


def test_which_keys_are_needed() -> None:
    text = (
        "from openai import OpenAI\nfrom aiapp import Client\nOpenAI()\nOpenAI(api_key=k)\nClient('groq:x')\n"
        "Client('local')\nClient('ollama:x')\nClient('anthropic:x', api_key=k)\nOpenAI(base_url=u)"
    )
    needed = [one for one in read_python(text, at("a.py")) if isinstance(one, KeyNeeded)]
    assert [(one.variable, one.place.line) for one in needed] == [("GROQ_API_KEY", 5), ("OPENAI_API_KEY", 3)]


def test_what_is_not_python_is_a_note() -> None:
    (finding,) = of_python("model = 'gpt-4'\ndef (")
    assert (finding.code, finding.severity, finding.place.line) == ("AI901", "note", 2)
    assert of_python("def (") == []


def test_settings_that_are_unpacked_or_worked_out() -> None:
    head = "from openai import OpenAI\nNAME = 'astra'\nkw = {'temperature': 0}\n"
    call = "OpenAI().responses.create(model=f'gpt-6-{NAME}', input='x', max_output_tokens=2**18, **kw)\n"
    assert codes(of_python(head + call)) == ["AI201", "AI205"]
    elsewhere = head + call.replace("OpenAI()", "OpenAI(base_url='http://localhost')")
    assert of_python(elsewhere) == []


def test_models_by_their_roles() -> None:
    assert codes(of_python("MODELS = {'fast': 'claude-2.1', 'smart': 'claude-opus-5'}")) == ["AI101"]
    assert of_python("MODELS = {'claude-2.0': 'claude-2.1'}") == []
