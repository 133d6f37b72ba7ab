"""Files of settings and prompt files: models at the keys that hold them, their places, and records that are none."""

from __future__ import annotations

import pytest

from aiapp.doctor.reading.config import read_config, read_front_matter, variable_names
from aiapp.doctor.sightings import ModelSeen
from tests.doctor.seeing import codes, of

YAML = """\
# model: gpt-4
chat:
  model: gpt-6-sol
  temperature: 0.2
summary:
  model: "gpt-4"
  settings: {temperature: 0.2}
thinker:
  model: openai:gpt-6-astra
  params:
    temperature: 0.2
services:
  app:
    environment: [LOG=1, CHAT_MODEL=gpt-4-32k]
"""


def test_yaml_with_the_settings_beside_each_model() -> None:
    findings = of(read_config(YAML, "c.yaml", "yaml"))
    assert [(str(one.place), one.code, one.severity) for one in findings] == [
        ("c.yaml:6:11", "AI101", "error"),
        ("c.yaml:11:18", "AI201", "warning"),
        ("c.yaml:14:37", "AI101", "error"),
    ]


@pytest.mark.parametrize(
    ("kind", "text", "where"),
    [
        ("toml", '[llm]\n# model = "gpt-4"\nmodel = "gpt-4"\n', "c:3:10"),
        ("json", '{"a": 1,\n "default_model": "gpt-4"}', "c:2:20"),
        ("json", '{"models": ["gpt-6-sol",\n  "openai:gpt-4"]}', "c:2:4"),
        ("env", "# MODEL=gpt-4\nexport OPENAI_MODEL='gpt-4'\n", "c:2:21"),
        ("yaml", "fallbacks:\n  - gpt-6-sol\n  - gpt-4\n", "c:3:5"),
        ("yaml", "a: {model: gpt-6-sol}\nb: {model: gpt-4}\n---\nc: 1\n", "c:2:12"),
        ("yaml", "a: !secret x\nmodel: gpt-4\n", "c:2:8"),
    ],
)
def test_each_format_tells_the_place(kind: str, text: str, where: str) -> None:
    (finding,) = of(read_config(text, "c", kind))
    assert (finding.code, str(finding.place)) == ("AI101", where)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("json", '{"model": "gpt-4", "choices": [], "usage": {}}'),
        ("json", '{"model": "gpt-4", "input_cost_per_token": 1}'),
        ("yaml", "name: gpt-4\ntitle: gpt-4\n"),
        ("yaml", "model_list:\n  - model_name: gpt-4\n    litellm_params: {model: azure/mine}\n"),
        ("yaml", "model: resnet50\nengine: v8\n"),
        ("yaml", "\n".join(f"- {{model: gpt-4, passed: {n}}}" for n in range(40))),
        ("toml", 'description = "model gpt-4"\n'),
        ("env", "MODEL_PATH=/models/gpt-4\nTITLE=gpt-4\n"),
    ],
)
def test_what_is_a_record_or_no_model_has_no_finding(kind: str, text: str) -> None:
    assert of(read_config(text, "c", kind)) == []


def test_a_prompt_files_front_matter_with_its_lines() -> None:
    text = (
        "# a comment\n---\nmodel: gpt-5\nmodels: [openai:gpt-6-sol, openai:gpt-4]\nconfig:\n  temperature: 0.1\n---\nHi"
    )
    findings = of(read_front_matter(text, "p.prompt"))
    assert [(str(one.place), one.code) for one in findings] == [
        ("p.prompt:3:8", "AI102"),
        ("p.prompt:4:28", "AI101"),
        ("p.prompt:6:16", "AI201"),
    ]
    assert of(read_front_matter("model: gpt-4, in a text without front matter", "p.prompt")) == []


def test_what_cannot_be_read_is_a_note_with_its_reason() -> None:
    for kind, text in {"toml": "model = ", "json": '{"model": 1,}', "yaml": "model: [1"}.items():
        (finding,) = of(read_config(text, "c", kind))
        assert (finding.code, finding.severity) == ("AI901", "note")
        assert finding.message.startswith(f"not {kind.upper()}: ")
    assert codes(of(read_front_matter("---\nmodel: [\n---\n", "p.prompt"))) == ["AI901"]


def test_a_name_with_a_provider_in_a_file_is_told_when_it_is_misspelt() -> None:
    assert codes(of(read_config("model: openai:gpt-6-lnua\n", "c", "yaml"))) == ["AI103"]
    assert codes(of(read_config("model: gpt-6-lnua\n", "c", "yaml"))) == []


def test_the_variables_that_an_env_file_sets() -> None:
    assert list(variable_names("A=1\nexport B='x'\n# C=3\nD=\nE=''\n")) == ["A", "B"]


def test_the_same_value_twice_has_two_places() -> None:
    seen = list(read_config("a: {model: gpt-4}\nb: {model: gpt-4}\n", "c", "yaml"))
    assert [one.place.line for one in seen if isinstance(one, ModelSeen)] == [1, 2]
