"""Text, tables and models become evidence of gene regulation. Importing this loads no language model."""

from grn_extract.candidates import Candidate, Passage, find_candidates, find_passages
from grn_extract.cues import Cues, find_cues
from grn_extract.databases import DatabaseResult, RefusedRow, database_names, download_database, read_database
from grn_extract.databases.table import ColumnMap
from grn_extract.document import Document, GivenMention
from grn_extract.evaluate import Counts, Evaluation, compare, evaluate
from grn_extract.example import example_corpus, example_gold
from grn_extract.gold import GoldDocument, GoldEdge, gold_formats, guess_format, read_gold, without_entities
from grn_extract.mentions import document_species, gene_mentions
from grn_extract.mistakes import Mistake, find_mistakes, write_mistakes
from grn_extract.models import ModelInfo, available_models, embedded_model_dir, fetch_embedded
from grn_extract.prompting import Prompt, load_prompt, prompt_names
from grn_extract.reader import Reader
from grn_extract.readers import CooccurrenceReader, EmbeddedReader, open_reader, reader_names
from grn_extract.screen import could_state_regulation, regulation_cues
from grn_extract.sentences import Sentence, split_sentences
from grn_extract.sources import read_all, read_documents, source_suffixes, stream_all
from grn_extract.verify import Checked, Note, Quarantined, check_statements

__all__ = [
    "Candidate",
    "Checked",
    "ColumnMap",
    "CooccurrenceReader",
    "Counts",
    "Cues",
    "DatabaseResult",
    "Document",
    "EmbeddedReader",
    "Evaluation",
    "GivenMention",
    "GoldDocument",
    "GoldEdge",
    "Mistake",
    "ModelInfo",
    "Note",
    "Passage",
    "Prompt",
    "Quarantined",
    "Reader",
    "RefusedRow",
    "Sentence",
    "available_models",
    "check_statements",
    "compare",
    "could_state_regulation",
    "database_names",
    "document_species",
    "download_database",
    "embedded_model_dir",
    "evaluate",
    "example_corpus",
    "example_gold",
    "fetch_embedded",
    "find_candidates",
    "find_cues",
    "find_mistakes",
    "find_passages",
    "gene_mentions",
    "gold_formats",
    "guess_format",
    "load_prompt",
    "open_reader",
    "prompt_names",
    "read_all",
    "read_database",
    "read_documents",
    "read_gold",
    "reader_names",
    "regulation_cues",
    "source_suffixes",
    "split_sentences",
    "stream_all",
    "without_entities",
    "write_mistakes",
]
