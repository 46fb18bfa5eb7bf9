"""Evidence becomes the graph: gene names, beliefs, stores, queries and exchange formats."""

from kg._find import genes_alike
from kg._lookup import demo_table, is_retracted
from kg._record import from_record, to_record
from kg.belief import edge_beliefs, edge_effect
from kg.context import Context
from kg.curation import Curation, Decision, ErrorKind, Judgement, Standing, Verdict, edge_curation, judgements
from kg.formats import Format, ImportResult, Loss, Refused, export, formats, read
from kg.grn import GRN, Cut, GrnStats, Restriction
from kg.mentions import Mention, find_mentions
from kg.model import Beliefs, Edge, Effect, Evidence, Gene, GeneKind, Provenance, SourceKind
from kg.names import (
    Candidate,
    Resolution,
    Resolver,
    explain,
    gene_by_entrez,
    is_tf,
    members,
    resolve,
    resolver,
    suggest,
)
from kg.reliability import Reliability, reliability, write_reliability
from kg.store import GraphStore, graph_file, open_store, store_problems

__all__ = [
    "GRN",
    "Beliefs",
    "Candidate",
    "Context",
    "Curation",
    "Cut",
    "Decision",
    "Edge",
    "Effect",
    "ErrorKind",
    "Evidence",
    "Format",
    "Gene",
    "GeneKind",
    "GraphStore",
    "GrnStats",
    "ImportResult",
    "Judgement",
    "Loss",
    "Mention",
    "Provenance",
    "Refused",
    "Reliability",
    "Resolution",
    "Resolver",
    "Restriction",
    "SourceKind",
    "Standing",
    "Verdict",
    "demo_table",
    "edge_beliefs",
    "edge_curation",
    "edge_effect",
    "explain",
    "export",
    "find_mentions",
    "formats",
    "from_record",
    "gene_by_entrez",
    "genes_alike",
    "graph_file",
    "is_retracted",
    "is_tf",
    "judgements",
    "members",
    "open_store",
    "read",
    "reliability",
    "resolve",
    "resolver",
    "store_problems",
    "suggest",
    "to_record",
    "write_reliability",
]
