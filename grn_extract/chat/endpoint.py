"""A chat model by name, through LangChain: one call out, one reply or one fault back."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from grn_extract.calls import Call, Reply
from grn_extract.chat.faults import Rejected, Where, classify
from grn_extract.chat.prices import Price, find_price
from grn_extract.chat.providers import key_variable_of, provider_problems, server_of, split_name
from prisyn_base import require

CALL_HEADER = "X-PriSyn-Call"
"""Carries a call's key, so that a proxy or a server of one's own can recognise a call it has answered."""

CHARACTERS_PER_TOKEN = 4
"""For servers that do not count tokens themselves."""

Structured = Literal["auto", "json_schema", "text"]


class Endpoint(Protocol):
    """Whatever answers calls."""

    @property
    def name(self) -> str:
        """The model, as calls and evidence name it."""
        ...

    @property
    def price(self) -> Price | None:
        """None where it is not known."""
        ...

    def send(self, call: Call) -> Reply:
        """The answer to one call. Raises TransientFault, Rejected or InputError (see `faults`)."""
        ...


class ChatEndpoint:
    """`provider:model`, asked through `langchain.chat_models.init_chat_model`.

    `base_url` names another server that speaks the provider's API, `key_variable` the environment variable that its
    key is read from (default: the provider's own); `timeout` is in seconds. `structured` says how JSON
    is had: `json_schema` through the provider's structured output, `text` by the prompt alone, `auto` the first until
    the server refuses it. Raises InputError listing everything that is missing: package, key, a proper address.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        key_variable: str | None = None,
        timeout: float = 120.0,
        price: Price | None = None,
        structured: Structured = "auto",
    ) -> None:
        provider_problems(name, base_url, key_variable).raise_if_any()
        self.name = name
        self.price = price or find_price(name, base_url)
        self._provider, self._model = split_name(name)
        self._where = Where(name, server_of(self._provider, base_url), timeout, key_variable or "")
        self._structured = structured
        self._with_schema = structured != "text"
        self._with_temperature = True
        self._models: dict[tuple[float, int], Any] = {}
        self._lock = threading.Lock()

    def send(self, call: Call) -> Reply:
        """The answer to one call, with its cost. Raises TransientFault, Rejected or InputError."""
        while True:
            schema, temperature = self._with_schema, self._with_temperature
            try:
                return self._send(call, schema=schema, temperature=temperature)
            except Rejected as fault:
                if fault.final or not self._concede(str(fault), schema=schema, temperature=temperature):
                    raise

    def _concede(self, said: str, *, schema: bool, temperature: bool) -> bool:
        """Whether the call is worth sending again without what the server complains of; every later one goes so too."""
        words = said.lower()
        if temperature and "temperature" in words:
            self._with_temperature = False
        elif schema and self._structured == "auto" and any(word in words for word in _SCHEMA_WORDS):
            self._with_schema = False
        else:
            return False
        return True

    def _send(self, call: Call, *, schema: bool, temperature: bool) -> Reply:
        settings = json.loads(call.settings)
        started = time.monotonic()
        try:
            model = self._opened(settings["temperature"] if temperature else math.nan, settings["max_tokens"])
            message = self._invoke(model, call, schema)
            text, finish = _text(message), _finish(message.response_metadata)
            usage: Mapping[str, int] = message.usage_metadata or {}
        except IndexError:
            # A whole answer that holds no choice: paid for, and as empty as it is.
            text, finish, usage = "", "stop", {}
        except Exception as error:
            cut = getattr(error, "completion", None)
            if cut is None:
                raise classify(error, self._where) from None
            text, finish = cut.choices[0].message.content or "", "length"
            usage = {"input_tokens": cut.usage.prompt_tokens, "output_tokens": cut.usage.completion_tokens}
        return self._reply(call, text, finish, usage, time.monotonic() - started)

    def _reply(self, call: Call, text: str, finish: str, usage: Mapping[str, int], seconds: float) -> Reply:
        asked = sum(len(content) for _, content in call.messages)
        tokens_in = usage.get("input_tokens") or asked // CHARACTERS_PER_TOKEN
        tokens_out = usage.get("output_tokens") or len(text) // CHARACTERS_PER_TOKEN
        return Reply(
            text=text,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=self.price.cost(tokens_in, tokens_out) if self.price else 0.0,
            seconds=round(seconds, 4),
            finish=finish,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _invoke(self, model: Any, call: Call, with_schema: bool) -> Any:
        extra: dict[str, Any] = {}
        if self._provider in _TAKE_HEADERS:
            extra["extra_headers"] = {CALL_HEADER: call.key}
        messages = [(role, content) for role, content in call.messages]
        if not with_schema:
            return model.invoke(messages, **extra)
        try:
            structured = model.with_structured_output(
                json.loads(call.schema), method="json_schema", include_raw=True, **extra
            )
        except (NotImplementedError, ValueError, TypeError):
            # This provider's package has no such method: the prompt asks for JSON as well.
            self._with_schema = False
            return model.invoke(messages, **extra)
        return structured.invoke(messages)["raw"]

    def _opened(self, temperature: float, max_tokens: int) -> Any:
        key = (temperature if temperature == temperature else -1.0, max_tokens)
        with self._lock:
            if key not in self._models:
                models = require("langchain.chat_models", extra="llm")
                warmth = temperature if temperature == temperature else None
                options = _options(self._provider, self._model, self._where, max_tokens, warmth)
                self._models[key] = models.init_chat_model(self._model, model_provider=self._provider, **options)
            return self._models[key]


_TAKE_HEADERS = frozenset({"openai", "anthropic"})
_SCHEMA_WORDS = ("response_format", "json_schema", "output_format", "output_config", "schema", "grammar", "structured")
_NO_KEY = "none"


def _options(provider: str, model: str, where: Where, max_tokens: int, warmth: float | None) -> dict[str, Any]:
    """What each provider's package calls a time limit, a most of tokens, a server and a temperature (None: its own);
    retrying is our own."""
    server: dict[str, Any] = {"base_url": where.server} if where.server else {}
    temperature = {} if warmth is None else {"temperature": warmth}
    if provider == "ollama":
        return {**server, **temperature, "client_kwargs": {"timeout": where.timeout}, "num_predict": max_tokens}
    if provider == "huggingface":
        if Path(model).is_dir():
            return {"backend": "pipeline", "pipeline_kwargs": _generation(max_tokens, warmth)}
        limits = {"max_new_tokens": max_tokens, "timeout": int(where.timeout)}
        return {"backend": "endpoint", **limits, **server, **temperature}
    options: dict[str, Any] = {
        **server,
        **temperature,
        "timeout": where.timeout,
        "max_retries": 0,
        "max_tokens": max_tokens,
    }
    if provider == "openai":
        # The older API is the one that every compatible server speaks.
        options["use_responses_api"] = False
        options["api_key"] = os.environ.get(key_variable_of(provider, where.variable), "").strip() or _NO_KEY
    return options


def _generation(max_tokens: int, warmth: float | None) -> dict[str, Any]:
    """What transformers is told: to give the answer without the question; a temperature of nought is an error there."""
    said = {"max_new_tokens": max_tokens, "return_full_text": False}
    return {**said, "do_sample": False} if not warmth else {**said, "do_sample": True, "temperature": warmth}


def _text(message: Any) -> str:
    if calls := getattr(message, "tool_calls", None):
        return json.dumps(calls[0]["args"])
    content = message.content
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content if isinstance(block, dict))


def _finish(metadata: Mapping[str, Any]) -> str:
    reasons = {metadata.get(name) for name in ("finish_reason", "stop_reason", "done_reason")}
    return "length" if reasons & {"length", "max_tokens", "MAX_TOKENS"} else "stop"
