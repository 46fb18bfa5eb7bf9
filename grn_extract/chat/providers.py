"""Whose models can be asked: the package that speaks to each, and the variable its key is read from."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from grn_extract.chat.redaction import names_a_secret, redact
from prisyn_base import Problem, Problems


@dataclass(frozen=True, slots=True)
class Provider:
    """`package` is what pip installs, `variable` where the key is read from (empty: it needs none)."""

    package: str
    variable: str
    address: str = ""
    """The environment variable that names another server, where the provider's package reads one."""

    @property
    def module(self) -> str:
        return self.package.partition(">")[0].replace("-", "_")


PROVIDERS: Mapping[str, Provider] = {
    "anthropic": Provider("langchain-anthropic>=1.0", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    "cohere": Provider("langchain-cohere>=0.5", "COHERE_API_KEY"),
    "deepseek": Provider("langchain-deepseek>=1.0", "DEEPSEEK_API_KEY"),
    "fireworks": Provider("langchain-fireworks>=1.0", "FIREWORKS_API_KEY"),
    "google_genai": Provider("langchain-google-genai>=3.0", "GOOGLE_API_KEY"),
    "groq": Provider("langchain-groq>=1.0", "GROQ_API_KEY"),
    "huggingface": Provider("langchain-huggingface>=1.0", "HF_TOKEN"),
    "mistralai": Provider("langchain-mistralai>=1.0", "MISTRAL_API_KEY"),
    "ollama": Provider("langchain-ollama>=1.0", "", "OLLAMA_HOST"),
    "openai": Provider("langchain-openai>=1.0", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    "together": Provider("langchain-together>=0.3", "TOGETHER_API_KEY"),
    "xai": Provider("langchain-xai>=1.0", "XAI_API_KEY"),
}
"""By the prefix of a reader's name. Only `langchain-openai` comes with `prisyn[llm]`."""


def split_name(name: str) -> tuple[str, str]:
    """Provider and model of `openai:gpt-4o`; a model's own name may hold colons (`ollama:llama3:8b`)."""
    provider, _, model = name.partition(":")
    return provider, model


def server_of(provider: str, base_url: str | None) -> str | None:
    """The server that was asked for by option, else by the provider's environment variable, else None."""
    variable = PROVIDERS[provider].address
    return base_url or (os.environ.get(variable) if variable else None) or None


def key_variable_of(provider: str, given: str | None) -> str:
    """The environment variable that a key is read from: the one that was given, else the provider's own."""
    return given or PROVIDERS[provider].variable


def provider_problems(name: str, base_url: str | None = None, key_variable: str | None = None) -> Problems:
    """Everything that stands between `provider:model` and a first call, without importing or asking anything."""
    problems = Problems()
    provider, model = split_name(name)
    known = PROVIDERS.get(provider)
    if known is None:
        expected = "one of " + ", ".join(f"{prefix}:MODEL" for prefix in sorted(PROVIDERS))
        problems.add(
            "reader", repr(name), expected, "any server that speaks OpenAI's API is openai:MODEL and a base URL"
        )
        return problems
    if not model.strip():
        problems.add("reader", repr(name), f"{provider}:MODEL", "name the model behind the colon")
    server = server_of(provider, base_url)
    if base_url and not _is_address(base_url):
        problems.add(
            "base URL", repr(redact(base_url)), "http://HOST[:PORT]/v1 or https://...", "write the whole address"
        )
    problems.extend(_package_problems(provider, known))
    if key_variable is None:
        problems.extend(_key_problems(name, known.variable, server))
    else:
        problems.extend(_own_key_problems(name, key_variable))
    return problems


def _package_problems(provider: str, known: Provider) -> list[Problem]:
    if importlib.util.find_spec("langchain") is None or (
        provider == "openai" and importlib.util.find_spec("langchain_openai") is None
    ):
        return [Problem("reader", "langchain is not installed", "prisyn[llm]", "run: pip install 'prisyn[llm]'")]
    if importlib.util.find_spec(known.module) is None:
        found = f"{known.module} is not installed"
        return [Problem("reader", found, f"what speaks to {provider}", f"run: pip install '{known.package}'")]
    return []


def _key_problems(name: str, variable: str, server: str | None) -> list[Problem]:
    # A server of one's own may need no key; a folder of weights never does.
    local = server is not None or os.path.isdir(split_name(name)[1])
    if not variable or local or os.environ.get(variable, "").strip():
        return []
    mend = f"run, in the shell that starts prisyn: export {variable}=...  (read from there, never stored)"
    return [Problem(f"environment: {variable}", "not set", f"the key for {name}", mend)]


def _own_key_problems(name: str, variable: str) -> list[Problem]:
    """Of a variable that a person named. It must be called as keys are, so that its value is hidden wherever it is."""
    problems = []
    if split_name(name)[0] != "openai":
        found = f"{variable}, for {name}"
        expected = "a server that speaks OpenAI's API: openai:MODEL"
        problems.append(Problem("key variable", found, expected, "leave it out: each provider has its own variable"))
    if not names_a_secret(variable):
        expected = "the name of an environment variable, ending in KEY, TOKEN, SECRET or PASSWORD"
        # Whoever writes the key itself here must not find it on the screen.
        mend = "name the variable, not the key itself; one called so is kept out of every message"
        problems.append(Problem("key variable", "a name that says nothing of the kind", expected, mend))
        return problems
    return problems + _key_problems(name, variable, None)


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
