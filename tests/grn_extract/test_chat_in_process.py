"""The chat reader on a model in its own process: transformers through LangChain, the embedded model's weights."""

from __future__ import annotations

import pytest

from grn_extract import Document, open_reader
from grn_extract.calls import MemoryLog
from grn_extract.chat.endpoint import _generation
from grn_extract.models import embedded_model_dir
from prisyn_base import InputError, MissingExtraError


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_a_model_in_this_process_answers_and_is_not_quoted_its_question(temperature: float) -> None:
    pytest.importorskip("langchain_huggingface", reason="pip install 'langchain-huggingface>=1.0'")
    try:
        model = embedded_model_dir()
    except (InputError, MissingExtraError) as error:
        pytest.skip(str(error))
    log = MemoryLog()
    reader = open_reader(f"huggingface:{model}", log=log, max_tokens=40, temperature=temperature, verify=False)
    list(reader.read([Document(id="d", title="", text="GATA1 activates HBB in erythroid cells.", source="t")]))
    replies = [reply.text for _, reply, _ in log.entries()]
    assert replies
    assert all(text.strip() and "<|im_start|>" not in text for text in replies)


def test_transformers_is_given_no_temperature_of_nought() -> None:
    assert "temperature" not in _generation(16, 0.0)
    assert "temperature" not in _generation(16, None)
    assert _generation(16, 0.7)["temperature"] == 0.7
    assert not _generation(16, 0.7)["return_full_text"]
